/* SPDX-License-Identifier: MIT */
/* Why a step ran: one edit a row, and the cause that must be named for each step. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "tests/unit/build/lab.h"

struct row {
    const char *name, *before;
    const char *edit; /* one word and its operands, as in edit() */
    const char *after;
    unsigned step;     /* index of the step looked at */
    const char *cause; /* "reason root kind what name" of its first change */
    unsigned changes;
};

#define F "FROM busybox\n"
#define TWO F "COPY a.txt /a\nRUN cat /a\n"

static const struct row rows[] = {
    {"content", TWO, "write a.txt AA", NULL, 2, "input 2 file content a.txt", 1},
    {"the step after", TWO, "write a.txt AA", NULL, 3, "parent 2", 0},
    {"mode", TWO, "chmod a.txt 755", NULL, 2, "input 2 file mode a.txt", 1},
    {"added", F "COPY d /d\n", "write d/new n", NULL, 2, "input 2 file added d/new", 1},
    {"removed", F "COPY d /d\n", "remove d/x", NULL, 2, "input 2 file removed d/x", 1},
    {"renamed", F "COPY d /d\n", "rename d/x d/zz", NULL, 2, "input 2 file removed d/x",
     2},
    {"target", F "COPY d /d\n", "symlink d/k y", NULL, 2, "input 2 file target d/k", 1},
    {"type", F "COPY d /d\n", "folder d/x", NULL, 2, "input 2 file type d/x", 1},
    {"text", TWO, "", F "COPY a.txt /a\nRUN cat /a # 2\n", 3,
     "instruction 3 instruction text", 1},
    {"flag", F "COPY a.txt /a\n", "", F "COPY --chmod=600 a.txt /a\n", 2,
     "instruction 2 instruction flag", 1},
    {"flag value", F "COPY --chown=1 a.txt /a\n", "", F "COPY --chown=2 a.txt /a\n", 2,
     "instruction 2 instruction flag", 1},
    {"inserted", TWO, "", F "RUN true\nCOPY a.txt /a\nRUN cat /a\n", 2,
     "instruction 2 instruction added", 1},
    {"after an insertion", TWO, "", F "RUN true\nCOPY a.txt /a\nRUN cat /a\n", 3,
     "parent 2", 0},
    {"deleted", F "RUN echo 1\nRUN echo 2\nRUN echo 3\n", "",
     F "RUN echo 1\nRUN echo 3\n", 3, "instruction 3 instruction removed", 1},
    {"moved", F "COPY a.txt /a\nCOPY b.txt /b\nRUN true\n", "",
     F "COPY b.txt /b\nCOPY a.txt /a\nRUN true\n", 2, "instruction 2 instruction moved",
     1},
    {"ENV", F "ENV V=1\nRUN true\n", "", F "ENV V=2\nRUN true\n", 3,
     "environment 3 env value V", 1},
    {"ENV added", F "RUN true\n", "", F "ENV V=2\nRUN true\n", 3,
     "environment 3 env added V", 1},
    {"ENV removed", F "ENV V=2\nRUN true\n", "", F "RUN true\n", 2,
     "environment 2 env removed V", 1},
    {"ENV order", F "ENV V=1 W=2\nRUN true\n", "", F "ENV W=2 V=1\nRUN true\n", 3,
     "environment 3 env order W", 1},
    {"ARG default", F "ARG V=1\nRUN true\n", "", F "ARG V=2\nRUN true\n", 3,
     "environment 3 arg value V", 1},
    {"build-arg", F "ARG V\nRUN true\n", "arg V=7", NULL, 3,
     "environment 3 arg added V", 1},
    {"build-arg in a COPY", F "ARG D=/x\nCOPY a.txt $D\n", "arg D=/y", NULL, 3,
     "environment 3 arg value D", 1},
    {"USER", F "USER 1\nRUN true\n", "", F "USER 2\nRUN true\n", 3,
     "environment 3 user value", 1},
    {"SHELL", F "RUN true\n", "", F "SHELL [\"/bin/sh\",\"-ec\"]\nRUN true\n", 3,
     "environment 3 shell value", 1},
    {"WORKDIR", F "WORKDIR /w\nRUN true\n", "", F "WORKDIR /x\nRUN true\n", 2,
     "instruction 2 instruction text", 1},
    {"below WORKDIR", F "WORKDIR /w\nRUN true\n", "", F "WORKDIR /x\nRUN true\n", 3,
     "parent 2", 0},
    {"no-cache", TWO, "no-cache", NULL, 2, "no-cache 2", 0},
    {"another stage",
     "FROM busybox AS s\nCOPY a.txt /in\nRUN cat /in > /o\n" F "COPY --from=s /o /o\n",
     "write a.txt AA", NULL, 5, "parent 2", 0},
    {"base", F "RUN true\n", "base", NULL, 1, "base 1 base value", 1},
    {"on a moved base", F "RUN true\n", "base", NULL, 2, "parent 1", 0},
    {"ignore rule", F "COPY d /d\n", "write .dockerignore d/x", NULL, 2,
     "input 2 file removed d/x", 1},
};

