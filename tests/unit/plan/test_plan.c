/* SPDX-License-Identifier: MIT */
/* Stages, variables and the config a Dockerfile ends with. Histories and values as
 * BuildKit 0.32 gave them for the same files. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/plan/plan.h"

struct bases {
    struct image_config *config;
    unsigned asked;
};

static int find_base(void *payload, const char *name, unsigned line,
                     const struct image_config **config, unsigned *index,
                     struct err *err)
{
    struct bases *bases = payload;
    (void)line;
    if (strcmp(name, "base") != 0)
        return err_set(err, ERR_INPUT, "no image %s", name);
    bases->asked++;
    *config = bases->config;
    *index = 0;
    return 0;
}

struct fixture {
    struct bases bases;
    struct dockerfile *df;
    struct plan *plan;
    struct strv args;
    const char *target;
    enum semantics semantics;
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    f->bases.config = image_config_new();
    strv_add(&f->bases.config->env, "PATH=/bin");
    strv_add(&f->bases.config->onbuild, "RUN echo trigger");
    strv_add(&f->bases.config->cmd, "sh");
    f->bases.config->has_cmd = true;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    plan_free(f->plan);
    dockerfile_free(f->df);
    image_config_free(f->bases.config);
    strv_free(&f->args);
    free(f);
    return 0;
}

static int make(struct fixture *f, const char *text)
{
    struct plan_options options = {.target = f->target,
                                   .build_args = &f->args,
                                   .semantics = f->semantics,
                                   .base = find_base,
                                   .base_payload = &f->bases};
    plan_free(f->plan);
    dockerfile_free(f->df);
    f->plan = NULL;
    f->df = NULL;
    assert_int_equal(
        dockerfile_parse("Dockerfile", text, strlen(text), &f->df, &f->err), 0);
    assert_int_equal(dockerfile_check(f->df, &f->err), 0);
    return plan_new(f->df, &options, &f->plan, &f->err);
}

static const struct image_config *config(const struct fixture *f)
{
    return f->plan->stages[f->plan->target].config;
}

static const struct plan_step *last(const struct fixture *f)
{
    return &f->plan->steps[f->plan->step_count - 1];
}

static const char *variable(const struct plan_step *step, const char *name)
{
    for (size_t i = 0; i < step->env->len; i++)
        if (strcmp(step->env->vars[i].name, name) == 0)
            return step->env->vars[i].value;
    return NULL;
}

static void plan__unneeded_stages__are_left_out(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(make(f,
                          "FROM scratch AS a\nCOPY x /\nFROM scratch AS b\nCOPY y /\n"
                          "FROM scratch AS c\nCOPY --from=a / /\n"),
                     0);
    assert_true(f->plan->stages[0].needed);
    assert_false(f->plan->stages[1].needed);
    assert_int_equal(f->plan->step_count, 4);
    f->target = "B";
    assert_int_equal(
        make(f, "FROM scratch AS a\nCOPY x /\nFROM scratch AS b\nCOPY y /\n"), 0);
    assert_int_equal(f->plan->target, 1);
    assert_int_equal(f->plan->step_count, 2);
    f->target = "0";
    assert_int_equal(
        make(f, "FROM scratch AS a\nCOPY x /\nFROM scratch AS b\nCOPY y /\n"), 0);
    assert_int_equal(f->plan->target, 0);
}

static void plan__classic__needs_every_stage_up_to_the_target(void **state)
{
    struct fixture *f = *state;
    f->semantics = SEMANTICS_CLASSIC;
    assert_int_equal(
        make(f, "FROM scratch AS a\nCOPY x /\nFROM scratch AS b\nCOPY y /\n"), 0);
    assert_int_equal(f->plan->step_count, 4);
}

static void plan__refusals__name_line_and_word(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *target, *message;
        unsigned line;
    } rows[] = {
        {"FROM scratch\n", "nope", "target stage \"nope\"", 0},
        {"FROM scratch AS a\nCOPY --from=a / /\n", NULL, "circular", 2},
        {"FROM scratch\nCOPY --from=0 / /\n", NULL, "circular", 2},
        {"FROM scratch\nCOPY --from=7 / /\n", NULL, "invalid stage index 7", 2},
        {"FROM scratch\nCOPY --from=b / /\nFROM scratch AS b\nFROM 0\n", "0",
         "needs to be defined before", 2},
        {"FROM scratch\nFROM scratch\nRUN --mount=from=0,target=/m x\n", NULL,
         "no image 0", 3},
        {"ARG X\nFROM $X\n", NULL, "should not be blank", 2},
        {"ARG X\nFROM $X AS unneeded\nFROM scratch\n", NULL, "should not be blank", 2},
        {"FROM scratch\nCOPY --chmod=99 a /\n", NULL, "99", 2},
        {"FROM scratch\nARG M=8\nCOPY --chmod=$M a /\n", NULL, "octal", 3},
        {"FROM scratch\nENV P=x\nEXPOSE $P\n", NULL, "invalid containerPort: x", 3},
        {"FROM scratch\nENV S=NOPE\nSTOPSIGNAL $S\n", NULL, "invalid signal: NOPE", 3},
        {"FROM scratch\nRUN --mount=type=tmpfs,target=/ x\n", NULL, "/", 2},
        {"FROM scratch\nENV A=${B:?why}\n", NULL, "why", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        f->target = rows[i].target;
        memset(&f->err, 0, sizeof f->err);
        int rc = 0;
        struct plan_options options = {
            .target = f->target, .base = find_base, .base_payload = &f->bases};
        struct dockerfile *df = NULL;
        struct plan *plan = NULL;
        rc = dockerfile_parse("Dockerfile", rows[i].text, strlen(rows[i].text), &df,
                              &f->err);
        if (rc == 0)
            rc = dockerfile_check(df, &f->err);
        if (rc == 0)
            rc = plan_new(df, &options, &plan, &f->err);
        if (rc != ERR_INPUT || strstr(f->err.msg, rows[i].message) == NULL ||
            f->err.line != rows[i].line)
            fail_msg("%s: %d, line %u: %s", rows[i].text, rc, f->err.line, f->err.msg);
        plan_free(plan);
        dockerfile_free(df);
    }
}

static void plan__variables__follow_buildkit(void **state)
{
    struct fixture *f = *state;
    strv_add(&f->args, "B=7");
    assert_int_equal(
        make(f, "ARG G=g\nARG H=$G-h\nFROM scratch\nARG H\nENV A=env\nARG A=arg\n"
                "ARG B=1\nENV B=2\nARG B=3\nENV abc=hello\n"
                "ENV abc=bye def=$abc\nARG NONE\nRUN x\n"),
        0);
    const struct plan_step *run = last(f);
    assert_string_equal(variable(run, "H"), "g-h");
    assert_string_equal(variable(run, "A"), "arg");
    assert_string_equal(variable(run, "B"), "7");
    assert_string_equal(variable(run, "def"), "hello");
    assert_null(variable(run, "NONE"));
    assert_null(variable(run, "G"));
    assert_string_equal(env_get(&config(f)->env, "A"), "env");
    assert_string_equal(env_get(&config(f)->env, "B"), "2");
}

static void plan__platform_args__need_an_ARG(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(make(f, "FROM scratch\nARG TARGETARCH\nRUN x\n"), 0);
    assert_string_equal(variable(last(f), "TARGETARCH"), image_architecture());
    assert_null(variable(last(f), "TARGETOS"));
}

static void plan__stage_on_stage__inherits_args_in_buildkit_only(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "FROM scratch AS p\nARG V=1\nENV E=2\nFROM p\nRUN x\n";
    assert_int_equal(make(f, text), 0);
    assert_string_equal(variable(last(f), "V"), "1");
    assert_string_equal(config(f)->workdir, "/");
    f->semantics = SEMANTICS_CLASSIC;
    assert_int_equal(make(f, text), 0);
    assert_null(config(f)->workdir);
    assert_null(variable(last(f), "V"));
    assert_string_equal(variable(last(f), "E"), "2");
}

static void plan__base_image__gives_config_and_triggers(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(make(f, "FROM base\nENTRYPOINT [\"e\"]\n"), 0);
    assert_int_equal(f->plan->step_count, 3);
    assert_string_equal(f->plan->steps[1].run->script, "echo trigger");
    assert_int_equal(f->plan->steps[1].line, 1);
    assert_int_equal(config(f)->onbuild.len, 0);
    assert_false(config(f)->has_cmd); /* an inherited CMD goes with a new ENTRYPOINT */
    assert_string_equal(env_get(&config(f)->env, "PATH"), "/bin");
}

