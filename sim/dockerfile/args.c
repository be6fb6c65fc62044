/* SPDX-License-Identifier: MIT */
/* From the joined line of an instruction to its word, flags and arguments. */
#include <string.h>

#include "sim/dockerfile/parse.h"

/* How the text after word and flags is read. */
enum shape {
    SHAPE_NONE,
    SHAPE_COMMAND, /* JSON or one string */
    SHAPE_PATHS,   /* JSON or words */
    SHAPE_WORDS,   /* words at blanks */
    SHAPE_STRING,  /* one string */
    SHAPE_PAIRS,   /* ENV, LABEL */
    SHAPE_NAMES,   /* ARG */
    SHAPE_HEALTH,
    SHAPE_TRIGGER,
};

static const struct {
    const char *word;
    enum shape shape;
} kinds[] = {
    [INSTRUCTION_UNKNOWN] = {"", SHAPE_NONE},
    [INSTRUCTION_ADD] = {"add", SHAPE_PATHS},
    [INSTRUCTION_ARG] = {"arg", SHAPE_NAMES},
    [INSTRUCTION_CMD] = {"cmd", SHAPE_COMMAND},
    [INSTRUCTION_COPY] = {"copy", SHAPE_PATHS},
    [INSTRUCTION_ENTRYPOINT] = {"entrypoint", SHAPE_COMMAND},
    [INSTRUCTION_ENV] = {"env", SHAPE_PAIRS},
    [INSTRUCTION_EXPOSE] = {"expose", SHAPE_WORDS},
    [INSTRUCTION_FROM] = {"from", SHAPE_WORDS},
    [INSTRUCTION_HEALTHCHECK] = {"healthcheck", SHAPE_HEALTH},
    [INSTRUCTION_LABEL] = {"label", SHAPE_PAIRS},
    [INSTRUCTION_MAINTAINER] = {"maintainer", SHAPE_STRING},
    [INSTRUCTION_ONBUILD] = {"onbuild", SHAPE_TRIGGER},
    [INSTRUCTION_RUN] = {"run", SHAPE_COMMAND},
    [INSTRUCTION_SHELL] = {"shell", SHAPE_COMMAND},
    [INSTRUCTION_STOPSIGNAL] = {"stopsignal", SHAPE_STRING},
    [INSTRUCTION_USER] = {"user", SHAPE_STRING},
    [INSTRUCTION_VOLUME] = {"volume", SHAPE_PATHS},
    [INSTRUCTION_WORKDIR] = {"workdir", SHAPE_STRING},
};

enum instruction_kind instruction_kind_of(struct span word)
{
    for (size_t i = 1; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (word.n > 0 && lower(word.p[0]) == kinds[i].word[0] &&
            span_is(word, kinds[i].word))
            return (enum instruction_kind)i;
    }
    return INSTRUCTION_UNKNOWN;
}

static void read_blank_words(struct dockerfile *df, struct span rest, struct strv *out)
{
    const char *p = rest.p, *end = rest.p + rest.n;
    while (p < end) {
        const char *start = p;
        while (p < end && !is_blank(*p))
            p++;
        list_add(&df->arena, out, start, (size_t)(p - start));
        while (p < end && is_blank(*p))
            p++;
    }
}

static int read_json(struct dockerfile *df, struct instruction *in, struct span rest,
                     struct err *err)
{
    if (rest.n == 0 || rest.p[0] != '[')
        return 0;
    struct strv words = STRV_INIT;
    switch (json_words(&df->arena, rest, &words)) {
    case JSON_MIXED:
        err_set(
            err, ERR_INPUT,
            "when using JSON array syntax, arrays must be comprised of strings only");
        return err_hint(err, "put each element of the array in double quotes");
    case JSON_WORDS:
        in->json = true;
        for (size_t i = 0; i < words.len; i++)
            list_add(&df->arena, &in->args, words.items[i], strlen(words.items[i]));
        return 0;
    default:
        return 0;
    }
}

