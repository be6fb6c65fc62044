/* SPDX-License-Identifier: MIT */
/* Progress of real builders, read from what they print. The texts are written after
 * their formats, shortened. */
#include "tests/support.h"

#include <string.h>

#include "bench/engine_log.h"
#include "sim/base/mem.h"

static struct engine_log *read_all(enum log_format format, const char *text)
{
    struct engine_log *log = engine_log_new(format);
    uint64_t now_ns = 0;
    /* In pieces of 7 bytes, a second each line: nothing may hang on where they end. */
    for (size_t at = 0, len = strlen(text); at < len; at += 7) {
        size_t piece = len - at < 7 ? len - at : 7;
        assert_int_equal(engine_log_feed(log, text + at, piece, now_ns, NULL), 0);
        now_ns += 1000000000;
    }
    engine_log_end(log, now_ns);
    return log;
}

static const struct log_step *step(const struct engine_log *log, size_t at)
{
    size_t len;
    const struct log_step *steps = engine_log_steps(log, &len);
    assert_true(at < len);
    return &steps[at];
}

static size_t count(const struct engine_log *log)
{
    size_t len;
    engine_log_steps(log, &len);
    return len;
}

static void engine_log__plain__steps_states_times(void **state)
{
    (void)state;
    struct engine_log *log = read_all(
        LOG_PLAIN, "#1 [internal] load build definition from Dockerfile\n"
                   "#1 DONE 0.0s\n\n"
                   "#5 [b 2/4] WORKDIR /w\n#5 CACHED\n\n"
                   "#6 [linux/amd64 b 3/4] RUN make\n#6 0.2 output [x 1/2] y\n"
                   "#6 DONE 1.5s\n"
                   "#7 [stage-1 1/3] FROM docker.io/library/x\n"
                   "#7 extracting sha256:12\n#7 DONE 0.1s\n"
                   "#8 [4/4] COPY . .\n#8 ERROR: no space\n------\n > [4/4] COPY . .:\n"
                   "------\nERROR: failed to solve: no space\n");
    assert_int_equal(count(log), 4);
    assert_string_equal(step(log, 0)->stage, "b");
    assert_int_equal(step(log, 0)->number, 2);
    assert_int_equal(step(log, 0)->of, 4);
    assert_string_equal(step(log, 0)->text, "WORKDIR /w");
    assert_true(step(log, 0)->cached && !step(log, 1)->cached);
    assert_string_equal(step(log, 1)->stage, "b");
    assert_true(step(log, 1)->seconds > 1.49 && step(log, 1)->seconds < 1.51);
    assert_true(step(log, 2)->fetched);
    assert_string_equal(step(log, 3)->stage, "");
    assert_string_equal(step(log, 3)->error, "no space");
    assert_string_equal(engine_log_complaint(log), "failed to solve: no space");
    engine_log_free(log);
}

static void engine_log__rawjson__lines_and_indented_objects(void **state)
{
    (void)state;
    struct engine_log *log = read_all(
        LOG_RAWJSON,
        "{\"vertexes\":[{\"digest\":\"a\",\"name\":\"[1/2] FROM x\"},"
        "{\"digest\":\"b\",\"name\":\"[2/2] RUN y\"},{\"digest\":\"c\",\"name\":"
        "\"[internal] z\"}]}\n"
        "WARNING: no output specified\n"
        "{\n \"vertexes\": [\n  {\"digest\": \"b\", \"name\": \"[2/2] RUN y\",\n"
        "  \"started\": \"2024-01-01T23:59:59.5Z\",\n"
        "  \"completed\": \"2024-01-02T01:00:01.25+01:00\",\n \"error\": \"exit "
        "3\"}]\n}\n"
        "{\"vertexes\":[{\"digest\":\"a\",\"name\":\"[1/2] FROM x\",\"cached\":true}],"
        "\"statuses\":[{\"id\":\"extracting sha256:1\",\"vertex\":\"a\"},"
        "{\"id\":\"e\",\"vertex\":\"unknown\"}],\"future\":[1,{}]}\n"
        "{\"vertexes\":[{\"digest\":7},{\"name\":null}]}\n{broken\n"
        "ERROR: failed to solve: exit 3\n");
    assert_int_equal(count(log), 2);
    assert_true(step(log, 0)->cached && step(log, 0)->fetched);
    assert_false(step(log, 0)->started);
    assert_true(step(log, 1)->started);
    assert_true(step(log, 1)->seconds > 1.74 && step(log, 1)->seconds < 1.76);
    assert_string_equal(step(log, 1)->error, "exit 3");
    assert_string_equal(engine_log_complaint(log), "failed to solve: exit 3");
    engine_log_free(log);
}

