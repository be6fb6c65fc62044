/* SPDX-License-Identifier: MIT */
/*
 * simbench diff: two images side by side: layers shared, paths that differ, bytes that
 * lower layers carry but the finished root filesystem does not show.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/images.h"
#include "bench/json_text.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/view.h"

struct diff_values {
    int format;
    bool all;
};
enum { FORMAT_TEXT, FORMAT_JSON, PATHS_SHOWN = 40 };

static const struct option_spec options[] = {
    {"format", 0, OPTION_CHOICE, offsetof(struct diff_values, format), "text|json",
     "json: one object", 0},
    {"all", 'a', OPTION_FLAG, offsetof(struct diff_values, all), NULL,
     "list every path", 0},
};

struct side {
    const char *name; /* as given */
    struct loaded_image image;
    struct view *view;
    struct tree *files; /* merged */
    uint64_t wasted;
};

struct change {
    const char *path;
    const struct entry *from, *to; /* NULL: added, deleted */
    struct buf what;               /* "content,mode" for both */
};
struct changes {
    struct change *items;
    size_t len, cap;
    size_t added, changed, deleted;
};

/* An image, or the number of a build: a name in digits means the image first. */
static int load_image(struct store *store, const char *ref, struct side *out,
                      struct err *err)
{
    size_t len = strlen(ref);
    struct digest id;
    char text[DIGEST_TEXT + 1];
    int r = bench_image_load(store, ref, &out->image, err);
    if (r != ERR_NOT_FOUND || len > 18 || strspn(ref, "0123456789") != len)
        return r;
    bench_image_unload(&out->image);
    r = store_build_image(store, strtoll(ref, NULL, 10), &id, err);
    if (r < 0)
        return r;
    digest_text(&id, text);
    r = bench_image_load(store, text, &out->image, err);
    return r < 0 ? err_wrap(err, "image of build %s", ref) : r;
}

static int load_side(struct store *store, const char *ref, struct side *out,
                     struct err *err)
{
    out->name = ref;
    int r = load_image(store, ref, out, err);
    if (r < 0)
        return r;
    out->view = view_new();
    for (size_t i = 0; i < out->image.config->diff_id_count; i++)
        view_push(out->view, out->image.layers[i]->tree);
    out->files = view_subtree(out->view, "");
    uint64_t shown = tree_content_bytes(out->files);
    out->wasted = out->image.size > shown ? out->image.size - shown : 0;
    return 0;
}

static void free_side(struct side *side)
{
    tree_free(side->files);
    view_free(side->view);
    bench_image_unload(&side->image);
}

/* ---- paths ------------------------------------------------------------------------
 */

static void add_what(struct buf *what, const char *word)
{
    buf_addf(what, "%s%s", what->len != 0 ? "," : "", word);
}

static bool same_xattrs(const struct entry *a, const struct entry *b)
{
    if (a->xattr_count != b->xattr_count)
        return false;
    for (size_t i = 0; i < a->xattr_count; i++)
        if (strcmp(a->xattrs[i].name, b->xattrs[i].name) != 0 ||
            a->xattrs[i].len != b->xattrs[i].len ||
            memcmp(a->xattrs[i].value, b->xattrs[i].value, a->xattrs[i].len) != 0)
            return false;
    return true;
}

static bool same_target(const struct entry *a, const struct entry *b)
{
    return strcmp(a->target != NULL ? a->target : "",
                  b->target != NULL ? b->target : "") == 0;
}

/* What differs, times aside: a rebuilt layer has other times and the same files. */
static int compare_entries(struct entry *a, struct entry *b, struct buf *what,
                           struct err *err)
{
    if (a->type != b->type) {
        add_what(what, "type");
        return 0;
    }
    if (a->type == ENTRY_FILE) {
        int r = entry_need_digest(a, err);
        if (r == 0)
            r = entry_need_digest(b, err);
        if (r < 0)
            return r;
        if (a->size != b->size || !digest_equal(&a->digest, &b->digest))
            add_what(what, "content");
    }
    if (a->mode != b->mode && a->type != ENTRY_SYMLINK)
        add_what(what, "mode");
    if (a->uid != b->uid || a->gid != b->gid)
        add_what(what, "owner");
    if (!same_target(a, b) || a->dev_major != b->dev_major ||
        a->dev_minor != b->dev_minor)
        add_what(what, "target");
    if (!same_xattrs(a, b))
        add_what(what, "xattr");
    return 0;
}

