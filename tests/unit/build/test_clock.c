/* SPDX-License-Identifier: MIT */
/* The virtual clock of a build: a sum along the stages that wait for each other. */
#include "tests/support.h"

#include <string.h>

#include "tests/unit/build/lab.h"

#define F "FROM busybox\n"
/* busybox of the laboratory is fetched in less than a millisecond. */

static uint64_t build(struct lab *lab, const char *dockerfile)
{
    struct build_result result;
    struct err err = ERR_INIT;
    if (lab_build(lab, dockerfile, &result, &err) != 0)
        fail_msg("%s", err.msg);
    uint64_t ms = result.virtual_ms;
    build_result_free(&result);
    return ms;
}

static void clock__one_stage__adds_its_steps_up(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, SEMANTICS_BUILDKIT);
    lab_files(&lab, (const char *const[]){"a.txt=a", NULL});
    const char *text = F "WORKDIR /w\nCOPY a.txt .\nRUN sleep 2\n";
    assert_int_equal(build(&lab, text), 2200);
    assert_int_equal(build(&lab, text), 0);
    lab_close(&lab);
}

static void clock__independent_stages__run_side_by_side(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, SEMANTICS_BUILDKIT);
    const char *text = "FROM busybox AS a\nRUN sleep 3 && echo a > /a\n"
                       "FROM busybox AS b\nRUN sleep 5 && echo b > /b\n" F
                       "COPY --from=a /a /a\nCOPY --from=b /b /b\nRUN sleep 1\n";
    /* 5 s for the longer stage, then two copies and a second; the first copy waits for
     * 3 s alone. */
    assert_int_equal(build(&lab, text), 5000 + 100 + 1000);
    lab_close(&lab);
}

static void clock__hit_by_content__waits_for_what_gave_it(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, SEMANTICS_BUILDKIT);
    lab_files(&lab, (const char *const[]){"a.txt=a", NULL});
    const char *text =
        "FROM busybox AS s\nCOPY a.txt /in\nRUN sleep 60 && echo k > /o\n" F
        "COPY --from=s /o /o\n";
    build(&lab, text);
    workspace_write(lab.ws, "a.txt", "b", 1, NULL);
    assert_int_equal(build(&lab, text), 60100);
    lab_close(&lab);
}

static void clock__copy__costs_a_millisecond_a_megabyte(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, SEMANTICS_BUILDKIT);
    workspace_write_sized(lab.ws, "big", 7900000, NULL);
    assert_int_equal(build(&lab, F "COPY big /big\n"), 107);
    lab_close(&lab);
}

/* What a step waits for is when it begins, and not the step before it in the file. */
static void clock__starts__follow_what_a_step_reads(void **state)
{
    (void)state;
    struct lab lab;
    struct build_result result;
    struct err err = ERR_INIT;
    lab_open(&lab, SEMANTICS_BUILDKIT);
    const char *text = "FROM busybox AS a\nRUN sleep 3 && echo a > /a\n"
                       "FROM busybox AS b\nRUN sleep 5 && echo b > /b\n" F
                       "RUN --mount=from=a,target=/m sleep 1\nCOPY --from=b /b /b\n";
    static const uint64_t starts[] = {0, 0, 0, 0, 0, 3000, 5000};
    if (lab_build(&lab, text, &result, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(result.step_count, 7);
    for (unsigned i = 0; i < 7; i++)
        if (result.steps[i].status == STEP_RAN)
            assert_int_equal(result.steps[i].start_ms, starts[i]);
    build_result_free(&result);
    lab_close(&lab);
}

struct fetched {
    uint64_t done, total, events;
};

static void note_progress(void *payload, const struct build_event *event)
{
    struct fetched *f = payload;
    if (event->kind != BUILD_EVENT_PROGRESS)
        return;
    assert_int_equal(event->step->index, 1);
    assert_true(event->done > f->done && event->done <= event->total_bytes);
    *f = (struct fetched){event->done, event->total_bytes, f->events + 1};
}

static void events__fetch__tells_its_progress_once(void **state)
{
    (void)state;
    struct lab lab;
    struct fetched f = {0};
    lab_open(&lab, SEMANTICS_BUILDKIT);
    lab.listener = note_progress;
    lab.listener_payload = &f;
    build(&lab, F "WORKDIR /w\n");
    assert_int_equal(f.events, 1); /* the base has one layer */
    assert_true(f.total > 0 && f.done == f.total);
    build(&lab, F "WORKDIR /w\n");
    assert_int_equal(f.events, 1);
    lab_close(&lab);
}

static void clock__fetch__is_96_ms_a_megabyte(void **state)
{
    (void)state;
    assert_int_equal(build_fetch_ms(125000000), 12000);
    assert_int_equal(build_fetch_ms(1), 0);
    assert_int_equal(build_fetch_ms(41400000), 3974);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock__one_stage__adds_its_steps_up),
        cmocka_unit_test(clock__independent_stages__run_side_by_side),
        cmocka_unit_test(clock__hit_by_content__waits_for_what_gave_it),
        cmocka_unit_test(clock__copy__costs_a_millisecond_a_megabyte),
        cmocka_unit_test(clock__fetch__is_96_ms_a_megabyte),
        cmocka_unit_test(clock__starts__follow_what_a_step_reads),
        cmocka_unit_test(events__fetch__tells_its_progress_once),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
