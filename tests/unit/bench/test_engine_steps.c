/* SPDX-License-Identifier: MIT */
/* Builders' steps laid over the Dockerfile's. */
#include "tests/support.h"

#include <string.h>

#include "bench/engine_steps.h"
#include "sim/base/mem.h"

static const char multi[] = "ARG V=1\n"            /* 1 */
                            "FROM x:$V AS Build\n" /* 2 */
                            "WORKDIR /w\n"         /* 3 */
                            "ENV A=b\n"            /* 4 */
                            "RUN make \\\n  all\n" /* 5 */
                            "FROM x AS unused\n"   /* 7 */
                            "RUN other\n"          /* 8 */
                            "FROM build\n"         /* 9 */
                            "COPY a b\n"           /* 10 */
                            "CMD [\"a\"]\n";       /* 11 */

/* "2F 3c 4m 5r": line and status of each step. */
static char *fill(const char *text, enum log_format format, const char *said,
                  bool finished, struct err *err)
{
    static const char letters[] = {'c', 'r', 'm'};
    struct dockerfile *df = NULL;
    struct build_result result = {0};
    assert_int_equal(dockerfile_parse("Dockerfile", text, strlen(text), &df, NULL), 0);
    struct engine_log *log = engine_log_new(format);
    assert_int_equal(engine_log_feed(log, said, strlen(said), 0, NULL), 0);
    engine_log_end(log, 1);
    int r = engine_steps_fill(&(struct steps_source){.df = df}, log, finished, &result,
                              err);
    AUTO_BUF out = BUF_INIT;
    for (unsigned i = 0; i < result.step_count && r == 0; i++)
        buf_addf(&out, "%s%u%c", i > 0 ? " " : "", result.steps[i].line,
                 letters[result.steps[i].status]);
    build_result_free(&result);
    engine_log_free(log);
    dockerfile_free(df);
    return r == 0 ? buf_steal(&out) : NULL;
}

static void engine_steps__each_builders_numbers__find_their_lines(void **state)
{
    (void)state;
    static const struct {
        enum log_format format;
        const char *said, *wanted;
    } cases[] = {
        {LOG_PLAIN,
         "#1 [build 1/3] FROM x\n#2 [build 2/3] WORKDIR /w\n#2 CACHED\n"
         "#3 [build 3/3] RUN make   all\n#3 DONE 1.0s\n#4 [stage-2 1/1] COPY a b\n",
         "2c 3c 4m 5r 9m 10r 11m"},
        /* a base that is a named context is not counted */
        {LOG_PLAIN,
         "#2 [build 1/3] WORKDIR /w\n#2 CACHED\n#3 [build 2/3] RUN make   all\n"
         "#3 CACHED\n#4 [stage-2 1/1] COPY a b\n",
         "2c 3c 4m 5c 9m 10r 11m"},
        {LOG_CLASSIC,
         "Step 1/10 : ARG V=1\nStep 2/10 : FROM x:$V AS Build\nStep 3/10 : WORKDIR /w\n"
         " ---> Using cache\nStep 4/10 : ENV A=b\nStep 5/10 : RUN make   all\n"
         "Step 6/10 : FROM x AS unused\nStep 7/10 : RUN other\nStep 8/10 : FROM build\n"
         "Step 9/10 : COPY a b\nStep 10/10 : CMD [\"a\"]\n",
         "2c 3c 4m 5r 7c 8r 9m 10r 11m"},
        {LOG_BUILDAH,
         "[1/3] STEP 1/4: FROM x:1 AS Build\n[1/3] STEP 2/4: WORKDIR /w\n"
         "--> Using cache 12\n[1/3] STEP 3/4: ENV A=b\n[1/3] STEP 4/4: RUN make   all\n"
         "[3/3] STEP 1/3: FROM build\n[3/3] STEP 2/3: COPY a b\n--> Using cache 34\n"
         "[3/3] STEP 3/3: CMD [\"a\"]\n",
         "2c 3c 4m 5r 9m 10c 11m"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = ERR_INIT;
        AUTO_FREE char *got = fill(multi, cases[i].format, cases[i].said, true, &err);
        assert_string_equal(err.msg, "");
        assert_string_equal(got, cases[i].wanted);
    }
}

/* As BuildKit shows a base, whether it is the twin of an image or of scratch. */
static void engine_steps__twin_of_scratch__is_counted_and_stays_meta(void **state)
{
    (void)state;
    static const char text[] = "FROM scratch\nCOPY a b\nWORKDIR /w\n";
    static const char *const said[] = {
        "#1 [1/3] FROM x\n#2 [2/3] COPY a b\n#2 CACHED\n#3 [3/3] WORKDIR /w\n",
        "#1 [1/2] COPY a b\n#1 CACHED\n#2 [2/2] WORKDIR /w\n"};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct dockerfile *df = NULL;
        struct build_result result = {0};
        dockerfile_parse("Dockerfile", text, strlen(text), &df, NULL);
        const struct steps_source of = {.df = df, .scratch_twins = true};
        struct engine_log *log = engine_log_new(LOG_PLAIN);
        engine_log_feed(log, said[i], strlen(said[i]), 0, NULL);
        engine_log_end(log, 1);
        assert_int_equal(engine_steps_fill(&of, log, true, &result, NULL), 0);
        assert_int_equal(result.steps[0].status, STEP_META);
        assert_int_equal(result.steps[1].status, STEP_CACHED);
        assert_int_equal(result.steps[2].status, STEP_RAN);
        build_result_free(&result);
        engine_log_free(log);
        dockerfile_free(df);
    }
}

