/* SPDX-License-Identifier: MIT */
/* Progress: the JSON lines to the letter, plain lines, the order of steps. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "bench/progress.h"
#include "sim/base/mem.h"

struct shown {
    struct progress_options options;
    struct progress *progress;
    char *text;
    size_t len;
};

static void begin(struct shown *s, enum progress_kind kind, bool plan)
{
    *s = (struct shown){.options = {.kind = kind,
                                    .style = {.columns = 80},
                                    .plan = plan,
                                    .exec = "model",
                                    .dockerfile = "Dockerfile",
                                    .context = "a \"b\""}};
    s->options.out = open_memstream(&s->text, &s->len);
    s->progress = progress_new(&s->options);
}

static void end(struct shown *s)
{
    progress_free(s->progress);
    fclose(s->options.out);
}

static void say(struct shown *s, enum build_event_kind kind,
                const struct build_step *step, const char *data)
{
    struct build_event event = {.kind = kind,
                                .step = step,
                                .stream = 1,
                                .data = data,
                                .len = data != NULL ? strlen(data) : 0};
    progress_listen(s->progress, &event);
}

static struct build_step from_step(void)
{
    return (struct build_step){
        .index = 1,
        .total = 3,
        .stage = "0",
        .line = 1,
        .instruction = "FROM base",
        .word = "FROM",
        .status = STEP_CACHED,
        .base_name = "base:latest",
        .base_layers = 2,
        .base_size = 5000,
        .has_virtual = true,
    };
}

static struct build_step run_step(struct miss *miss)
{
    struct build_step step = {
        .index = 2,
        .total = 3,
        .stage = "work",
        .line = 4,
        .instruction = "RUN \"x\"",
        .word = "RUN",
        .status = STEP_RAN,
        .has_key = true,
        .has_layer = true,
        .size = 12,
        .modelled = true,
        .has_virtual = true,
        .virtual_ms = 45100,
        .wall_s = 0.25,
        .miss = miss,
    };
    memset(step.key.bytes, 0xaa, sizeof step.key.bytes);
    memset(step.diff_id.bytes, 0xbb, sizeof step.diff_id.bytes);
    return step;
}

static struct build_step env_step(void)
{
    return (struct build_step){
        .index = 3,
        .total = 3,
        .stage = "work",
        .line = 5,
        .instruction = "ENV A=1",
        .word = "ENV",
        .status = STEP_META,
        .wall_s = 0.5,
    };
}

#define AA8 "aaaaaaaa"
#define BB8 "bbbbbbbb"
#define AA64 AA8 AA8 AA8 AA8 AA8 AA8 AA8 AA8
#define BB64 BB8 BB8 BB8 BB8 BB8 BB8 BB8 BB8

static void json__a_whole_build__reads_as_the_contract_says(void **state)
{
    (void)state;
    struct shown s;
    struct miss miss = {.reason = MISS_NO_RECORD, .root = 2};
    miss.text = xstrdup("why");
    struct build_step from = from_step(), run = run_step(&miss), env = env_step();
    struct base_layer layer = {.size = 12};
    memset(layer.diff_id.bytes, 0xbb, sizeof layer.diff_id.bytes);
    char *name = xstrdup("app:latest");
    struct build_result result = {.image_name = name,
                                  .layers = &layer,
                                  .layer_count = 1,
                                  .size = 12,
                                  .wall_s = 1.5};
    memset(result.image_id.bytes, 0xaa, sizeof result.image_id.bytes);
    begin(&s, PROGRESS_JSON, false);
    say(&s, BUILD_EVENT_BEGIN, NULL, NULL);
    say(&s, BUILD_EVENT_STEP, &from, NULL);
    say(&s, BUILD_EVENT_STEP_START, &run, NULL);
    say(&s, BUILD_EVENT_OUTPUT, &run, "not shown\n");
    say(&s, BUILD_EVENT_STEP, &run, NULL);
    say(&s, BUILD_EVENT_STEP, &env, NULL);
    progress_image(s.progress, &result);
    end(&s);
    assert_string_equal(
        s.text,
        "{\"event\":\"build\",\"engine\":\"builtin\",\"exec\":\"model\",\"dockerfile\":"
        "\"Dockerfile\",\"context\":\"a \\\"b\\\"\"}\n"
        "{\"event\":\"step\",\"index\":1,\"total\":3,\"stage\":\"0\",\"line\":1,"
        "\"instruction\":\"FROM base\",\"status\":\"cached\",\"key\":null,"
        "\"layer\":null,\"base\":{\"name\":\"base:latest\",\"layers\":2,\"size\":5000},"
        "\"seconds\":{\"wall\":0,\"virtual\":0},\"miss\":null}\n"
        "{\"event\":\"step\",\"index\":2,\"total\":3,\"stage\":\"work\",\"line\":4,"
        "\"instruction\":\"RUN \\\"x\\\"\",\"status\":\"ran\",\"key\":\"sha256:" AA64
        "\",\"layer\":{\"diff_id\":\"sha256:" BB64
        "\",\"size\":12,\"modelled\":true},\"seconds\":{\"wall\":0.25,\"virtual\":45.1}"
        ","
        "\"miss\":{\"reason\":\"no-record\",\"root\":2,\"changes\":[],\"text\":\"why\"}"
        "}"
        "\n"
        "{\"event\":\"step\",\"index\":3,\"total\":3,\"stage\":\"work\",\"line\":5,"
        "\"instruction\":\"ENV A=1\",\"status\":\"meta\",\"key\":null,\"layer\":null,"
        "\"seconds\":{\"wall\":0.5,\"virtual\":null},\"miss\":null}\n"
        "{\"event\":\"image\",\"id\":\"sha256:" AA64
        "\",\"name\":\"app:latest\",\"layers\":[{\"diff_id\":\"sha256:" BB64
        "\",\"size\":12}],\"size\":12,\"seconds\":{\"wall\":1.5,\"virtual\":null}}\n");
    free(s.text);
    free(miss.text);
    free(name);
}

static void json__plan__says_run_and_depends_and_no_image(void **state)
{
    (void)state;
    struct shown s;
    struct build_step run = run_step(NULL), env = env_step();
    struct build_result result = {0};
    env.status = STEP_DEPENDS;
    begin(&s, PROGRESS_JSON, true);
    say(&s, BUILD_EVENT_STEP, &run, NULL);
    say(&s, BUILD_EVENT_STEP, &env, NULL);
    progress_image(s.progress, &result);
    end(&s);
    assert_non_null(strstr(s.text, "\"status\":\"run\""));
    assert_non_null(strstr(s.text, "\"status\":\"depends\""));
    assert_null(strstr(s.text, "\"event\":\"image\""));
    free(s.text);
}

static void json__failure__is_an_error_event(void **state)
{
    (void)state;
    struct shown s;
    struct err err = ERR_INIT;
    begin(&s, PROGRESS_JSON, false);
    err_set(&err, ERR_FAILED, "no \"file\"");
    progress_failed(s.progress, &err);
    err_at(&err, "Dockerfile", 3);
    err_hint(&err, "make one");
    progress_failed(s.progress, &err);
    end(&s);
    const char *lines = strchr(s.text, '\n') + 1;
    assert_string_equal(lines,
                        "{\"event\":\"error\",\"message\":\"no \\\"file\\\"\","
                        "\"file\":null,\"line\":null,\"hint\":null}\n"
                        "{\"event\":\"error\",\"message\":\"no \\\"file\\\"\","
                        "\"file\":\"Dockerfile\",\"line\":3,\"hint\":\"make one\"}\n");
    free(s.text);
}

static void plain__steps_out_of_order__come_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct shown s;
    struct build_step from = from_step(), run = run_step(NULL), env = env_step();
    begin(&s, PROGRESS_PLAIN, false);
    say(&s, BUILD_EVENT_STEP, &env, NULL);
    say(&s, BUILD_EVENT_STEP, &run, NULL);
    fflush(s.options.out);
    assert_int_equal(s.len, 0);
    say(&s, BUILD_EVENT_STEP, &from, NULL);
    end(&s);
    assert_string_equal(s.text, "Step 1/3: FROM base [CACHED] 0.0 s\n"
                                "Step 2/3: RUN \"x\" [RAN] 45.1 s\n"
                                "Step 3/3: ENV A=1 [META] 500 ms\n");
    free(s.text);
}

static void plain__failure__shows_what_was_held_back(void **state)
{
    (void)state;
    struct shown s;
    struct build_step env = env_step();
    struct err err = ERR_INIT;
    begin(&s, PROGRESS_PLAIN, false);
    say(&s, BUILD_EVENT_STEP, &env, NULL);
    progress_failed(s.progress, &err);
    end(&s);
    assert_string_equal(s.text, "Step 3/3: ENV A=1 [META] 500 ms\n");
    free(s.text);
}

static void plain__output__comes_in_whole_harmless_lines(void **state)
{
    (void)state;
    struct shown s;
    struct build_step run = run_step(NULL);
    run.index = 1;
    run.instruction = "RUN \033[2J";
    begin(&s, PROGRESS_PLAIN, false);
    say(&s, BUILD_EVENT_OUTPUT, &run, "on");
    say(&s, BUILD_EVENT_OUTPUT, &run, "e\n\ttwo\r\n\033[31mthr");
    say(&s, BUILD_EVENT_OUTPUT, &run, "ee");
    say(&s, BUILD_EVENT_STEP, &run, NULL);
    end(&s);
    assert_string_equal(s.text, "  | one\n  |     two\n  | \\x1b[31mthree\n"
                                "Step 1/3: RUN \\x1b[2J [RAN] 45.1 s\n");
    free(s.text);
}

static void quiet__build__prints_the_id_alone(void **state)
{
    (void)state;
    struct shown s;
    struct build_step from = from_step();
    struct build_result result = {0};
    memset(result.image_id.bytes, 0xaa, sizeof result.image_id.bytes);
    begin(&s, PROGRESS_QUIET, false);
    say(&s, BUILD_EVENT_STEP, &from, NULL);
    progress_image(s.progress, &result);
    end(&s);
    assert_string_equal(s.text, "sha256:" AA64 "\n");
    free(s.text);
}

static void tty__reused_steps__are_folded_and_lines_fit(void **state)
{
    (void)state;
    struct shown s;
    struct build_step from = from_step(), run = run_step(NULL), env = env_step();
    struct build_result result = {0};
    char *many = xmalloc(501);
    memset(many, 'x', 500);
    many[500] = '\0';
    run.instruction = many;
    begin(&s, PROGRESS_TTY, false);
    say(&s, BUILD_EVENT_STEP, &from, NULL);
    say(&s, BUILD_EVENT_STEP_START, &run, NULL);
    say(&s, BUILD_EVENT_STEP, &run, NULL);
    env.status = STEP_CACHED;
    say(&s, BUILD_EVENT_STEP, &env, NULL);
    progress_image(s.progress, &result);
    end(&s);
    assert_non_null(strstr(s.text, "1 step reused: FROM\n"));
    assert_non_null(strstr(s.text, "1 step reused: ENV\n"));
    assert_non_null(strstr(s.text, "2/3 RAN      45.1 s  xxx"));
    assert_null(strstr(s.text, many));
    free(s.text);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json__a_whole_build__reads_as_the_contract_says),
        cmocka_unit_test(json__plan__says_run_and_depends_and_no_image),
        cmocka_unit_test(json__failure__is_an_error_event),
        cmocka_unit_test(plain__steps_out_of_order__come_in_the_order_of_the_file),
        cmocka_unit_test(plain__failure__shows_what_was_held_back),
        cmocka_unit_test(plain__output__comes_in_whole_harmless_lines),
        cmocka_unit_test(quiet__build__prints_the_id_alone),
        cmocka_unit_test(tty__reused_steps__are_folded_and_lines_fit),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
