/* SPDX-License-Identifier: MIT */
/*
 * Reading archives of any bytes, both ways, as a layer and not. What is read must stand
 * in order below the root, and be written as a tar again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/layer/tar.h"
#include "sim/layer/view.h"
#include "sim/tree/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct tar_limits limits = {2000, 1 << 20};

static void check(struct tree *tree)
{
    for (size_t i = 0; i < tree->len; i++) {
        const struct entry *e = &tree->entries[i];
        if (!path_text_is_clean(e->path, strlen(e->path)))
            abort();
        if (i > 0 && path_compare(tree->entries[i - 1].path, e->path) >= 0)
            abort();
        if (e->type == ENTRY_HARDLINK && tree_find(tree, e->target) == NULL)
            abort();
    }
    struct tar_options options = TAR_OPTIONS_INIT;
    struct tar_result result;
    if (tar_write(tree, &options, &result, NULL) != 0)
        abort();
    struct view *view = view_new();
    view_push(view, tree);
    tree_free(view_subtree(view, ""));
    view_free(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    struct blob *blob = blob_from_memory(memcpy(xmalloc(len), data, len), len);
    struct content all = {.kind = CONTENT_RANGE, .from.range = {blob, 0}};
    for (int way = 0; way < 4; way++) {
        struct tree *tree = NULL;
        bool layer = way % 2 == 0;
        int rc = way < 2
                     ? tar_read_blob(blob, layer, &limits, &tree, NULL)
                     : tar_read_archive(&all, len, NULL, layer, &limits, &tree, NULL);
        if (rc != 0)
            continue;
        check(tree);
        tree_free(tree);
    }
    blob_unref(blob);
    return 0;
}
