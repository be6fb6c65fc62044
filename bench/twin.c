/* SPDX-License-Identifier: MIT */
/* Making twins: names, files, config, archive. */
#include "bench/twin.h"

#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "bench/process.h"
#include "bench/twin_script.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

enum {
    FILE_MOST = 4096,        /* of a modelled file that comes along */
    BUSYBOX_MOST = 16 << 20, /* a static one has 1 to 2 MB */
    MANIFEST_MOST = 1 << 20,
    NAME_LEAST = 7, /* of "scratch"; two letters and enough chance */
};

static const char scratch[] = "scratch";

struct twins {
    const struct base_source *bases;
    char *folder;
    enum archive_format format;
    char salt[33];
    struct twin *items;
    size_t len, cap;
    unsigned made; /* names of archives */
    struct buf busybox;
    struct store *own; /* of twins_source */
    struct base_source source;
};

struct twins *twins_new(const struct base_source *bases, const char *folder,
                        enum archive_format format)
{
    struct twins *twins = xcalloc(1, sizeof *twins);
    twins->bases = bases;
    twins->folder = xstrdup(folder);
    twins->format = format;
    return twins;
}

static void forget(struct twins *twins)
{
    for (size_t i = 0; i < twins->len; i++) {
        struct twin *t = &twins->items[i];
        file_remove_tree(t->archive, NULL);
        free(t->token);
        free(t->name);
        free(t->archive);
        free(t->digest);
    }
    twins->len = 0;
}

void twins_free(struct twins *twins)
{
    if (twins == NULL)
        return;
    forget(twins);
    free(twins->items);
    free(twins->folder);
    buf_free(&twins->busybox);
    store_close(twins->own);
    free(twins);
}

int twins_new_machine(struct twins *twins, struct err *err)
{
    unsigned char chance[16];
    forget(twins);
    if (getrandom(chance, sizeof chance, 0) != (ssize_t)sizeof chance)
        return err_set(err, ERR_FAILED, "no random numbers");
    for (size_t i = 0; i < sizeof chance; i++) {
        twins->salt[2 * i] = "0123456789abcdef"[chance[i] >> 4];
        twins->salt[2 * i + 1] = "0123456789abcdef"[chance[i] & 15];
    }
    return 0;
}

struct twin *twins_all(struct twins *twins, size_t *len)
{
    *len = twins->len;
    return twins->items;
}

/* ---- files ---- */

static int find_busybox(struct twins *twins, struct err *err)
{
    static const char loader[] = "/ld-"; /* of a program that is linked dynamically */
    if (twins->busybox.len > 0)
        return 0;
    AUTO_FREE char *path = process_find("busybox");
    int r = path != NULL ? file_read(path, BUSYBOX_MOST, &twins->busybox, err)
                         : ERR_NOT_FOUND;
    size_t head = twins->busybox.len < FILE_MOST ? twins->busybox.len : FILE_MOST;
    if (r == 0 && memmem(twins->busybox.data, head, loader, strlen(loader)) == NULL)
        return 0;
    buf_clear(&twins->busybox);
    err_set(err, ERR_ENVIRONMENT, "%s",
            path == NULL ? "twins need a static busybox, and none is on PATH"
                         : "twins need a static busybox; the one on PATH is not");
    return err_hint(err, "apt-get install busybox-static");
}

/* A modelled program, or a shell: the script stands in. */
static bool is_program(const struct entry *e)
{
    static const char *const shells[] = {"sh", "bash", "dash", "ash", "busybox"};
    const char *name = path_base(e->path);
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(name, shells[i]) == 0 && strstr(e->path, "bin/") != NULL)
            return e->type == ENTRY_FILE || e->type == ENTRY_SYMLINK;
    return e->type == ENTRY_FILE && e->content.kind == CONTENT_SEED &&
           (e->mode & 0111) != 0;
}

static void add_twin_entry(struct tree *tree, const struct entry *from)
{
    struct entry e = *from;
    if (is_program(from)) {
        e = (struct entry){.type = ENTRY_SYMLINK,
                           .mode = 0777,
                           .mtime_ns = from->mtime_ns,
                           .path = from->path,
                           .target = TWIN_SHELL};
    } else if (e.content.kind == CONTENT_SEED && e.size > FILE_MOST) {
        e.size = FILE_MOST;
        e.has_digest = false;
    }
    tree_add(tree, &e);
}

static void add_text(struct tree *tree, const char *path, uint32_t mode,
                     const char *text, size_t len)
{
    struct entry e = {.type = ENTRY_FILE, .mode = mode, .path = path, .size = len};
    e.content.kind = CONTENT_INLINE;
    e.content.from.bytes = text;
    tree_add(tree, &e);
}