static const char *const files[] = {"a.txt=a", "b.txt=b", "d/x=x",
                                    "d/y=y",   "d/k@x",   NULL};

static void edit(struct lab *lab, const char *text)
{
    AUTO_FREE char *words = xstrdup(text);
    char *verb = strtok(words, " "), *path = strtok(NULL, " "),
         *rest = strtok(NULL, "");
    if (verb == NULL)
        return;
    if (strcmp(verb, "write") == 0)
        workspace_write(lab->ws, path, rest, strlen(rest), NULL);
    else if (strcmp(verb, "chmod") == 0)
        workspace_chmod(lab->ws, path, (uint32_t)strtoul(rest, NULL, 8), NULL);
    else if (strcmp(verb, "rename") == 0)
        workspace_rename(lab->ws, path, rest, NULL);
    else if (strcmp(verb, "arg") == 0)
        strv_add(&lab->args, path);
    else if (strcmp(verb, "no-cache") == 0)
        lab->no_cache = true;
    else if (strcmp(verb, "base") ==
             0) /* the tag moves to an image with another layer */
        lab_move_base(lab);
    else
        workspace_remove(lab->ws, path, NULL);
    if (strcmp(verb, "symlink") == 0)
        workspace_symlink(lab->ws, rest, path, NULL);
    if (strcmp(verb, "folder") == 0)
        workspace_mkdir(lab->ws, path, NULL);
}

static void describe(const struct miss *miss, struct buf *out)
{
    if (miss == NULL) {
        buf_adds(out, "none");
        return;
    }
    buf_addf(out, "%s %u", miss_reason_name(miss->reason), miss->root);
    if (miss->change_count == 0)
        return;
    const struct miss_change *c = &miss->changes[0];
    buf_addf(out, " %s %s", c->kind, c->what);
    if (c->name != NULL)
        buf_addf(out, " %s", c->name);
}

static void miss__after_one_edit__names_it(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct lab lab;
        struct build_result first, second;
        struct err err = ERR_INIT;
        lab_open(&lab, SEMANTICS_BUILDKIT);
        lab_files(&lab, files);
        assert_int_equal(lab_build(&lab, row->before, &first, &err), 0);
        edit(&lab, row->edit);
        if (lab_build(&lab, row->after ? row->after : row->before, &second, &err) != 0)
            fail_msg("%s: %s", row->name, err.msg);
        AUTO_BUF got = BUF_INIT;
        assert_true(row->step <= second.step_count);
        const struct miss *miss = second.steps[row->step - 1].miss;
        describe(miss, &got);
        if (strcmp(buf_str(&got), row->cause) != 0 ||
            (miss != NULL && miss->change_count != row->changes)) {
            print_error("%s: %s (%zu changes), expected %s (%u)\n", row->name,
                        buf_str(&got), miss != NULL ? miss->change_count : 0,
                        row->cause, row->changes);
            wrong++;
        }
        build_result_free(&first);
        build_result_free(&second);
        lab_close(&lab);
    }
    assert_int_equal(wrong, 0);
}

static void miss__first_build__has_no_record(void **state)
{
    (void)state;
    struct lab lab;
    struct build_result result;
    lab_open(&lab, SEMANTICS_BUILDKIT);
    lab_files(&lab, files);
    assert_int_equal(lab_build(&lab, TWO, &result, NULL), 0);
    for (unsigned i = 0; i < result.step_count; i++)
        assert_int_equal(result.steps[i].miss->reason, MISS_NO_RECORD);
    build_result_free(&result);
    lab_close(&lab);
}

static void miss__pruned__is_collected(void **state)
{
    (void)state;
    struct lab lab;
    struct build_result first, second;
    uint64_t bytes, records;
    lab_open(&lab, SEMANTICS_BUILDKIT);
    lab_files(&lab, files);
    assert_int_equal(lab_build(&lab, TWO, &first, NULL), 0);
    struct prune_options all = {.all = true};
    assert_int_equal(store_prune(lab.store, &all, &bytes, &records, NULL), 0);
    assert_int_equal(lab_build(&lab, TWO, &second, NULL), 0);
    assert_int_equal(second.steps[1].status, STEP_RAN);
    assert_int_equal(second.steps[1].miss->reason, MISS_COLLECTED);
    build_result_free(&first);
    build_result_free(&second);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(miss__after_one_edit__names_it),
        cmocka_unit_test(miss__first_build__has_no_record),
        cmocka_unit_test(miss__pruned__is_collected),
    };
    return cmocka_run_group_tests_name("misses", tests, NULL, NULL);
}
