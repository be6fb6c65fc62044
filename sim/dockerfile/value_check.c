/* SPDX-License-Identifier: MIT */
/* Values of instructions, judged in stages that the build needs: no variable in them
 * is known yet, so a value that holds one waits. */
#include <stdlib.h>
#include <string.h>

#include "sim/dockerfile/check.h"
#include "sim/dockerfile/word.h"

/* Every variable has some value here: what is refused then is always wrong. */
static const char *some_value(void *payload, const char *name)
{
    (void)payload;
    (void)name;
    return "x";
}

static int check_word(const char *word, char escape, bool body, struct err *err)
{
    const struct word_options options = {
        .escape = escape, .lookup = some_value, .keep_quotes = body};
    char *out = NULL;
    int rc = word_expand(word, &options, &out, err);
    free(out);
    return rc;
}

/* Which flags hold words that are expanded. */
static bool is_expanded_flag(const struct instruction *in, const char *flag)
{
    static const char *const copy[] = {"--chown=", "--chmod=", "--checksum="};
    if (in->kind == INSTRUCTION_FROM)
        return strncmp(flag, "--platform=", 11) == 0;
    for (size_t i = 0; i < sizeof copy / sizeof copy[0]; i++) {
        if (strncmp(flag, copy[i], strlen(copy[i])) == 0)
            return in->kind == INSTRUCTION_COPY || in->kind == INSTRUCTION_ADD;
    }
    return false;
}

static bool expands(enum instruction_kind kind)
{
    switch (kind) {
    case INSTRUCTION_ADD:
    case INSTRUCTION_ARG:
    case INSTRUCTION_COPY:
    case INSTRUCTION_ENV:
    case INSTRUCTION_EXPOSE:
    case INSTRUCTION_LABEL:
    case INSTRUCTION_STOPSIGNAL:
    case INSTRUCTION_USER:
    case INSTRUCTION_VOLUME:
    case INSTRUCTION_WORKDIR:
        return true;
    default:
        return false;
    }
}

int instruction_check_words(const struct instruction *in, char escape, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < in->flags.len; i++) {
        const char *flag = in->flags.items[i];
        if (is_expanded_flag(in, flag))
            rc = check_word(strchr(flag, '=') + 1, escape, false, err);
    }
    size_t count = in->kind == INSTRUCTION_FROM ? 1 : in->args.len;
    for (size_t i = 0; rc == 0 && i < count && i < in->args.len; i++) {
        const char *word = in->args.items[i], *equals = strchr(word, '=');
        if (in->kind == INSTRUCTION_ARG && equals != NULL)
            word = equals + 1;
        if (expands(in->kind) || in->kind == INSTRUCTION_FROM)
            rc = check_word(word, escape, false, err);
    }
    for (size_t i = 0; rc == 0 && i < in->heredoc_count; i++) {
        if (expands(in->kind) && heredoc_is_expanded(in, i))
            rc = check_word(in->heredocs[i].content, escape, true, err);
    }
    return rc != 0 ? err_at(err, NULL, in->line) : 0;
}

static int check_ports(const struct instruction *in, char escape, struct err *err)
{
    const struct word_options options = {.escape = escape};
    for (size_t i = 0; i < in->args.len; i++) {
        struct strv words = STRV_INIT, ports = STRV_INIT;
        int rc = 0;
        if (!has_variable(in->args.items[i]))
            rc = word_expand_split(in->args.items[i], &options, &words, err);
        for (size_t k = 0; rc == 0 && k < words.len; k++)
            rc = words.items[k][0] == '\0' ? 0
                                           : ports_parse(words.items[k], &ports, err);
        strv_free(&words);
        strv_free(&ports);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int check_signal(const struct instruction *in, char escape, struct err *err)
{
    const struct word_options options = {.escape = escape};
    char *name;
    if (has_variable(in->args.items[0]))
        return 0;
    int rc = word_expand(in->args.items[0], &options, &name, err);
    if (rc != 0)
        return rc;
    rc = signal_check(name, err);
    free(name);
    return rc;
}

bool is_remote(const char *source)
{
    static const char *const starts[] = {"http://", "https://", "git@", "git://",
                                         "ssh://"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncmp(source, starts[i], strlen(starts[i])) == 0)
            return true;
    }
    return false;
}

/* ALGORITHM:HEX of a known algorithm and the right length. */
static int check_digest(const char *text, struct err *err)
{
    static const struct {
        const char *name;
        size_t digits;
    } known[] = {{"sha256", 64}, {"sha384", 96}, {"sha512", 128}};
    const char *colon = strchr(text, ':');
    if (colon == NULL || colon == text)
        return err_set(err, ERR_INPUT, "invalid checksum digest format: %.200s", text);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strncmp(text, known[i].name, (size_t)(colon - text)) != 0 ||
            strlen(known[i].name) != (size_t)(colon - text))
            continue;
        if (strlen(colon + 1) != known[i].digits)
            return err_set(err, ERR_INPUT, "invalid checksum digest length: %.200s",
                           text);
        if (strspn(colon + 1, "0123456789abcdef") != known[i].digits)
            return err_set(err, ERR_INPUT, "invalid checksum digest format: %.200s",
                           text);
        return 0;
    }
    return err_set(err, ERR_INPUT, "unsupported digest algorithm: %.200s", text);
}