static void add_machine(const struct twins *twins, struct tree *tree)
{
    add_text(tree, TWIN_FOLDER "/machine", 0644, twins->salt, strlen(twins->salt));
    tree_sort(tree);
}

/* Links for names that commands of modelled images have; `dir` is the folder of
 * programs. */
static void add_programs(struct tree *tree, const char *dir)
{
    static const char *const names[] = {
        "sh",   "bash", "apt-get", "apt",   "apk", "pip",  "pip3", "python", "python3",
        "npm",  "npx",  "yarn",    "node",  "go",  "gcc",  "cc",   "make",   "curl",
        "wget", "git",  "cp",      "mkdir", "rm",  "echo", "true", "touch"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        AUTO_FREE char *path = xasprintf("%s/%s", dir, names[i]);
        struct entry e = {
            .type = ENTRY_SYMLINK, .mode = 0777, .path = path, .target = TWIN_SHELL};
        tree_add(tree, &e);
    }
}

static int base_files(struct twins *twins, struct store *store, const char *base,
                      const struct base_image *image, struct tree *tree,
                      struct err *err)
{
    int r = 0;
    const struct entry folder = {.type = ENTRY_DIR, .mode = 0755, .path = TWIN_FOLDER};
    tree_add(tree, &folder);
    for (size_t i = 0; i < image->layer_count && r == 0; i++) {
        struct layer *layer = NULL;
        r = twins->bases->fetch(twins->bases->self, store, base, i, err);
        if (r == 0)
            r = store_layer_get(store, &image->layers[i].diff_id, &layer, err);
        for (size_t e = 0; r == 0 && e < layer->tree->len; e++)
            if (layer->tree->entries[e].type != ENTRY_WHITEOUT)
                add_twin_entry(tree, &layer->tree->entries[e]);
        if (layer != NULL)
            layer_unref(layer);
    }
    return r;
}

static int twin_files(struct twins *twins, struct store *store, const char *base,
                      const struct base_image *image, struct tree **out,
                      struct err *err)
{
    struct tree *have = tree_new();
    struct tree *tree = tree_new();
    int r = base_files(twins, store, base, image, have, err);
    tree_sort(have);
    const struct entry *bin = tree_find(have, "bin");
    add_programs(tree, bin != NULL && bin->type == ENTRY_SYMLINK ? "usr/bin" : "bin");
    for (size_t i = 0; i < have->len; i++)
        tree_add(tree, &have->entries[i]);
    add_text(tree, TWIN_FOLDER "/busybox", 0755, twins->busybox.data,
             twins->busybox.len);
    add_text(tree, TWIN_FOLDER "/sh", 0755, twin_script, strlen(twin_script));
    add_machine(twins, tree);
    tree_free(have);
    *out = tree;
    return r;
}

/* ---- the image ----
 */

static void forget_layers(struct image_config *config)
{
    for (size_t i = 0; i < config->history_count; i++) {
        free(config->history[i].created_by);
        free(config->history[i].comment);
        free(config->history[i].author);
    }
    config->history_count = 0;
    config->diff_id_count = 0;
}

/* One layer of `tree`, put into the store, and the config of the base with it. */
static int finish_image(const struct image_config *config, struct tree *tree,
                        struct store *store, struct base_image *out, struct err *err)
{
    char words[] = "simbench twin";
    const struct image_history row = {.created_s = INT64_MIN, .created_by = words};
    struct layer *layer = NULL;
    int r = store_layer_put(store, tree, &layer, err);
    if (r < 0)
        return r;
    out->config = image_config_copy(config);
    forget_layers(out->config);
    free(out->config->architecture);
    out->config->architecture = xstrdup(image_architecture()); /* busybox's */
    image_config_add_layer(out->config, &layer->diff_id);
    image_config_add_history(out->config, &row);
    out->layers = xcalloc(1, sizeof *out->layers);
    out->layers[0] = (struct base_layer){layer->diff_id, layer->size};
    out->layer_count = 1;
    layer_unref(layer);
    return 0;
}

/* Nothing but the file of chance. An image without a layer would not do: BuildKit and
 * buildah know such images by their layers, so that all were one. */
static int make_scratch(struct twins *twins, struct store *store,
                        struct base_image *out, struct err *err)
{
    struct image_config *config = image_config_new();
    struct tree *tree = tree_new();
    const struct entry folder = {.type = ENTRY_DIR, .mode = 0755, .path = TWIN_FOLDER};
    tree_add(tree, &folder);
    add_machine(twins, tree);
    int r = finish_image(config, tree, store, out, err);
    image_config_free(config);
    return r;
}