static struct change *new_change(struct changes *changes, const char *path,
                                 const struct entry *from, const struct entry *to)
{
    GROW(changes->items, changes->cap, changes->len + 1);
    struct change *c = &changes->items[changes->len++];
    *c = (struct change){.path = path, .from = from, .to = to};
    return c;
}

static int compare_files(struct tree *a, struct tree *b, struct changes *out,
                         struct err *err)
{
    size_t i = 0, j = 0;
    while (i < a->len || j < b->len) {
        int order = i == a->len ? 1
                    : j == b->len
                        ? -1
                        : path_compare(a->entries[i].path, b->entries[j].path);
        if (order < 0) {
            new_change(out, a->entries[i].path, &a->entries[i], NULL);
            i++;
            out->deleted++;
        } else if (order > 0) {
            new_change(out, b->entries[j].path, NULL, &b->entries[j]);
            j++;
            out->added++;
        } else {
            struct buf what = BUF_INIT;
            int r = compare_entries(&a->entries[i], &b->entries[j], &what, err);
            if (r == 0 && what.len != 0) {
                new_change(out, a->entries[i].path, &a->entries[i], &b->entries[j])
                    ->what = what;
                out->changed++;
            } else {
                buf_free(&what);
            }
            if (r < 0)
                return r;
            i++;
            j++;
        }
    }
    return 0;
}

static void free_changes(struct changes *changes)
{
    for (size_t i = 0; i < changes->len; i++)
        buf_free(&changes->items[i].what);
    free(changes->items);
}

/* ---- showing ----------------------------------------------------------------------
 */

static bool has_layer(const struct side *side, const struct digest *diff_id)
{
    for (size_t i = 0; i < side->image.config->diff_id_count; i++)
        if (digest_equal(&side->image.config->diff_ids[i], diff_id))
            return true;
    return false;
}

static void print_layers(const struct side *side, const struct side *other, bool shared,
                         const char *label)
{
    for (size_t i = 0; i < side->image.config->diff_id_count; i++) {
        const struct layer *layer = side->image.layers[i];
        if (has_layer(other, &layer->diff_id) != shared)
            continue;
        char id[SHORT_ID + 1];
        AUTO_BUF size = BUF_INIT;
        bench_image_short_id(&layer->diff_id, id);
        report_bytes(layer->size, &size);
        printf("  %-8s %s  %8s\n", label, id, size.data);
    }
}

static void print_change(const struct change *c)
{
    AUTO_BUF path = BUF_INIT;
    AUTO_BUF size = BUF_INIT;
    report_escape_terminal(c->path, &path);
    if (c->from != NULL)
        report_bytes(c->from->size, &size);
    if (c->from != NULL && c->to != NULL)
        buf_adds(&size, " -> ");
    if (c->to != NULL)
        report_bytes(c->to->size, &size);
    const char *word = c->from == NULL ? "added"
                       : c->to == NULL ? "deleted"
                                       : "changed";
    printf("  %-8s %s  (%s%s%s)\n", word, buf_str(&path), buf_str(&c->what),
           c->what.len != 0 ? "; " : "", size.data);
}

static void print_waste(const struct side *side)
{
    AUTO_BUF wasted = BUF_INIT;
    AUTO_BUF size = BUF_INIT;
    report_bytes(side->wasted, &wasted);
    report_bytes(side->image.size, &size);
    printf("  %s: %s of %s\n", side->name, wasted.data, size.data);
}

static void print_text_diff(const struct side *a, const struct side *b,
                            const struct changes *changes, bool all)
{
    puts("layers");
    print_layers(a, b, true, "shared");
    print_layers(a, b, false, "only A");
    print_layers(b, a, false, "only B");
    printf("\npaths: %zu added, %zu changed, %zu deleted\n", changes->added,
           changes->changed, changes->deleted);
    size_t shown = all || changes->len <= PATHS_SHOWN ? changes->len : PATHS_SHOWN;
    for (size_t i = 0; i < shown; i++)
        print_change(&changes->items[i]);
    if (shown < changes->len)
        printf("  and %zu more (--all lists them)\n", changes->len - shown);
    puts("\nwasted: bytes that a later layer overwrites or deletes");
    print_waste(a);
    print_waste(b);
}

