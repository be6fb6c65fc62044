/* SPDX-License-Identifier: MIT */
/*
 * The plan: `simbench:R|KEY|SECONDS;OP;OP;R|…`. KEY is a hash of the RUN's words
 * without blanks and backslashes, because builders differ in how they join lines. An OP
 * is d|MODE|OWNER|PATH     f|MODE|OWNER|PATH|SIZE|MARK     l|OWNER|PATH|TARGET
 *   h|PATH|TARGET         x|PATH
 * A file gets its MARK, which stands for the modelled content, and zeros up to SIZE:
 * where modelled contents differ, so do the files.
 */
#include <string.h>

#include "bench/twin.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

enum { PLAN_MOST = 96 << 10, KEY_DIGITS = 16 };

/* ---- keys ---- */

static void add_words(struct buf *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (strchr(" \t\r\n\\", *c) == NULL)
            buf_addc(out, *c);
}

/* ["sh", "-c", "…"]: the script counts what comes last. */
static bool is_shell(const struct instruction *in)
{
    static const char *const shells[] = {"sh", "bash", "dash", "ash"};
    const char *name = in->args.len > 0 ? path_base(in->args.items[0]) : "";
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(name, shells[i]) == 0)
            return true;
    return false;
}

/* What the shell gets as its script. */
static void run_words(const struct instruction *in, struct buf *out)
{
    if (in->json) {
        for (size_t i = is_shell(in) ? in->args.len - 1 : 0; i < in->args.len; i++)
            add_words(out, i > 0 ? in->args.items[i] : path_base(in->args.items[i]));
        return;
    }
    const char *script = in->args.len > 0 ? in->args.items[0] : "";
    bool body_only = in->heredoc_count == 1 && strncmp(script, "<<", 2) == 0 &&
                     strpbrk(script, " \t") == NULL;
    if (!body_only)
        add_words(out, script);
    for (size_t i = 0; i < in->heredoc_count; i++) {
        add_words(out, in->heredocs[i].content);
        if (!body_only)
            add_words(out, in->heredocs[i].name);
    }
}

static void run_key(const struct instruction *in, char out[KEY_DIGITS + 1])
{
    AUTO_BUF words = BUF_INIT;
    char hex[DIGEST_HEX + 1];
    run_words(in, &words);
    struct digest digest = digest_of(buf_str(&words), words.len);
    digest_hex(&digest, hex);
    memcpy(out, hex, KEY_DIGITS);
    out[KEY_DIGITS] = '\0';
}

/* ---- operations ---- */

static int plain_path(const char *path, struct err *err)
{
    for (const char *c = path; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == ';' || *c == '|')
            return err_set(err, ERR_INPUT,
                           "a twin cannot write '%.100s': no ; | or control characters",
                           path);
    return 0;
}

static int add_file(struct buf *out, const struct entry *e, struct err *err)
{
    struct entry copy = *e;
    char hex[DIGEST_HEX + 1];
    int r = entry_need_digest(&copy, err);
    if (r < 0)
        return r;
    digest_hex(&copy.digest, hex);
    buf_addf(out, "f|%o|%u:%u|/%s|%llu|%.16s;", e->mode, e->uid, e->gid, e->path,
             (unsigned long long)e->size, hex);
    return 0;
}

static int add_entry(struct buf *out, const struct entry *e, struct err *err)
{
    int r = plain_path(e->path, err);
    if (r == 0 && e->target != NULL)
        r = plain_path(e->target, err);
    if (r < 0 || e->path[0] == '\0')
        return r;
    switch (e->type) {
    case ENTRY_FILE:
        return add_file(out, e, err);
    case ENTRY_DIR:
        buf_addf(out, "d|%o|%u:%u|/%s;", e->mode, e->uid, e->gid, e->path);
        return 0;
    case ENTRY_SYMLINK:
        buf_addf(out, "l|%u:%u|/%s|%s;", e->uid, e->gid, e->path, e->target);
        return 0;
    case ENTRY_HARDLINK:
        buf_addf(out, "h|/%s|/%s;", e->path, e->target);
        return 0;
    case ENTRY_WHITEOUT:
        buf_addf(out, "x|/%s;", e->path);
        return 0;
    default:
        return err_set(err, ERR_INPUT,
                       "a twin cannot make '/%s': neither file, folder nor link",
                       e->path);
    }
}