static void engine_steps__merged_work__counts_in_both_stages(void **state)
{
    (void)state;
    AUTO_FREE char *got =
        fill("FROM x AS a\nRUN same\nFROM x AS b\nRUN same\nCOPY --from=a /f /g\n",
             LOG_PLAIN,
             "#1 [a 1/2] FROM x\n#2 [a 2/2] RUN same\n#2 CACHED\n"
             "#3 [b 3/3] COPY --from=a /f /g\n#3 DONE 0.1s\n",
             true, NULL);
    assert_string_equal(got, "1c 2c 3c 4c 5r");
}

static void engine_steps__unknown_lines__are_an_error_of_a_finished_build(void **state)
{
    (void)state;
    static const char text[] = "FROM x\nRUN a\nRUN b\n";
    static const char *const said[] = {
        "", "new format\n", "#1 [1/3] FROM x\n#2 [2/3] RUN a\n",
        "#1 [1/3] FROM x\n#2 [2/3] RUN a\n#3 [3/3] WORKDIR b\n"};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct err err = ERR_INIT;
        AUTO_FREE char *got = fill(text, LOG_PLAIN, said[i], true, &err);
        assert_null(got);
        assert_int_equal(err.code, ERR_FAILED);
        assert_non_null(strstr(err.msg, "not understood"));
        assert_non_null(strstr(err.hint, "newer version"));
    }
    AUTO_FREE char *broken = fill(text, LOG_PLAIN, said[2], false, NULL);
    assert_string_equal(broken, "1c 2r"); /* what never started is not there */
}

static void engine_steps__layers__are_aligned_from_the_end(void **state)
{
    (void)state;
    static const char text[] = "FROM x\nWORKDIR /w\nENV A=b\nRUN a\nCOPY b /\n";
    static const char *const styles[2][5] = {
        {"base", "WORKDIR /w", "ENV A=b", "RUN /bin/sh -c a # buildkit",
         "COPY b / # buildkit"},
        {"base", "/bin/sh -c #(nop) WORKDIR /w", "/bin/sh -c #(nop)  ENV A=b",
         "|1 V=1 /bin/sh -c a", "/bin/sh -c #(nop) COPY file:12 in / "}};
    for (int style = 0; style < 2; style++) {
        struct dockerfile *df = NULL;
        struct build_result result = {0};
        struct image_config *config = image_config_new();
        uint64_t sizes[4] = {1000, 0, 20, 3};
        for (int i = 0; i < 5; i++) {
            struct image_history row = {.created_by =
                                            (char *)(uintptr_t)styles[style][i],
                                        .empty_layer = i == 2};
            image_config_add_history(config, &row);
        }
        for (unsigned char i = 0; i < 4; i++)
            image_config_add_layer(config, &(struct digest){{i}});
        dockerfile_parse("Dockerfile", text, strlen(text), &df, NULL);
        struct engine_log *log = engine_log_new(LOG_PLAIN);
        static const char said[] = "#1 [1/4] FROM x\n#2 [2/4] WORKDIR /w\n"
                                   "#3 [3/4] RUN a\n#4 [4/4] COPY b /\n";
        engine_log_feed(log, said, strlen(said), 0, NULL);
        engine_log_end(log, 1);
        const struct steps_source of = {.df = df};
        assert_int_equal(engine_steps_fill(&of, log, true, &result, NULL), 0);
        engine_steps_layers(&of, config, sizes, &result);
        assert_false(result.steps[0].has_layer || result.steps[2].has_layer);
        assert_true(result.steps[1].has_layer && result.steps[3].has_layer);
        assert_int_equal(result.steps[1].diff_id.bytes[0], 1);
        assert_int_equal(result.steps[3].size, 20);
        assert_int_equal(result.steps[4].size, 3);
        build_result_free(&result);
        engine_log_free(log);
        dockerfile_free(df);
        image_config_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_steps__each_builders_numbers__find_their_lines),
        cmocka_unit_test(engine_steps__twin_of_scratch__is_counted_and_stays_meta),
        cmocka_unit_test(engine_steps__merged_work__counts_in_both_stages),
        cmocka_unit_test(engine_steps__unknown_lines__are_an_error_of_a_finished_build),
        cmocka_unit_test(engine_steps__layers__are_aligned_from_the_end),
    };
    return cmocka_run_group_tests_name("engine_steps", tests, NULL, NULL);
}