static void json_side(struct buf *out, const struct side *side)
{
    buf_adds(out, "{\"name\":");
    json_text_string(out, side->name);
    buf_adds(out, ",\"id\":");
    json_text_digest(out, &side->image.image.id);
    buf_addf(out, ",\"size\":%" PRIu64 ",\"wasted\":%" PRIu64 ",\"layers\":[",
             side->image.size, side->wasted);
    for (size_t i = 0; i < side->image.config->diff_id_count; i++) {
        buf_adds(out, i != 0 ? ",{\"diff_id\":" : "{\"diff_id\":");
        json_text_digest(out, &side->image.layers[i]->diff_id);
        buf_addf(out, ",\"size\":%" PRIu64 "}", side->image.layers[i]->size);
    }
    buf_adds(out, "]}");
}

static void json_paths(struct buf *out, const struct changes *changes)
{
    for (size_t i = 0; i < changes->len; i++) {
        const struct change *c = &changes->items[i];
        buf_adds(out, i != 0 ? ",{\"path\":" : "{\"path\":");
        json_text_string(out, c->path);
        buf_addf(out, ",\"change\":\"%s\",\"what\":[",
                 c->from == NULL ? "added"
                 : c->to == NULL ? "deleted"
                                 : "changed");
        for (const char *p = buf_str(&c->what); *p != '\0';) {
            size_t len = strcspn(p, ",");
            buf_addf(out, "\"%.*s\"%s", (int)len, p, p[len] == ',' ? "," : "");
            p += len + (p[len] == ',');
        }
        buf_adds(out, "],\"from\":");
        buf_addf(out, c->from != NULL ? "%" PRIu64 : "null",
                 c->from != NULL ? c->from->size : 0);
        buf_adds(out, ",\"to\":");
        buf_addf(out, c->to != NULL ? "%" PRIu64 : "null",
                 c->to != NULL ? c->to->size : 0);
        buf_addc(out, '}');
    }
}

static void print_json_diff(const struct side *a, const struct side *b,
                            const struct changes *changes)
{
    AUTO_BUF out = BUF_INIT;
    const char *comma = "";
    buf_adds(&out, "{\"a\":");
    json_side(&out, a);
    buf_adds(&out, ",\"b\":");
    json_side(&out, b);
    buf_adds(&out, ",\"shared_layers\":[");
    for (size_t i = 0; i < a->image.config->diff_id_count; i++) {
        if (!has_layer(b, &a->image.config->diff_ids[i]))
            continue;
        buf_adds(&out, comma);
        json_text_digest(&out, &a->image.config->diff_ids[i]);
        comma = ",";
    }
    buf_addf(&out, "],\"added\":%zu,\"changed\":%zu,\"deleted\":%zu,\"paths\":[",
             changes->added, changes->changed, changes->deleted);
    json_paths(&out, changes);
    buf_adds(&out, "]}");
    puts(out.data);
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct diff_values *values = in->values;
    AUTO_STORE *store = NULL;
    struct side a = {0}, b = {0};
    struct changes changes = {0};
    int r = cli_open_store(cli, &store, err);
    if (r == 0)
        r = load_side(store, in->operands[0], &a, err);
    if (r == 0)
        r = load_side(store, in->operands[1], &b, err);
    if (r == 0)
        r = compare_files(a.files, b.files, &changes, err);
    if (r == 0 && values->format == FORMAT_JSON)
        print_json_diff(&a, &b, &changes);
    else if (r == 0)
        print_text_diff(&a, &b, &changes, values->all);
    free_changes(&changes);
    free_side(&a);
    free_side(&b);
    return r;
}

const struct command bench_command_diff = {
    .name = "diff",
    .operands = "A B",
    .summary = "two images or builds: layers shared, paths that differ, waste",
    .details = "A and B are images, or numbers of builds as `explain` shows them. "
               "Wasted are the bytes\nof files that a later layer overwrites or "
               "deletes.",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct diff_values),
    .least_operands = 2,
    .most_operands = 2,
    .run = run,
};
