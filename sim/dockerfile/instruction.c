/* SPDX-License-Identifier: MIT */
/* One instruction read for its meaning: flags, arity, and what is wrong with it. */
#include "sim/dockerfile/instruction.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/dockerfile/check.h"

static const char *const titles[] = {
    [INSTRUCTION_UNKNOWN] = "",        [INSTRUCTION_ADD] = "ADD",
    [INSTRUCTION_ARG] = "ARG",         [INSTRUCTION_CMD] = "CMD",
    [INSTRUCTION_COPY] = "COPY",       [INSTRUCTION_ENTRYPOINT] = "ENTRYPOINT",
    [INSTRUCTION_ENV] = "ENV",         [INSTRUCTION_EXPOSE] = "EXPOSE",
    [INSTRUCTION_FROM] = "FROM",       [INSTRUCTION_HEALTHCHECK] = "HEALTHCHECK",
    [INSTRUCTION_LABEL] = "LABEL",     [INSTRUCTION_MAINTAINER] = "MAINTAINER",
    [INSTRUCTION_ONBUILD] = "ONBUILD", [INSTRUCTION_RUN] = "RUN",
    [INSTRUCTION_SHELL] = "SHELL",     [INSTRUCTION_STOPSIGNAL] = "STOPSIGNAL",
    [INSTRUCTION_USER] = "USER",       [INSTRUCTION_VOLUME] = "VOLUME",
    [INSTRUCTION_WORKDIR] = "WORKDIR",
};

const char *instruction_title(const struct instruction *in)
{
    return titles[in->kind];
}

