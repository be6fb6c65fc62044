/* SPDX-License-Identifier: MIT */
/* Builds that keep their plans against builds that make them anew. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "tests/unit/build/random_project.h"

static void assert_same(const struct build_result *a, const struct build_result *b,
                        const char *what)
{
    if (a->step_count != b->step_count || !digest_equal(&a->image_id, &b->image_id) ||
        !digest_equal(&a->chain, &b->chain) || a->virtual_ms != b->virtual_ms)
        fail_msg("%s: another image", what);
    for (unsigned i = 0; i < a->step_count; i++) {
        const struct build_step *x = &a->steps[i], *y = &b->steps[i];
        if (x->status != y->status || !digest_equal(&x->key, &y->key) ||
            x->line != y->line || strcmp(x->instruction, y->instruction) != 0 ||
            (x->miss != NULL) != (y->miss != NULL) ||
            (x->miss != NULL && strcmp(x->miss->text, y->miss->text) != 0))
            fail_msg("%s: step %u differs: %s", what, i + 1, x->instruction);
    }
}

/* One sequence of edits in two labs; the Dockerfile goes back to what it was at times,
 * and arguments change under one text. */
static void compare_sequence(enum semantics semantics, unsigned seed)
{
    enum { LABS = 2, EDITS = 8 };
    struct lab labs[LABS];
    struct project projects[LABS];
    for (int i = 0; i < LABS; i++) {
        lab_open(&labs[i], semantics);
        project_make(&projects[i], &labs[i], seed);
    }
    labs[1].plans = build_memo_new();
    AUTO_FREE char *first = project_dockerfile(&projects[0]);
    for (unsigned n = 0; n < EDITS; n++) {
        struct build_result results[LABS];
        int codes[LABS];
        AUTO_FREE char *text =
            n % 4 == 3 ? xstrdup(first) : project_dockerfile(&projects[0]);
        for (int i = 0; i < LABS; i++) {
            struct err err = ERR_INIT;
            strv_clear(&labs[i].args);
            if (n % 3 == 2)
                strv_add(&labs[i].args, "A=other");
            codes[i] = lab_build(&labs[i], text, &results[i], &err);
        }
        assert_int_equal(codes[0], codes[1]);
        AUTO_FREE char *what = xasprintf("seed %u, build %u", seed, n);
        assert_same(&results[0], &results[1], what);
        for (int i = 0; i < LABS; i++) {
            struct project_edit e;
            const char *env = labs[i].base_env;
            build_result_free(&results[i]);
            project_edit(&projects[i], &labs[i], &e);
            if (labs[i].base_env != env && labs[i].plans != NULL)
                lab_forget_plans(&labs[i]);
            free(e.what);
            strv_free(&e.allowed);
        }
    }
    for (int i = 0; i < LABS; i++) {
        project_free(&projects[i]);
        lab_close(&labs[i]);
    }
}

static void memo__over_random_edits__gives_what_planning_anew_gives(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 60; seed++) {
        compare_sequence(SEMANTICS_BUILDKIT, seed);
        compare_sequence(SEMANTICS_CLASSIC, seed);
    }
}

static void build(struct lab *lab, const char *text, struct build_result *out)
{
    struct err err = ERR_INIT;
    if (lab_build(lab, text, out, &err) != 0)
        fail_msg("%s", err.msg);
}

/* Everything but the text that a plan depends on is asked for as well. */
static void memo__same_text_other_options__is_planned_anew(void **state)
{
    (void)state;
    static const char text[] =
        "ARG V=1\nFROM busybox AS a\nARG V\nRUN echo $V >/v\nFROM a\nRUN : >/w\n";
    struct lab lab;
    struct build_result r;
    lab_open(&lab, SEMANTICS_BUILDKIT);
    lab.plans = build_memo_new();
    build(&lab, text, &r);
    assert_int_equal(r.step_count, 5);
    build_result_free(&r);
    lab.target = "a";
    build(&lab, text, &r);
    assert_int_equal(r.step_count, 3);
    build_result_free(&r);
    strv_add(&lab.args, "V=2");
    build(&lab, text, &r);
    assert_int_equal(r.steps[r.step_count - 1].status, STEP_RAN);
    build_result_free(&r);
    lab.semantics = SEMANTICS_CLASSIC;
    build(&lab, text, &r);
    assert_int_equal(r.steps[r.step_count - 1].status, STEP_RAN);
    build_result_free(&r);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memo__over_random_edits__gives_what_planning_anew_gives),
        cmocka_unit_test(memo__same_text_other_options__is_planned_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
