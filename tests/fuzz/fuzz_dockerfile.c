/* SPDX-License-Identifier: MIT */
/* Dockerfile text through the parser, the JSON, the checks, the lint and expansion. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sim/dockerfile/instruction.h"
#include "sim/dockerfile/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *look_up(void *payload, const char *name)
{
    (void)payload;
    return name[0] == 'e' ? "" : name[0] == 'u' ? NULL : "a/b\xc3\xa9.txt";
}

static void expand(const char *text, char escape)
{
    struct strv unset = STRV_INIT, words = STRV_INIT;
    for (unsigned i = 0; i < 4; i++) {
        const struct word_options options = {.escape = escape,
                                             .lookup = look_up,
                                             .keep_quotes = (i & 1) != 0,
                                             .keep_escapes = (i & 2) != 0,
                                             .unset = &unset};
        char *out = NULL;
        if (word_expand(text, &options, &out, NULL) == 0)
            free(out);
        (void)word_expand_split(text, &options, &words, NULL);
    }
    strv_free(&unset);
    strv_free(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dockerfile *df = NULL;
    struct lint_report report = {0};
    struct buf json = BUF_INIT;
    if (dockerfile_parse("fuzz", (const char *)data, size, &df, NULL) != 0)
        return 0;
    dockerfile_to_json(df, &json);
    for (size_t i = 0; i < df->instruction_count; i++) {
        expand(df->instructions[i].rest, df->escape);
        for (size_t k = 0; k < df->instructions[i].heredoc_count; k++)
            expand(df->instructions[i].heredocs[k].content, df->escape);
    }
    (void)dockerfile_check(df, NULL);
    (void)dockerfile_lint(df, NULL, &report, NULL);
    lint_report_free(&report);
    buf_free(&json);
    dockerfile_free(df);
    return 0;
}