static void engine_log__classic__steps_cached_or_timed(void **state)
{
    (void)state;
    struct engine_log *log = read_all(
        LOG_CLASSIC, "Sending build context to Docker daemon  3.072kB\r\r\n"
                     "Step 1/3 : FROM busybox AS b\n"
                     "latest: Pulling from library/busybox\n ---> 55fd1e505958\n"
                     "Step 2/3 : WORKDIR /w\n ---> Using cache\n ---> 7620e6b9ae\n"
                     "Step 9/9 : not the next one\n"
                     "no newlineStep 3/3 : RUN make it so\n"
                     " ---> Running in 34124565147b\n"
                     "Error response from daemon: it is full\n");
    assert_int_equal(count(log), 3); /* what a command prints is no step */
    assert_true(step(log, 0)->fetched && !step(log, 0)->cached);
    assert_true(step(log, 1)->cached);
    assert_string_equal(step(log, 2)->text, "RUN make it so");
    assert_string_equal(engine_log_complaint(log), "it is full");
    engine_log_free(log);
    log = read_all(LOG_CLASSIC,
                   "Step 1/2 : FROM b\n ---> 5\nno newlineStep 2/2 : RUN x\n");
    assert_int_equal(count(log), 2);
    assert_string_equal(step(log, 1)->text, "RUN x");
    assert_true(step(log, 0)->seconds > 0);
    engine_log_free(log);
}

static void engine_log__buildah__stages_and_cache(void **state)
{
    (void)state;
    struct engine_log *log = read_all(
        LOG_BUILDAH, "[1/2] STEP 1/2: FROM x AS b\n[1/2] STEP 2/2: RUN a\n"
                     "--> Using cache 8d7469112a54\n--> 8d7469112a5\n"
                     "[2/2] STEP 1/2: FROM x\n[2/2] STEP 2/2: COPY --from=b /f /f\n"
                     "[2/2] COMMIT simbench\n--> a34f096d56b\n"
                     "time=\"x\" level=error\nError: it broke\n");
    assert_int_equal(count(log), 4);
    assert_string_equal(step(log, 1)->stage, "1");
    assert_true(step(log, 1)->cached);
    assert_string_equal(step(log, 3)->stage, "2");
    assert_false(step(log, 3)->cached);
    assert_string_equal(engine_log_complaint(log), "it broke");
    engine_log_free(log);
    log = read_all(LOG_BUILDAH, "STEP 1/2: FROM x\nSTEP 2/2: RUN a");
    assert_int_equal(count(log), 2);
    assert_string_equal(step(log, 1)->stage, "1");
    engine_log_free(log);
}

static void engine_log__junk__no_step(void **state)
{
    (void)state;
    static const char *const junk[] = {"",
                                       "\n\n",
                                       "#",
                                       "#1",
                                       "#1 [",
                                       "#1 [] x",
                                       "#1 [1/] x",
                                       "#1 [/2] x",
                                       "#1 [1/2]",
                                       "Step",
                                       "Step 1",
                                       "Step 1/x : y",
                                       "STEP 1/2",
                                       "[1/2 STEP 1/2: x",
                                       "[",
                                       "{",
                                       "{}",
                                       "[1/2] STEP 99999999/1: x",
                                       "{\"vertexes\":3}",
                                       "{\"vertexes\":[null,[],\"\"]}"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
        for (int f = LOG_RAWJSON; f <= LOG_BUILDAH; f++) {
            struct engine_log *log = read_all((enum log_format)f, junk[i]);
            assert_int_equal(count(log), 0);
            engine_log_free(log);
        }
}

static void engine_log__endless_output__is_refused(void **state)
{
    (void)state;
    struct engine_log *log = engine_log_new(LOG_RAWJSON);
    struct err err = ERR_INIT;
    AUTO_BUF chunk = BUF_INIT;
    buf_reserve(&chunk, 1 << 20);
    for (int i = 0; i < 1 << 20; i++)
        buf_addc(&chunk, 'x');
    int r = 0;
    for (int i = 0; i < 20 && r == 0; i++)
        r = engine_log_feed(log, chunk.data, chunk.len, 0, &err);
    assert_int_equal(r, ERR_FAILED);
    assert_non_null(strstr(err.msg, "16 MiB"));
    engine_log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_log__plain__steps_states_times),
        cmocka_unit_test(engine_log__rawjson__lines_and_indented_objects),
        cmocka_unit_test(engine_log__classic__steps_cached_or_timed),
        cmocka_unit_test(engine_log__buildah__stages_and_cache),
        cmocka_unit_test(engine_log__junk__no_step),
        cmocka_unit_test(engine_log__endless_output__is_refused),
    };
    return cmocka_run_group_tests_name("engine_log", tests, NULL, NULL);
}