/* KEY=VALUE…, or the old form KEY VALUE. */
static int read_pairs(struct dockerfile *df, struct instruction *in, struct span rest,
                      struct err *err)
{
    struct strv words = STRV_INIT;
    words_read(&df->arena, df->escape, rest, &words);
    if (words.len == 0)
        return 0;
    if (strchr(words.items[0], '=') == NULL) {
        size_t key = 0;
        while (key < rest.n && !is_blank(rest.p[key]))
            key++;
        size_t value = key;
        while (value < rest.n && is_blank(rest.p[value]))
            value++;
        if (value == rest.n) {
            err_set(err, ERR_INPUT, "%s must have two arguments",
                    in->kind == INSTRUCTION_ENV ? "ENV" : "LABEL");
            return err_hint(err, "write %s=value", words.items[0]);
        }
        list_add(&df->arena, &in->args, rest.p, key);
        list_add(&df->arena, &in->args, rest.p + value, rest.n - value);
        return 0;
    }
    for (size_t i = 0; i < words.len; i++) {
        const char *word = words.items[i], *equals = strchr(word, '=');
        if (equals == NULL) {
            err_set(err, ERR_INPUT,
                    "Syntax error - can't find = in \"%.200s\". Must be of the form: "
                    "name=value",
                    word);
            return err_hint(err, "put a value that contains blanks in double quotes");
        }
        list_add(&df->arena, &in->args, word, (size_t)(equals - word));
        list_add(&df->arena, &in->args, equals + 1, strlen(equals + 1));
    }
    return 0;
}

static int read_health(struct dockerfile *df, struct instruction *in, struct span rest,
                       struct err *err)
{
    size_t n = 0;
    while (n < rest.n && scan_space(rest.p + n, rest.n - n) == 0)
        n++;
    if (n == 0)
        return 0;
    list_add(&df->arena, &in->args, rest.p, n);
    rest = span_trim_left((struct span){rest.p + n, rest.n - n});
    int rc = read_json(df, in, rest, err);
    if (rc == 0 && !in->json && rest.n > 0)
        list_add(&df->arena, &in->args, rest.p, rest.n);
    return rc;
}

static int read_trigger(struct dockerfile *df, struct instruction *in, struct span rest,
                        struct err *err)
{
    if (rest.n == 0)
        return 0;
    struct instruction *trigger = arena_alloc(&df->arena, sizeof *trigger);
    *trigger = (struct instruction){0};
    trigger->line = in->line;
    trigger->end_line = in->end_line;
    /* To the end of the line, as Docker records the trigger in the image. */
    trigger->original = arena_strdup(&df->arena, rest.p);
    trigger->text = arena_strndup(&df->arena, rest.p, rest.n);
    in->onbuild = trigger;
    return instruction_read(df, trigger, err);
}

static int read_args(struct dockerfile *df, struct instruction *in, struct span rest,
                     struct err *err)
{
    enum shape shape = kinds[in->kind].shape;
    int rc = 0;
    switch (shape) {
    case SHAPE_COMMAND:
    case SHAPE_PATHS:
        rc = read_json(df, in, rest, err);
        if (rc == 0 && !in->json && shape == SHAPE_PATHS)
            read_blank_words(df, rest, &in->args);
        else if (rc == 0 && !in->json && rest.n > 0)
            list_add(&df->arena, &in->args, rest.p, rest.n);
        return rc;
    case SHAPE_WORDS:
        read_blank_words(df, rest, &in->args);
        return 0;
    case SHAPE_STRING:
        if (rest.n > 0)
            list_add(&df->arena, &in->args, rest.p, rest.n);
        return 0;
    case SHAPE_PAIRS:
        return read_pairs(df, in, rest, err);
    case SHAPE_NAMES:
        words_read(&df->arena, df->escape, rest, &in->args);
        return 0;
    case SHAPE_HEALTH:
        return read_health(df, in, rest, err);
    case SHAPE_TRIGGER:
        return read_trigger(df, in, rest, err);
    default:
        return 0;
    }
}

int instruction_read(struct dockerfile *df, struct instruction *in, struct err *err)
{
    struct span line = span_trim(span_of(in->original));
    size_t n = 0;
    while (n < line.n && !is_blank(line.p[n]))
        n++;
    struct span word = {line.p, n};
    in->kind = instruction_kind_of(word);
    in->name = arena_strndup(&df->arena, word.p, word.n);
    for (size_t i = 0; i < word.n; i++)
        in->name[i] = lower(in->name[i]);
    struct span rest = span_trim((struct span){line.p + n, line.n - n});
    flags_read(&df->arena, df->escape, &rest, &in->flags);
    /* The rest reaches to the end of the trimmed line: share it if nothing follows. */
    in->rest = in->original + (rest.p - in->original);
    if (rest.p[rest.n] != '\0')
        in->rest = arena_strndup(&df->arena, rest.p, rest.n);
    return read_args(df, in, rest, err);
}