/* What goes is taken away first: a folder in the place of a file. */
static int add_effects(struct buf *out, const struct tree *tree, struct err *err)
{
    int r = 0;
    for (int removals = 1; removals >= 0; removals--)
        for (size_t i = 0; i < tree->len && r == 0; i++)
            if ((tree->entries[i].type == ENTRY_WHITEOUT) == (removals == 1))
                r = add_entry(out, &tree->entries[i], err);
    return r;
}

/* ---- plans ---- */

static const struct instruction *instruction_at(const struct dockerfile *df,
                                                unsigned line)
{
    for (size_t i = 0; i < df->instruction_count; i++)
        if (df->instructions[i].line == line)
            return &df->instructions[i];
    return NULL;
}

static int add_run(struct store *store, const struct build_step *step, const char *key,
                   double time_scale, struct buf *out, struct err *err)
{
    double seconds = (double)step->virtual_ms / 1000 * time_scale;
    buf_addf(out, "R|%s|%.3f;", key, seconds);
    if (!step->has_layer)
        return 0;
    struct layer *layer = NULL;
    int r = store_layer_get(store, &step->diff_id, &layer, err);
    if (r == 0)
        r = add_effects(out, layer->tree, err);
    if (layer != NULL)
        layer_unref(layer);
    return r;
}

/* The section of the same key that stands in the plan already, without its times. */
static const char *section_of(const struct buf *plan, const char *key)
{
    AUTO_FREE char *head = xasprintf("R|%s|", key);
    const char *at = strstr(buf_str(plan), head);
    return at != NULL ? strchr(at, ';') + 1 : NULL;
}

static int add_section(struct buf *plan, const struct buf *section, const char *key,
                       const struct build_step *step, struct err *err)
{
    const char *known = section_of(plan, key);
    const char *effects = strchr(section->data, ';') + 1;
    if (known == NULL) {
        buf_add(plan, section->data, section->len);
        return 0;
    }
    size_t len = strlen(effects);
    if (strncmp(known, effects, len) == 0 &&
        (known[len] == '\0' || strncmp(known + len, "R|", 2) == 0))
        return 0;
    err_set(err, ERR_INPUT,
            "a twin cannot tell two RUNs of the same words apart that do different "
            "things: '%.200s'",
            step->instruction);
    err_at(err, "Dockerfile", step->line);
    return err_hint(err, "write one of them differently, for example with a comment "
                         "(: one && …)");
}

int twin_plan(struct store *store, const struct dockerfile *df,
              const struct build_result *predicted, double time_scale, struct buf *out,
              struct err *err)
{
    AUTO_BUF plan = BUF_INIT;
    int r = 0;
    for (unsigned i = 0; i < predicted->step_count && r == 0; i++) {
        const struct build_step *step = &predicted->steps[i];
        const struct instruction *in = instruction_at(df, step->line);
        AUTO_BUF section = BUF_INIT;
        char key[KEY_DIGITS + 1];
        if (in == NULL || in->kind != INSTRUCTION_RUN)
            continue;
        run_key(in, key);
        r = add_run(store, step, key, time_scale, &section, err);
        if (r == 0)
            r = add_section(&plan, &section, key, step, err);
        if (r == 0 && plan.len > PLAN_MOST) {
            err_set(err, ERR_INPUT, "the RUNs change too many files for a twin");
            r = err_hint(err, "a plan is at most %d kB", PLAN_MOST >> 10);
        }
    }
    buf_adds(out, "simbench:");
    buf_add(out, buf_str(&plan), plan.len);
    return r;
}
