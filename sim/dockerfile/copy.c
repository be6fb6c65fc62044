/* SPDX-License-Identifier: MIT */
/* COPY and ADD read for their meaning. */
#include <string.h>

#include "sim/base/digest.h"
#include "sim/dockerfile/check.h"

/* Whether a word of the arguments is one of the heredocs (its name may be quoted). */
static bool is_heredoc_word(const char *word)
{
    word += strspn(word, "0123456789");
    return word[0] == '<' && word[1] == '<' && word[2] != '<';
}

static int read_flags(const struct instruction *in, struct copy_args *out,
                      struct err *err)
{
    /* COPY and ADD share the first ones. */
    const struct flag copy[] = {
        {.name = "chown", .type = FLAG_TEXT, .text = &out->chown},
        {.name = "chmod", .type = FLAG_TEXT, .text = &out->chmod},
        {.name = "link", .type = FLAG_BOOL, .on = &out->link},
        {.name = "exclude", .type = FLAG_LIST, .list = &out->excludes},
        {.name = "from", .type = FLAG_TEXT, .text = &out->from},
        {.name = "parents", .type = FLAG_BOOL, .on = &out->parents},
    };
    const struct flag add[] = {
        copy[0],
        copy[1],
        copy[2],
        copy[3],
        {.name = "keep-git-dir", .type = FLAG_BOOL, .on = &out->keep_git_dir},
        {.name = "checksum", .type = FLAG_TEXT, .text = &out->checksum},
        {.name = "unpack",
         .type = FLAG_BOOL,
         .on = &out->unpack,
         .given = &out->has_unpack},
    };
    return in->kind == INSTRUCTION_ADD
               ? flags_apply(in, add, sizeof add / sizeof add[0], err)
               : flags_apply(in, copy, sizeof copy / sizeof copy[0], err);
}

static int read_paths(const struct instruction *in, struct copy_args *out,
                      struct err *err)
{
    const struct strv *args = &in->args;
    const char *title = instruction_title(in);
    if (args->len < 2) {
        err_set(err, ERR_INPUT,
                "%s requires at least two arguments, but only %s was provided. "
                "Destination could not be determined",
                title, args->len == 1 ? "one" : "none");
        return err_hint(err, "write %s SOURCE... DESTINATION", title);
    }
    size_t heredocs = 0;
    out->dest = args->items[args->len - 1];
    for (size_t i = 0; i < args->len; i++) {
        const char *word = args->items[i];
        bool heredoc = heredocs < in->heredoc_count && is_heredoc_word(word);
        heredocs += heredoc;
        if (heredoc && i + 1 == args->len)
            return err_set(err, ERR_INPUT,
                           "%s cannot accept a heredoc as a destination", title);
        if (!heredoc && i + 1 < args->len)
            strv_add(&out->sources, word);
    }
    return 0;
}

int instruction_copy(const struct instruction *in, struct copy_args *out,
                     struct err *err)
{
    *out = (struct copy_args){0};
    int rc = read_flags(in, out, err);
    if (rc == 0)
        rc = read_paths(in, out, err);
    if (rc == 0)
        return 0;
    copy_args_free(out);
    return err_at(err, NULL, in->line);
}

void copy_args_free(struct copy_args *args)
{
    strv_free(&args->sources);
    strv_free(&args->excludes);
    *args = (struct copy_args){0};
}
