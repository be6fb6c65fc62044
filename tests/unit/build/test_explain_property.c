/* SPDX-License-Identifier: MIT */
/* A thousand random single edits: what is named as the cause is the edit that was made,
 * and nothing is named where nothing ran. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "tests/unit/build/random_project.h"

static bool text_matches(const char *pattern, size_t len, const char *text)
{
    if (text == NULL)
        text = "";
    return (len == 1 && pattern[0] == '*') ||
           (strlen(text) == len && strncmp(pattern, text, len) == 0);
}

/* "kind what name|from|to" */
static bool is_allowed_by(const char *pattern, const struct miss_change *c)
{
    AUTO_FREE char *head = xasprintf("%s %s ", c->kind, c->what);
    if (strncmp(pattern, head, strlen(head)) != 0)
        return false;
    const char *name = pattern + strlen(head), *from = strchr(name, '|') + 1,
               *to = strchr(from, '|') + 1;
    return text_matches(name, (size_t)(from - 1 - name), c->name) &&
           text_matches(from, (size_t)(to - 1 - from), c->from) &&
           text_matches(to, strlen(to), c->to);
}

static bool is_allowed(const struct project_edit *e, const struct miss_change *c)
{
    for (size_t i = 0; i < e->allowed.len; i++)
        if (is_allowed_by(e->allowed.items[i], c))
            return true;
    return false;
}

/* The words name what changed. */
static bool says(const struct miss *m, const struct miss_change *c)
{
    const char *thing = c->name != NULL ? c->name : c->to != NULL ? c->to : c->from;
    if (c->words == NULL || m->text == NULL || m->text[0] == '\0')
        return false;
    return strcmp(c->kind, "instruction") == 0 || strcmp(c->kind, "base") == 0 ||
           strstr(c->words, thing) != NULL;
}

/* What is wrong with what is said of a step that ran; NULL: nothing. */
static char *fault(const struct build_result *r, unsigned at,
                   const struct project_edit *e)
{
    const struct miss *m = r->steps[at].miss;
    if (m == NULL)
        return xstrdup("no cause");
    if (m->root == 0 || m->root > r->step_count)
        return xstrdup("root out of range");
    if (m->reason == MISS_PARENT && m->change_count == 0) {
        if (m->root - 1 >= at)
            return xstrdup("follows from a later step");
        m = r->steps[m->root - 1].miss;
        if (m == NULL || m->reason == MISS_PARENT)
            return xstrdup("follows from a step that names nothing");
    } else if (m->reason != MISS_PARENT && m->root != at + 1) {
        return xstrdup("a root that is not its own");
    }
    if (m->change_count == 0)
        return xasprintf("no change, but %s", miss_reason_name(m->reason));
    for (size_t i = 0; i < m->change_count; i++) {
        const struct miss_change *c = &m->changes[i];
        if (!is_allowed(e, c))
            return xasprintf("%s %s %s|%s|%s", c->kind, c->what, c->name ? c->name : "",
                             c->from ? c->from : "", c->to ? c->to : "");
        if (!says(m, c))
            return xasprintf("words: %s", c->words ? c->words : "(none)");
    }
    return NULL;
}

static unsigned check(const struct build_result *r, const struct project *p,
                      const struct project_edit *e, unsigned seed, unsigned *ran)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < r->step_count; i++) {
        const struct build_step *s = &r->steps[i];
        if (s->status != STEP_RAN && s->miss != NULL)
            wrong++;
        if (s->status != STEP_RAN)
            continue;
        (*ran)++;
        char *what = e->nothing_runs ? xstrdup("it ran") : fault(r, i, e);
        if (what == NULL)
            continue;
        if (wrong++ == 0) {
            AUTO_FREE char *text = project_dockerfile(p);
            print_error("seed %u, edit: %s\nstep %u %s\n  %s\n  text: %s\n%s\n", seed,
                        e->what, i + 1, s->instruction, what,
                        s->miss != NULL ? s->miss->text : "-", text);
        }
        free(what);
    }
    return wrong;
}

static bool one_case(enum semantics semantics, unsigned seed, unsigned *ran)
{
    struct lab lab;
    struct project p;
    struct project_edit e;
    struct build_result first, second;
    struct err err = ERR_INIT;
    lab_open(&lab, semantics);
    project_make(&p, &lab, seed);
    AUTO_FREE char *before = project_dockerfile(&p);
    if (lab_build(&lab, before, &first, &err) != 0)
        fail_msg("seed %u: %s\n%s", seed, err.msg, before);
    project_edit(&p, &lab, &e);
    AUTO_FREE char *after = project_dockerfile(&p);
    if (lab_build(&lab, after, &second, &err) != 0)
        fail_msg("seed %u, %s: %s\n%s", seed, e.what, err.msg, after);
    unsigned wrong = check(&second, &p, &e, seed, ran);
    build_result_free(&first);
    build_result_free(&second);
    free(e.what);
    strv_free(&e.allowed);
    project_free(&p);
    lab_close(&lab);
    return wrong == 0;
}

static void all_cases(enum semantics semantics)
{
    enum { CASES = 1000 };
    unsigned wrong = 0, ran = 0;
    for (unsigned seed = 1; seed <= CASES && wrong < 5; seed++)
        wrong += !one_case(semantics, seed, &ran);
    assert_int_equal(wrong, 0);
    assert_true(ran > CASES); /* it is no test if nothing runs */
}

static void cause__of_a_random_edit__is_the_edit_buildkit(void **state)
{
    (void)state;
    all_cases(SEMANTICS_BUILDKIT);
}

static void cause__of_a_random_edit__is_the_edit_classic(void **state)
{
    (void)state;
    all_cases(SEMANTICS_CLASSIC);
}

static void cause__of_a_random_edit__is_the_edit_buildah(void **state)
{
    (void)state;
    all_cases(SEMANTICS_BUILDAH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cause__of_a_random_edit__is_the_edit_buildkit),
        cmocka_unit_test(cause__of_a_random_edit__is_the_edit_classic),
        cmocka_unit_test(cause__of_a_random_edit__is_the_edit_buildah),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