static int make_image(struct twins *twins, const char *base, struct store *store,
                      struct base_image *out, struct err *err)
{
    struct base_image image = {0};
    struct tree *tree = NULL;
    if (strcmp(base, scratch) == 0)
        return make_scratch(twins, store, out, err);
    int r = twins->bases->resolve(twins->bases->self, store, base, &image, err);
    bool known = r == 0;
    if (r == 0)
        r = find_busybox(twins, err);
    if (r == 0)
        r = twin_files(twins, store, base, &image, &tree, err);
    if (r == 0)
        r = finish_image(image.config, STEAL(tree), store, out, err);
    tree_free(tree);
    base_image_free(&image);
    return r < 0 && known ? err_wrap(err, "twin of %s", base) : r;
}

static int put_image(struct store *store, const struct base_image *image,
                     const char *name, struct err *err)
{
    struct digest chain, none = {{0}}, id;
    AUTO_BUF json = BUF_INIT;
    image_config_to_json(image->config, &json);
    int r = store_chain_put(store, &none, &image->layers[0].diff_id, &chain, err);
    if (r == 0)
        r = store_image_put_on(store, json.data, &chain, name, &id, err);
    return r;
}

/* The digest of the only manifest of an OCI layout. */
static int manifest_digest(const char *layout, char **out, struct err *err)
{
    static const char key[] = "\"digest\":\"";
    AUTO_FREE char *path = path_join(layout, "index.json");
    AUTO_BUF text = BUF_INIT;
    int r = file_read(path, MANIFEST_MOST, &text, err);
    const char *at = r == 0 ? strstr(buf_str(&text), key) : NULL;
    if (at == NULL)
        return r < 0 ? r : err_set(err, ERR_FAILED, "%s names no manifest", path);
    at += strlen(key);
    *out = xstrndup(at, strcspn(at, "\""));
    return 0;
}

static int make_archive(struct twins *twins, const char *base, struct twin *twin,
                        struct err *err)
{
    struct store *store = store_open_memory(NULL);
    struct base_image image = {0};
    const struct export_options how = {
        .format = twins->format, .name = twin->name, .clamp_mtime_s = -1};
    int r = make_image(twins, base, store, &image, err);
    if (r == 0)
        r = put_image(store, &image, twin->name, err);
    if (r == 0)
        r = image_export(store, twin->name, twin->archive, &how, err);
    if (r == 0 && twins->format == ARCHIVE_OCI_DIR)
        r = manifest_digest(twin->archive, &twin->digest, err);
    base_image_free(&image);
    store_close(store);
    return r;
}

/* ---- for our own builder ---- */

static int source_resolve(void *self, struct store *store, const char *name,
                          struct base_image *out, struct err *err)
{
    struct twins *twins = self;
    (void)store; /* nothing is fetched yet */
    return make_image(twins, name, twins->own, out, err);
}

static int source_fetch(void *self, struct store *store, const char *name, size_t layer,
                        struct err *err)
{
    struct twins *twins = self;
    struct base_image image = {0};
    struct layer *made = NULL, *stored = NULL;
    int r = make_image(twins, name, twins->own, &image, err);
    if (r == 0)
        r = store_layer_get(twins->own, &image.layers[layer].diff_id, &made, err);
    if (r == 0) {
        struct tree *copy = tree_new();
        for (size_t i = 0; i < made->tree->len; i++)
            tree_add(copy, &made->tree->entries[i]);
        tree_sort(copy);
        r = store_layer_put(store, copy, &stored, err);
    }
    layer_unref(made);
    layer_unref(stored);
    base_image_free(&image);
    return r;
}

const struct base_source *twins_source(struct twins *twins)
{
    if (twins->own == NULL)
        twins->own = store_open_memory(NULL);
    twins->source = (struct base_source){twins, source_resolve, source_fetch};
    return &twins->source;
}

/* ---- names ---- */

/* As long as the token, if that leaves room for chance: a Dockerfile that COPY sees
 * keeps its size. */
static char *make_name(const struct twins *twins, const char *token)
{
    size_t len = strlen(token) > NAME_LEAST ? strlen(token) : NAME_LEAST;
    AUTO_FREE char *seed = xasprintf("%s %s", twins->salt, token);
    struct digest digest = digest_of(seed, strlen(seed));
    char *name = xcalloc(len + 1, 1);
    for (size_t i = 0; i < len; i++)
        name[i] = "abcdefghijklmnopqrstuvwxyz234567"[digest.bytes[i % 32] & 31];
    name[0] = 's';
    name[1] = 'b';
    return name;
}

static struct twin *find(struct twins *twins, const char *token)
{
    for (size_t i = 0; i < twins->len; i++)
        if (strcmp(twins->items[i].token, token) == 0)
            return &twins->items[i];
    return NULL;
}