/* A commit of a git source stands there without an algorithm. */
static bool is_git(const char *source)
{
    const char *end = strpbrk(source, "#?");
    size_t n = end != NULL ? (size_t)(end - source) : strlen(source);
    return strncmp(source, "http", 4) != 0 ||
           (n > 4 && memcmp(source + n - 4, ".git", 4) == 0);
}

static int check_checksum(const struct instruction *in, const struct copy_args *args,
                          struct err *err)
{
    if (args->checksum == NULL || *args->checksum == '\0' ||
        has_variable(args->checksum))
        return 0;
    if (args->sources.len != 1 || in->heredoc_count > 0)
        return err_set(err, ERR_INPUT,
                       "checksum can't be specified for multiple sources");
    if (!is_remote(args->sources.items[0]) && !has_variable(args->sources.items[0]))
        return err_set(err, ERR_INPUT, "checksum requires HTTP(S) or Git sources");
    if (has_variable(args->sources.items[0]) || is_git(args->sources.items[0]))
        return 0;
    return check_digest(args->checksum, err);
}

static int check_copy_values(const struct instruction *in, struct err *err)
{
    struct copy_args args;
    int rc = instruction_copy(in, &args, err);
    if (rc != 0)
        return rc;
    if (args.chmod != NULL && !has_variable(args.chmod))
        rc = chmod_check(args.chmod, err);
    if (rc == 0)
        rc = check_checksum(in, &args, err);
    copy_args_free(&args);
    return rc;
}

static int check_volume_values(const struct instruction *in, struct err *err)
{
    for (size_t i = 0; i < in->args.len; i++) {
        if (strcmp(in->args.items[i], "\"\"") == 0 ||
            strcmp(in->args.items[i], "''") == 0)
            return err_set(err, ERR_INPUT,
                           "VOLUME specified can not be an empty string");
    }
    return 0;
}

static int check_values(const struct instruction *in, char escape, struct err *err)
{
    struct run_args run;
    int rc = 0;
    switch (in->kind) {
    case INSTRUCTION_RUN:
        if (in->json && in->args.len == 0)
            return err_set(err, ERR_INPUT,
                           "RUN [] holds no command: arguments are required");
        rc = instruction_run(in, &run, err);
        if (rc == 0 && run.devices.len > 0) {
            rc = err_set(err, ERR_INPUT,
                         "--device: the device feature is only supported in a labs "
                         "version of the Dockerfile frontend");
            err_hint(err, "leave --device out");
        }
        if (rc == 0 || run.devices.len > 0)
            run_args_free(&run);
        return rc;
    case INSTRUCTION_COPY:
    case INSTRUCTION_ADD:
        return check_copy_values(in, err);
    case INSTRUCTION_EXPOSE:
        return check_ports(in, escape, err);
    case INSTRUCTION_STOPSIGNAL:
        return check_signal(in, escape, err);
    case INSTRUCTION_VOLUME:
        return check_volume_values(in, err);
    default:
        return 0;
    }
}

int instruction_check_values(const struct instruction *in, char escape, struct err *err)
{
    int rc = check_values(in, escape, err);
    return rc != 0 ? err_at(err, NULL, in->line) : 0;
}
