/* SPDX-License-Identifier: MIT */
/* What the last step of a Dockerfile adds to the image: paths, modes and owners, as
 * BuildKit 0.32 did for the same input. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "tests/unit/build/lab.h"

#define F "FROM busybox\n"

struct row {
    const char *dockerfile;
    const char *added; /* "path mode uid:gid" lines; NULL: the build fails */
};

static const struct row rows[] = {
    /* "/." at the end means a folder. */
    {F "COPY a.txt /x/.\n", "x 755 0:0\nx/a.txt 644 0:0\n"},
    /* Folders on the way get an octal mode, without its set-ID and sticky bits. */
    {F "COPY --chmod=4750 a.txt /x/\n", "x 750 0:0\nx/a.txt 4750 0:0\n"},
    {F "COPY --chmod=u+xs,g=u,o-r a.txt /x/\n", "x 755 0:0\nx/a.txt 4770 0:0\n"},
    {F "COPY --chmod=a+X,u=rwx d /x/\n",
     "x 755 0:0\nx/s 755 0:0\nx/s/y.txt 744 0:0\nx/x.txt 744 0:0\n"},
    {F "COPY --chmod=a-rwx,+t a.txt /x\n", "x 1000 0:0\n"},
    {F "ENV E=\nCOPY --chmod=$E --chown=$E a.txt /x\n", "x 644 0:0\n"},
    /* Folders before a wildcard: symlinks are followed, and they have to be there. */
    {F "COPY l/*.txt /x/\n", "x 755 0:0\nx/x.txt 644 0:0\n"},
    {F "COPY none/* /x/\n", NULL},
    {F "COPY none* /x/\n", ""},
    /* A folder that no step asks anything of is not sent: nothing can match in it. */
    {F "COPY d/none* /x/\n", NULL},
    {F "COPY a.txt /a\nCOPY d/none* /x/\n", NULL},
    {F "COPY d/x* /a\nCOPY d/none* /x/\n", ""},
    {F "RUN --mount=source=d/s,target=/m :\nCOPY d/none* /x/\n", ""},
    {F "COPY --parents **/x.txt /a\nCOPY d/none* /x/\n", ""},
    {F "COPY --parents d/./none* /x/\n", NULL},
    {F "COPY d/x.txt /x/\nCOPY --parents d/./none* /x/\n", ""},
    {F "COPY --from=busybox /etc/none* /x/\n", ""},
    {F "COPY --from=busybox /none/none* /x/\n", NULL},
    /* At the top of the context, links are followed if there are patterns. */
    {F "COPY . /x/\n",
     "x 755 0:0\nx/Dockerfile 644 0:0\nx/a.txt 644 0:0\nx/d 755 0:0\n"
     "x/d/s 755 0:0\nx/d/s/y.txt 644 0:0\n"
     "x/d/x.txt 644 0:0\nx/e 755 0:0\nx/e/k 777 0:0\nx/gone 777 0:0\nx/l 777 0:0\n"},
    {F "COPY --exclude=d . /x/\n", NULL},
    {F "COPY --exclude=gone --exclude=[De]* --exclude=d . /x/\n",
     "x 755 0:0\nx/a.txt 644 0:0\nx/l 777 0:0\n"},
    {F "COPY --parents gone /x/\n", NULL},
    {F "COPY --parents e/k /x/\n", "x 755 0:0\nx/e 755 0:0\nx/e/k 777 0:0\n"},
    /* --exclude: below a folder, not the source words; folders come back with what is
     * let in again. */
    {F "COPY --exclude=d --exclude=a.txt [ad]* /x/\n",
     "x 755 0:0\nx/a.txt 644 0:0\nx/s 755 0:0\nx/s/y.txt 644 0:0\nx/x.txt 644 0:0\n"},
    {F "COPY --exclude=** --exclude=!s/y.txt d /x/\n",
     "x 755 0:0\nx/s 755 0:0\nx/s/y.txt 644 0:0\n"},
    /* --parents: patterns as in .dockerignore, --exclude from the pivot on. */
    {F "COPY --parents **/y.txt /x/\n",
     "x 755 0:0\nx/d 755 0:0\nx/d/s 755 0:0\nx/d/s/y.txt 644 0:0\n"},
    {F "COPY --parents d/./s /x/\n", "x 755 0:0\nx/s 755 0:0\nx/s/y.txt 644 0:0\n"},
    {F "COPY --parents --exclude=d/s d /x/\n",
     "x 755 0:0\nx/d 755 0:0\nx/d/x.txt 644 0:0\n"},
    {F "COPY --parents --exclude=d d/x.txt /x/\n", NULL},
    {F "COPY --parents . /x/\n", NULL},
    /* A folder above that is there gets the source's mode, --chmod or not. */
    {F "COPY --parents --chmod=0640 d/x.txt /x/\n",
     "x 640 0:0\nx/d 640 0:0\nx/d/x.txt 640 0:0\n"},
    {F "COPY --parents --chmod=0640 d/?.txt d/s/y.txt /x/\n",
     "x 640 0:0\nx/d 755 0:0\nx/d/s 640 0:0\nx/d/s/y.txt 640 0:0\nx/d/x.txt 640 0:0\n"},
    {F "COPY --parents --chmod=0640 d/s /x/\n",
     "x 640 0:0\nx/d 640 0:0\nx/d/s 640 0:0\nx/d/s/y.txt 640 0:0\n"},
    {F "COPY --parents --chmod=0700 d/s/y.txt d/s /x/\n",
     "x 700 0:0\nx/d 755 0:0\nx/d/s 700 0:0\nx/d/s/y.txt 700 0:0\n"},
    /* --parents makes its destination. */
    {F "COPY --parents none* /x/y\n", "x 755 0:0\nx/y 755 0:0\n"},
    /* Nobody's name is 0, unless there is nothing to look it up in. */
    {F "COPY --chown=ghost a.txt /x\n", "x 644 0:0\n"},
    {F "COPY --chown=7:ghost a.txt /x\n", "x 644 7:7\n"},
    {F "COPY --chown=7: a.txt /x\n", "x 644 7:0\n"},
    {F "USER ghost\nWORKDIR /x\n", "x 755 0:0\n"},
    {"FROM scratch\nCOPY --chown=ghost a.txt /x\n", NULL},
};

