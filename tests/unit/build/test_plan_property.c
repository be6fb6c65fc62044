/* SPDX-License-Identifier: MIT */
/* What a plan says against the build right after it, over random sequences of edits. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "tests/unit/build/random_project.h"

struct counts {
    unsigned cached, run, depends, spared; /* spared: DEPENDS that came out cached */
};

static size_t builds_of(struct lab *lab)
{
    int64_t *ids;
    size_t n;
    assert_int_equal(store_build_list(lab->store, "Dockerfile\n", &ids, &n, NULL), 0);
    free(ids);
    return n;
}

/* Predicts, builds and compares; false if a definite prediction was wrong. */
static bool plan_and_build(struct lab *lab, const struct project *p, unsigned seed,
                           const char *edit, struct counts *counts)
{
    struct build_result plan, real;
    struct err err = ERR_INIT;
    AUTO_FREE char *text = project_dockerfile(p);
    size_t builds = builds_of(lab);
    lab->plan_only = true;
    int planned = lab_build(lab, text, &plan, &err);
    lab->plan_only = false;
    assert_int_equal(builds_of(lab), builds);
    if (lab_build(lab, text, &real, &err) != 0)
        fail_msg("seed %u, %s: %s\n%s", seed, edit, err.msg, text);
    bool good = planned == 0 && plan.step_count == real.step_count;
    for (unsigned i = 0; good && i < real.step_count; i++) {
        enum step_status said = plan.steps[i].status, is = real.steps[i].status;
        counts->cached += said == STEP_CACHED;
        counts->run += said == STEP_RAN;
        counts->depends += said == STEP_DEPENDS;
        counts->spared += said == STEP_DEPENDS && is == STEP_CACHED;
        good = said == is ||
               (said == STEP_DEPENDS && plan.steps[i].depends_on != 0 &&
                plan.steps[i].depends_on <= real.step_count && is != STEP_META);
        if (!good)
            print_error("seed %u, %s: step %u %s: said %d, is %d\n%s\n", seed, edit,
                        i + 1, real.steps[i].instruction, (int)said, (int)is, text);
    }
    build_result_free(&plan);
    build_result_free(&real);
    return good;
}

static bool one_sequence(enum semantics semantics, unsigned seed, struct counts *counts)
{
    enum { EDITS = 6 };
    struct lab lab;
    struct project p;
    struct strv filter = STRV_INIT;
    lab_open(&lab, semantics);
    project_make(&p, &lab, seed);
    bool good = plan_and_build(&lab, &p, seed, "first build", counts);
    for (unsigned i = 0; good && i < EDITS; i++) {
        struct project_edit e;
        project_edit(&p, &lab, &e);
        lab.no_cache = project_random(&p, 20) == 0;
        strv_clear(&filter);
        strv_add(&filter, "s0");
        lab.no_cache_filter = project_random(&p, 12) == 0 ? &filter : NULL;
        if (project_random(&p, 10) == 0) {
            struct prune_options some = {.all = true, .keep_bytes = 20};
            uint64_t bytes, records;
            store_prune(lab.store, &some, &bytes, &records, NULL);
        }
        good = plan_and_build(&lab, &p, seed, e.what, counts);
        free(e.what);
        strv_free(&e.allowed);
    }
    strv_free(&filter);
    project_free(&p);
    lab_close(&lab);
    return good;
}

static void all_sequences(enum semantics semantics)
{
    enum { SEQUENCES = 200 };
    unsigned wrong = 0;
    struct counts counts = {0};
    for (unsigned seed = 1; seed <= SEQUENCES && wrong < 5; seed++)
        wrong += !one_sequence(semantics, seed, &counts);
    assert_int_equal(wrong, 0);
    assert_true(counts.cached > 1000 && counts.run > 1000);
    /* What is left open could really go either way. */
    assert_true(counts.depends * 3 < counts.run);
    assert_true(counts.spared * 3 > counts.depends);
}

static void plan__then_build__agree_buildkit(void **state)
{
    (void)state;
    all_sequences(SEMANTICS_BUILDKIT);
}

static void plan__then_build__agree_classic(void **state)
{
    (void)state;
    all_sequences(SEMANTICS_CLASSIC);
}

static void plan__then_build__agree_buildah(void **state)
{
    (void)state;
    all_sequences(SEMANTICS_BUILDAH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan__then_build__agree_buildkit),
        cmocka_unit_test(plan__then_build__agree_classic),
        cmocka_unit_test(plan__then_build__agree_buildah),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