int twins_add(struct twins *twins, const char *token, const char *base, struct err *err)
{
    if (find(twins, token) != NULL)
        return 0;
    struct twin twin = {.token = xstrdup(token)};
    twin.name = make_name(twins, token);
    twin.archive = xasprintf("%s/twin-%u%s", twins->folder, ++twins->made,
                             twins->format == ARCHIVE_OCI_DIR ? "" : ".tar");
    int r = make_archive(twins, base, &twin, err);
    if (r < 0) {
        free(twin.token);
        free(twin.name);
        free(twin.archive);
        free(twin.digest);
        return r;
    }
    GROW(twins->items, twins->cap, twins->len + 1);
    twins->items[twins->len++] = twin;
    return 0;
}

/* ---- the Dockerfile ---- */

static bool is_stage_name(const struct dockerfile *df, const struct instruction *before,
                          const char *word)
{
    for (const struct instruction *in = df->instructions; in < before; in++)
        if (in->kind == INSTRUCTION_FROM && in->args.len >= 3 &&
            strcasecmp(in->args.items[2], word) == 0)
            return true;
    return word[strspn(word, "0123456789")] == '\0';
}

/* What an instruction names as an image, "" for nothing; *prefix is what stands right
 * before it. */
static const char *image_token(const struct dockerfile *df,
                               const struct instruction *in, const char **prefix)
{
    static const char flag[] = "--from=";
    const char *token = "";
    *prefix = "";
    if (in->kind == INSTRUCTION_FROM && in->args.len > 0)
        token = in->args.items[0];
    for (size_t i = 0; in->kind == INSTRUCTION_COPY && i < in->flags.len; i++)
        if (strncmp(in->flags.items[i], flag, strlen(flag)) == 0) {
            token = in->flags.items[i] + strlen(flag);
            *prefix = flag;
        }
    return is_stage_name(df, in, token) ? "" : token;
}

static const char *expanded(const struct build_result *predicted, unsigned line,
                            const char *token)
{
    for (unsigned i = 0; i < predicted->step_count; i++)
        if (predicted->steps[i].line == line && predicted->steps[i].base_name != NULL)
            return predicted->steps[i].base_name;
    return token;
}

/* Where the token stands in the text of the instruction; SIZE_MAX: nowhere. */
static size_t locate(const struct instruction *in, const char *text, size_t begin,
                     size_t end, const char *prefix, const char *token)
{
    AUTO_FREE char *written = xasprintf("%s%s", prefix, token);
    size_t from = begin;
    if (in->kind == INSTRUCTION_FROM) /* past the word, which an image may contain */
        from += strspn(text + begin, " \t") + strlen("FROM");
    if (from >= end)
        return SIZE_MAX;
    const char *at = memmem(text + from, end - from, written, strlen(written));
    return at != NULL ? (size_t)(at - text) + strlen(prefix) : SIZE_MAX;
}

/* Offset of a line, from 1. */
static size_t line_start(const char *text, size_t len, unsigned line)
{
    size_t at = 0;
    while (line > 1 && at < len) {
        const char *end = memchr(text + at, '\n', len - at);
        at = end != NULL ? (size_t)(end - text) + 1 : len;
        line--;
    }
    return at;
}

int twins_rewrite(struct twins *twins, const struct dockerfile *df,
                  const struct buf *from, const struct build_result *predicted,
                  struct buf *out, struct err *err)
{
    const char *text = buf_str(from);
    const size_t len = from->len;
    size_t done = 0;
    for (size_t i = 0; i < twins->len; i++)
        twins->items[i].needed = false;
    for (size_t i = 0; i < df->instruction_count; i++) {
        const struct instruction *in = &df->instructions[i];
        const char *prefix, *token = image_token(df, in, &prefix);
        if (token[0] == '\0')
            continue;
        int r = twins_add(twins, token, expanded(predicted, in->line, token), err);
        if (r == ERR_NOT_FOUND)
            continue; /* a real image of the user's */
        if (r < 0)
            return r;
        size_t at = locate(in, text, line_start(text, len, in->line),
                           line_start(text, len, in->end_line + 1), prefix, token);
        if (at == SIZE_MAX || at < done) {
            err_set(err, ERR_INPUT, "a twin cannot stand in for '%.200s'", token);
            return err_at(err, "Dockerfile", in->line);
        }
        struct twin *twin = find(twins, token);
        twin->needed = true;
        buf_add(out, text + done, at - done);
        buf_adds(out, twin->name);
        done = at + strlen(token);
    }
    buf_add(out, text + done, len - done);
    return 0;
}