static int unknown(const struct instruction *in, struct err *err)
{
    size_t n = strlen(in->name);
    AUTO_FREE char *upper = xstrdup(in->name);
    for (char *p = upper; *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
    const char *near = suggest(upper, titles + 1, sizeof titles / sizeof *titles - 1);
    err_set(err, ERR_INPUT, "unknown instruction: %.*s%s%s%s", (int)(n < 100 ? n : 100),
            in->original, near != NULL ? " (did you mean " : "",
            near != NULL ? near : "", near != NULL ? "?)" : "");
    if (near != NULL)
        return err_hint(err, "write %s", near);
    return err_hint(err, "a line that belongs to the instruction above needs a "
                         "continuation character before it");
}

/* [a-z][a-z0-9-_.]*, case ignored. */
static bool is_stage_name(const char *name)
{
    if (!is_alpha(name[0]))
        return false;
    for (const char *p = name; *p != '\0'; p++) {
        if (!is_alpha(*p) && !is_digit(*p) && strchr("-_.", *p) == NULL)
            return false;
    }
    return true;
}

/* os, arch, os/arch or os/arch/variant. */
static int check_platform(const char *platform, struct err *err)
{
    static const char *const alone[] = {
        "linux",   "windows",   "darwin",  "freebsd", "amd64",    "arm64",
        "arm",     "386",       "ppc64le", "s390x",   "riscv64",  "x86_64",
        "aarch64", "i386",      "armhf",   "armel",   "mips64le", "mips64",
        "loong64", "local",     "mips",    "mipsle",  "ppc64",    "wasm",
        "wasi",    "js",        "openbsd", "netbsd",  "solaris",  "plan9",
        "x86-64",  "dragonfly", "aix",     "android", "ios",      "illumos"};
    size_t slashes = 0;
    bool ok = true;
    for (const char *p = platform; *p != '\0'; p++) {
        slashes += *p == '/';
        ok = ok && (is_alpha(*p) || is_digit(*p) || strchr("/._-", *p) != NULL) &&
             !(*p == '/' && (p == platform || p[1] == '/' || p[1] == '\0'));
    }
    if (!ok || slashes > 2) {
        err_set(err, ERR_INPUT,
                "failed to parse platform %.100s: cannot parse platform specifier",
                platform);
        return err_hint(err, "write os/arch, for example linux/amd64");
    }
    for (size_t i = 0; i < sizeof alone / sizeof alone[0] && slashes == 0; i++) {
        if (text_is(platform, alone[i]))
            return 0;
    }
    if (slashes > 0)
        return 0;
    err_set(err, ERR_INPUT,
            "failed to parse platform %.100s: unknown operating system or architecture",
            platform);
    return err_hint(err, "write os/arch, for example linux/amd64");
}

int instruction_from(const struct instruction *in, struct from_args *out,
                     struct err *err)
{
    *out = (struct from_args){0};
    const struct flag known[] = {
        {.name = "platform", .type = FLAG_TEXT, .text = &out->platform}};
    int rc = flags_apply(in, known, 1, err);
    if (rc != 0)
        return err_at(err, NULL, in->line);
    const struct strv *args = &in->args;
    if (args->len != 1 && (args->len != 3 || !text_is(args->items[1], "as"))) {
        err_set(err, ERR_INPUT, "FROM requires either one or three arguments");
        err_hint(err, "write FROM IMAGE or FROM IMAGE AS NAME");
        return err_at(err, NULL, in->line);
    }
    out->image = args->items[0];
    out->stage = args->len == 3 ? args->items[2] : NULL;
    if (out->platform != NULL && *out->platform == '\0')
        out->platform = NULL;
    if (out->stage != NULL && !is_stage_name(out->stage)) {
        err_set(err, ERR_INPUT,
                "invalid name for build stage: \"%.100s\", name can't start with a "
                "number or contain symbols",
                out->stage);
        err_hint(err, "a stage name is a letter, then letters, digits, - _ and .");
        return err_at(err, NULL, in->line);
    }
    return 0;
}

static int check_from(const struct instruction *in, struct err *err)
{
    struct from_args from;
    int rc = instruction_from(in, &from, err);
    if (rc != 0)
        return rc;
    if (strcmp(from.image, "\"\"") == 0 || strcmp(from.image, "''") == 0)
        return err_set(err, ERR_INPUT, "base name (%s) should not be blank",
                       from.image);
    if (from.platform != NULL && !has_variable(from.platform))
        return check_platform(from.platform, err);
    return 0;
}

/* Go's strconv.ParseInt into 0 … INT32_MAX. */
static int read_retries(const char *text, long *out, struct err *err)
{
    char *end;
    const char *digits = text + (*text == '-' || *text == '+');
    long n = strtol(text, &end, 10);
    if (!is_digit(*digits) || *end != '\0' || n > INT32_MAX)
        return err_set(err, ERR_INPUT, "--retries: \"%.100s\" is no valid number",
                       text);
    if (n < 0)
        return err_set(err, ERR_INPUT, "--retries cannot be negative (%ld)", n);
    *out = n;
    return 0;
}

static int read_duration(const char *name, const char *text, bool *has, int64_t *out,
                         struct err *err)
{
    if (text == NULL || *text == '\0')
        return 0;
    int rc = duration_parse(text, out, err);
    if (rc != 0)
        return rc;
    if (*out != 0 && *out < 1000000)
        return err_set(err, ERR_INPUT, "Interval \"%s\" cannot be less than 1ms", name);
    *has = true;
    return 0;
}

static int check_health_command(const struct instruction *in,
                                struct healthcheck_args *out, struct err *err)
{
    const char *type = in->args.items[0];
    out->none = text_is(type, "none");
    if (out->none && in->args.len > 1)
        return err_set(err, ERR_INPUT, "HEALTHCHECK NONE takes no arguments");
    if (!out->none && !text_is(type, "cmd")) {
        err_set(err, ERR_INPUT, "Unknown type \"%.100s\" in HEALTHCHECK (try CMD)",
                type);
        return err_hint(err, "write HEALTHCHECK CMD command, or HEALTHCHECK NONE");
    }
    if (!out->none && in->args.len < 2)
        return err_set(err, ERR_INPUT, "Missing command after HEALTHCHECK CMD");
    return 0;
}

static int read_health(const struct instruction *in, struct healthcheck_args *out,
                       struct err *err)
{
    const char *interval = NULL, *timeout = NULL, *period = NULL, *start = NULL,
               *retries = NULL;
    const struct flag known[] = {
        {.name = "interval", .type = FLAG_TEXT, .text = &interval},
        {.name = "timeout", .type = FLAG_TEXT, .text = &timeout},
        {.name = "start-period", .type = FLAG_TEXT, .text = &period},
        {.name = "start-interval", .type = FLAG_TEXT, .text = &start},
        {.name = "retries", .type = FLAG_TEXT, .text = &retries},
    };
    *out = (struct healthcheck_args){0};
    if (in->args.len == 0)
        return err_set(err, ERR_INPUT, "HEALTHCHECK requires at least one argument");
    int rc = check_health_command(in, out, err);
    if (rc != 0 || out->none) /* NONE: nobody looks at the flags */
        return rc;
    rc = flags_apply(in, known, sizeof known / sizeof known[0], err);
    if (rc != 0)
        return rc;
    rc =
        read_duration("interval", interval, &out->has_interval, &out->interval_ns, err);
    if (rc == 0)
        rc =
            read_duration("timeout", timeout, &out->has_timeout, &out->timeout_ns, err);
    if (rc == 0)
        rc = read_duration("start-period", period, &out->has_start_period,
                           &out->start_period_ns, err);
    if (rc == 0)
        rc = read_duration("start-interval", start, &out->has_start_interval,
                           &out->start_interval_ns, err);
    if (rc == 0 && retries != NULL && *retries != '\0') {
        rc = read_retries(retries, &out->retries, err);
        out->has_retries = rc == 0;
    }
    return rc;
}

int instruction_healthcheck(const struct instruction *in, struct healthcheck_args *out,
                            struct err *err)
{
    int rc = read_health(in, out, err);
    return rc != 0 ? err_at(err, NULL, in->line) : 0;
}

/* RUN's flags and what stands wrong wherever it is; mounts are values. */
static int check_run(const struct instruction *in, struct err *err)
{
    struct run_args args;
    struct instruction bare = *in;
    char *kept[64];
    /* Only what is wrong in an unneeded stage too: a mount without a value, or from a
     * variable. */
    bare.flags = (struct strv){kept, 0, 0};
    for (size_t i = 0; i < in->flags.len; i++) {
        char *flag = in->flags.items[i];
        bool mount = strncmp(flag, "--mount=", 8) == 0;
        bool from_variable = mount && strstr(flag, "from=$") != NULL;
        if ((!mount || from_variable || flag[8] == '\0') &&
            bare.flags.len < sizeof kept / sizeof kept[0])
            kept[bare.flags.len++] = flag;
    }
    int rc = instruction_run(&bare, &args, err);
    if (rc == 0)
        run_args_free(&args);
    return rc;
}

static int check_copy(const struct instruction *in, struct err *err)
{
    struct copy_args args;
    int rc = instruction_copy(in, &args, err);
    if (rc != 0)
        return rc;
    if (args.from != NULL && has_variable(args.from)) {
        rc = err_set(err, ERR_INPUT,
                     "variable expansion is not supported for --from: %.200s",
                     args.from);
        err_hint(err, "define a new stage with FROM %.200s AS NAME and name that",
                 args.from);
    }
    copy_args_free(&args);
    return rc;
}

static int arity(const struct instruction *in, const char *what, struct err *err)
{
    return err_set(err, ERR_INPUT, "%s requires %s argument", instruction_title(in),
                   what);
}

static int check_names(const struct instruction *in, struct err *err)
{
    if (in->args.len == 0)
        return arity(in, "at least one", err);
    size_t step = in->kind == INSTRUCTION_ARG ? 1 : 2;
    for (size_t i = 0; i < in->args.len; i += step) {
        const char *name = in->args.items[i];
        if (name[0] == '\0' || (step == 1 && name[0] == '='))
            return err_set(err, ERR_INPUT, "%s names can not be blank",
                           instruction_title(in));
    }
    return 0;
}

static int check_volume(const struct instruction *in, struct err *err)
{
    if (in->args.len == 0)
        return arity(in, "at least one", err);
    for (size_t i = 0; i < in->args.len; i++) {
        struct span path = span_trim(span_of(in->args.items[i]));
        if (path.n == 0)
            return err_set(err, ERR_INPUT,
                           "VOLUME specified can not be an empty string");
    }
    return 0;
}

static int check_onbuild(const struct instruction *in, struct err *err)
{
    if (in->onbuild == NULL)
        return arity(in, "at least one", err);
    switch (in->onbuild->kind) {
    case INSTRUCTION_ONBUILD:
        return err_set(err, ERR_INPUT,
                       "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    case INSTRUCTION_FROM:
    case INSTRUCTION_MAINTAINER:
        return err_set(err, ERR_INPUT, "%s isn't allowed as an ONBUILD trigger",
                       instruction_title(in->onbuild));
    default:
        return 0;
    }
}

static int check_kind(const struct instruction *in, struct err *err)
{
    struct healthcheck_args health;
    switch (in->kind) {
    case INSTRUCTION_UNKNOWN:
        return unknown(in, err);
    case INSTRUCTION_FROM:
        return check_from(in, err);
    case INSTRUCTION_RUN:
        return check_run(in, err);
    case INSTRUCTION_COPY:
    case INSTRUCTION_ADD:
        return check_copy(in, err);
    case INSTRUCTION_HEALTHCHECK:
        return instruction_healthcheck(in, &health, err);
    case INSTRUCTION_ENV:
    case INSTRUCTION_LABEL:
    case INSTRUCTION_ARG:
        return check_names(in, err);
    case INSTRUCTION_VOLUME:
        return check_volume(in, err);
    case INSTRUCTION_ONBUILD:
        return check_onbuild(in, err);
    case INSTRUCTION_EXPOSE:
        return in->args.len > 0 ? 0 : arity(in, "at least one", err);
    case INSTRUCTION_SHELL:
        if (!in->json && in->args.len > 0) {
            err_set(err, ERR_INPUT, "SHELL requires the arguments to be in JSON form");
            return err_hint(err, "write SHELL [\"/bin/sh\", \"-c\"]");
        }
        return in->args.len > 0 ? 0 : arity(in, "at least one", err);
    case INSTRUCTION_MAINTAINER:
    case INSTRUCTION_STOPSIGNAL:
    case INSTRUCTION_USER:
    case INSTRUCTION_WORKDIR:
        return in->args.len == 1 ? 0 : arity(in, "exactly one", err);
    default:
        return 0;
    }
}

/* Whether flags are judged by the kind itself; BuildKit ignores those of ARG and
 * STOPSIGNAL. */
static bool has_own_flags(enum instruction_kind kind)
{
    return kind == INSTRUCTION_FROM || kind == INSTRUCTION_RUN ||
           kind == INSTRUCTION_COPY || kind == INSTRUCTION_ADD ||
           kind == INSTRUCTION_HEALTHCHECK || kind == INSTRUCTION_UNKNOWN ||
           kind == INSTRUCTION_ARG || kind == INSTRUCTION_STOPSIGNAL;
}

int instruction_check(const struct instruction *in, struct err *err)
{
    int rc = has_own_flags(in->kind) ? 0 : flags_none(in, err);
    if (rc == 0)
        rc = check_kind(in, err);
    return rc != 0 ? err_at(err, NULL, in->line) : 0;
}

bool heredoc_is_expanded(const struct instruction *in, size_t at)
{
    for (size_t i = at + 1; i < in->heredoc_count; i++)
        if (strcmp(in->heredocs[i].name, in->heredocs[at].name) == 0)
            return false;
    return in->heredocs[at].expand;
}