static void plan__history__reads_as_in_buildkit(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *line, *created_by;
    } rows[] = {
        {"ENV A=1 B=\"two words\"", "ENV A=1 B=two words"},
        {"ARG B=7", "ARG B=7"},
        {"RUN echo \"$B\"", "RUN |1 B=7 /bin/sh -c echo \"$B\" # buildkit"},
        {"LABEL x=$B", "LABEL x=7"},
        {"WORKDIR /w/", "WORKDIR /w/"},
        {"WORKDIR sub//.", "WORKDIR /w/sub"},
        {"COPY --chown=5:6 a b /d/", "COPY --chown=5:6 a b /d/ # buildkit"},
        {"COPY --link --chown=$NONE --chmod=$NONE a /d/", "COPY a /d/ # buildkit"},
        {"EXPOSE 8001-8002 53/UDP 8001", "EXPOSE [53/udp 8001/tcp 8001/tcp 8002/tcp]"},
        {"EXPOSE 53/sctp 080 +8001", "EXPOSE [8001/tcp 80/tcp 53/sctp]"},
        {"VOLUME /v /z", "VOLUME [/v /z]"},
        {"HEALTHCHECK --interval=5m --timeout=3s CMD curl x",
         "HEALTHCHECK {Test:[CMD-SHELL curl x] Interval:5m0s Timeout:3s StartPeriod:0s "
         "StartInterval:0s Retries:0}"},
        {"HEALTHCHECK --interval=1h30m --retries=40 CMD [\"curl\", \"x\"]",
         "HEALTHCHECK {Test:[CMD curl x] Interval:1h30m0s Timeout:0s StartPeriod:0s "
         "StartInterval:0s Retries:40}"},
        {"STOPSIGNAL 9", "STOPSIGNAL 9"},
        {"SHELL [\"/bin/sh\",\"-ec\"]", "SHELL [/bin/sh -ec]"},
        {"CMD", "CMD [\"/bin/sh\" \"-ec\" \"\"]"},
        {"CMD []", "CMD []"},
        {"CMD echo hi", "CMD [\"/bin/sh\" \"-ec\" \"echo hi\"]"},
        {"ENTRYPOINT foo \"bar\"",
         "ENTRYPOINT [\"/bin/sh\" \"-ec\" \"foo \\\"bar\\\"\"]"},
        {"USER 1000:1000", "USER 1000:1000"},
        {"MAINTAINER me <a@b> $B", "MAINTAINER me <a@b> $B"},
        {"ARG $B=$B", "ARG $B=7"},
        {"ONBUILD  RUN x\t", NULL},
    };
    AUTO_BUF text = BUF_INIT;
    buf_adds(&text, "FROM scratch\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        buf_addf(&text, "%s\n", rows[i].line);
    assert_int_equal(make(f, buf_str(&text)), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = f->plan->steps[i + 1].created_by;
        if (rows[i].created_by == NULL)
            assert_null(got);
        else
            assert_string_equal(got, rows[i].created_by);
    }
    assert_string_equal(config(f)->workdir, "/w/sub");
    assert_int_equal(config(f)->exposed.len, 5);
    assert_string_equal(config(f)->onbuild.items[0], "RUN x\t");
}

