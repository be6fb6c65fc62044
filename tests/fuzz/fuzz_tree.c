/* SPDX-License-Identifier: MIT */
/*
 * tree_decode over any bytes: as they are, and with the check sum put right, or nothing
 * would come past it. What decodes must encode again, to something that decodes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/buf.h"
#include "sim/base/mem.h"
#include "sim/tree/internal.h"
#include "sim/tree/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void encode_again(const struct tree *tree, struct blob *blob)
{
    AUTO_BUF out = BUF_INIT;
    struct tree *back = NULL;
    if (tree_encode(tree, &out, NULL) != 0)
        return; /* such as a size without content; the decoder is not to make any */
    if (tree_decode(out.data, out.len, blob, &back, NULL) != 0 ||
        back->len != tree->len)
        abort();
    tree_free(back);
}

static void decode(const void *data, size_t len, struct blob *blob)
{
    struct tree *tree = NULL;
    if (tree_decode(data, len, blob, &tree, NULL) != 0)
        return;
    for (size_t i = 0; i < tree->len; i++)
        if (tree_find(tree, tree->entries[i].path) != &tree->entries[i])
            abort();
    encode_again(tree, blob);
    tree_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct blob *blob = blob_from_memory(xcalloc(1, 4096), 4096);
    decode(data, len, blob);
    if (len >= TREE_CHECKSUM_LEN) {
        uint8_t *sealed = memcpy(xmalloc(len), data, len);
        size_t body = len - TREE_CHECKSUM_LEN;
        uint64_t sum = tree_checksum(sealed, body);
        for (unsigned i = 0; i < 8; i++)
            sealed[body + i] = (uint8_t)(sum >> (8 * i));
        decode(sealed, len, blob);
        free(sealed);
    }
    blob_unref(blob);
    return 0;
}