static void list_layer(struct lab *lab, const struct build_step *step, struct buf *out)
{
    struct layer *layer;
    assert_int_equal(store_layer_get(lab->store, &step->diff_id, &layer, NULL), 0);
    for (size_t i = 0; i < layer->tree->len; i++) {
        const struct entry *e = &layer->tree->entries[i];
        if (e->path[0] != '\0')
            buf_addf(out, "%s %o %u:%u\n", e->path, (unsigned)e->mode, (unsigned)e->uid,
                     (unsigned)e->gid);
    }
    layer_unref(layer);
}

static void build__copied_files__are_those_of_buildkit(void **state)
{
    (void)state;
    static const char *const files[] = {"a.txt=a",   "d/x.txt=x", "d/s/y.txt=y", "l@d",
                                        "gone@none", "e/k@none",  NULL};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lab lab;
        struct build_result result = {0};
        struct err err = ERR_INIT;
        AUTO_BUF added = BUF_INIT;
        lab_open(&lab, SEMANTICS_BUILDKIT);
        lab_files(&lab, files);
        int rc = lab_build(&lab, rows[i].dockerfile, &result, &err);
        if (rc == 0)
            list_layer(&lab, &result.steps[result.step_count - 1], &added);
        const char *got = rc == 0 ? buf_str(&added) : NULL;
        if ((got == NULL) != (rows[i].added == NULL) ||
            (got != NULL && strcmp(got, rows[i].added) != 0))
            fail_msg("%s gave:\n%s%s", rows[i].dockerfile, got ? got : "", err.msg);
        build_result_free(&result);
        lab_close(&lab);
    }
}

static void build__no_cache__runs_every_step(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, SEMANTICS_BUILDKIT);
    lab_files(&lab, (const char *const[]){"a.txt=a", NULL});
    for (int round = 0; round < 2; round++) {
        struct build_result result = {0};
        char letters[16];
        lab.no_cache = round == 1;
        assert_int_equal(
            lab_build(&lab, F "WORKDIR /a\nCOPY a.txt .\nWORKDIR /b\n", &result, NULL),
            0);
        lab_letters(&result, letters);
        assert_string_equal(letters, "RRR");
        build_result_free(&result);
    }
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(build__copied_files__are_those_of_buildkit),
        cmocka_unit_test(build__no_cache__runs_every_step),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