static void plan__onbuild__keeps_heredocs_and_runs_them(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "FROM scratch AS a\n"
                               "ONBUILD COPY <<A <<-\"B\" /t/\nx $v\nA\n\t\ty\n\tB\n";
    assert_int_equal(make(f, text), 0);
    assert_string_equal(config(f)->onbuild.items[0],
                        "COPY <<A <<-\"B\" /t/\nx $v\nA\n\t\ty\nB");
    AUTO_BUF both = BUF_INIT;
    buf_addf(&both, "%sENV v=1\nFROM a\n", text);
    assert_int_equal(make(f, buf_str(&both)), 0);
    assert_int_equal(last(f)->copy->file_count, 2);
    assert_string_equal(last(f)->copy->files[0].data, "x 1\n");
    assert_string_equal(last(f)->copy->files[1].data, "y\n");
}

static void plan__heredocs__become_script_or_file(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(make(f, "FROM scratch\nRUN <<-E\n\techo a\n\tE\n"), 0);
    assert_string_equal(last(f)->run->script, "echo a\n");
    assert_int_equal(make(f, "FROM scratch\nRUN cat <<E > /f\nx\nE\n"), 0);
    assert_string_equal(last(f)->run->script, "cat <<E > /f\nx\nE");
    assert_int_equal(make(f, "FROM scratch\nRUN cat <<A <<B\nx\nA\ny\nB\n"), 0);
    assert_string_equal(last(f)->run->script, "cat <<A <<B\nx\nA\ny\nB");
    assert_int_equal(make(f, "FROM scratch\nRUN <<S\n#!/bin/python\nprint(1)\nS\n"), 0);
    assert_string_equal(last(f)->run->script_file, "S");
    assert_string_equal(last(f)->run->argv.items[0], "/bin/sh");
    assert_string_equal(last(f)->run->argv.items[2], "/dev/pipes/S");
    assert_int_equal(
        make(f, "FROM scratch\nENV V=1\nCOPY <<A <<\"B\" /d/\n$V\nA\n$V\nB\n"), 0);
    assert_int_equal(last(f)->copy->file_count, 2);
    assert_string_equal(last(f)->copy->files[0].data, "1\n");
    assert_string_equal(last(f)->copy->files[1].data, "$V\n");
}

static void plan__destination__keeps_its_slash(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][2] = {
        {".", "/w/"},      {"./", "/w/"}, {"x", "/w/x"},       {"x/", "/w/x/"},
        {"/y/", "/y/"},    {"/y", "/y"},  {"../z", "/z"},      {"/y/.", "/y/."},
        {"x/.", "/w/x/."}, {"/", "/"},    {"/q/../y/", "/y/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_FREE char *text =
            xasprintf("FROM scratch\nWORKDIR /w\nCOPY a %s\n", rows[i][0]);
        assert_int_equal(make(f, text), 0);
        assert_string_equal(last(f)->copy->dest, rows[i][1]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(plan__unneeded_stages__are_left_out),
        TEST(plan__classic__needs_every_stage_up_to_the_target),
        TEST(plan__refusals__name_line_and_word),
        TEST(plan__variables__follow_buildkit),
        TEST(plan__platform_args__need_an_ARG),
        TEST(plan__stage_on_stage__inherits_args_in_buildkit_only),
        TEST(plan__base_image__gives_config_and_triggers),
        TEST(plan__history__reads_as_in_buildkit),
        TEST(plan__onbuild__keeps_heredocs_and_runs_them),
        TEST(plan__heredocs__become_script_or_file),
        TEST(plan__destination__keeps_its_slash),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
