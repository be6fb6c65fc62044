/* SPDX-License-Identifier: MIT */
/*
 * The store: layers, images, names, cache records, what builds left for `explain`.
 *
 * On disk: blobs/sha256/<hex> (a layer's uncompressed tar, named by its DiffID),
 * index/<hex> (its encoded tree), mounts/ (cache mounts), unpacked/<hex> (layers as
 * folders for the sandbox; sandbox/<hex>: with owners that the caller has by a user
 * namespace only), tmp/ and store.db (SQLite). A modelled layer has no blob:
 * its index says how to generate the tar. In memory the same interface keeps trees and
 * tables only: the throw-away store of a scenario's variant.
 *
 * Order of writes: blob, index, database; killed at any moment, the store verifies.
 * Several processes may use one store. Calls on one struct store from several threads
 * are serialised inside.
 */
#ifndef SIM_STORE_STORE_H
#define SIM_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"
#include "sim/base/err.h"
#include "sim/tree/tree.h"

struct store;
struct layer_memo; /* DiffIDs of modelled layers already hashed in this process */

struct layer_memo *layer_memo_new(void);
void layer_memo_free(struct layer_memo *memo);

/* Opens or creates the store at dir; ERR_FAILED if it cannot be written, ERR_INPUT if
 * it is of a newer format. memo may be NULL. */
int store_open(const char *dir, struct layer_memo *memo, struct store **out,
               struct err *err);
struct store *store_open_memory(struct layer_memo *memo);
void store_close(struct store *store); /* NULL is legal */
/* Folder of the store, NULL in memory. */
const char *store_dir(const struct store *store);
/* A fresh empty folder for unfinished work, below the store or (in memory) below /tmp.
 * The caller removes it and frees the name; a process that dies leaves none below a
 * store. */
int store_temp_folder(struct store *store, char **out, struct err *err);
/* How folders are removed that may hold files of other ids than the caller's; NULL:
 * file_remove_tree. What dead processes left below the store is tried again by it. */
typedef int store_remover(const char *path, struct err *err);
void store_set_remover(struct store *store, store_remover *remover);
/* Removes a folder below the store, by that. */
int store_remove_tree(const struct store *store, const char *path, struct err *err);
/* The time uses, images and builds are stamped with, in seconds since 1970; without it
 * the real clock. A scenario's store keeps virtual time by it. */
void store_set_clock(struct store *store, int64_t now_s);

/* ---- layers ---- */

struct layer { /* reference counted, immutable */
    struct digest diff_id;
    uint64_t size;     /* bytes of the files' contents */
    uint64_t tar_size; /* bytes of the uncompressed tar */
    bool modelled;     /* some content is generated */
    const struct tree *tree;
};
void layer_unref(struct layer *layer);
struct layer *layer_ref(struct layer *layer);

/* Writes the tree's tar (blob and index) unless the layer is there already; takes
 * ownership of the tree in any case. */
int store_layer_put(struct store *store, struct tree *tree, struct layer **out,
                    struct err *err);
/* The same, faster where a layer that is here holds many of the same files, as that of
 * the same step before an edit: `like` is its DiffID, or NULL. The files are looked for
 * by path, size and digest, and what is read from its blob is checked. */
int store_layer_put_like(struct store *store, struct tree *tree,
                         const struct digest *like, struct layer **out,
                         struct err *err);
/* DiffID and sizes of a tree without storing it (memo used). */
int store_layer_measure(struct store *store, const struct tree *tree,
                        struct digest *diff_id, uint64_t *tar_size, struct err *err);
/* ERR_NOT_FOUND if it is not here. */
int store_layer_get(struct store *store, const struct digest *diff_id,
                    struct layer **out, struct err *err);
bool store_layer_has(struct store *store, const struct digest *diff_id);
/* What is known of a layer without reading its tree. ERR_NOT_FOUND. */
struct layer_info {
    uint64_t size, tar_size;
    bool modelled;
};
int store_layer_info(struct store *store, const struct digest *diff_id,
                     struct layer_info *out, struct err *err);
/* Streams the uncompressed tar. */
int store_layer_tar(struct store *store, const struct digest *diff_id,
                    content_sink *sink, void *payload, struct err *err);
/* Stores a layer made elsewhere, its tar byte for byte: write it in pieces
 * (store_layer_write is a content_sink whose payload is the writer), then finish.
 * expected may be NULL; another DiffID than expected, or no readable tar, is ERR_INPUT.
 * A store in memory takes 64 MiB at most. */
struct layer_writer;
int store_layer_writer_new(struct store *store, struct layer_writer **out,
                           struct err *err);
int store_layer_write(void *writer, const void *data, size_t len, struct err *err);
int store_layer_finish(struct layer_writer *writer, const struct digest *expected,
                       struct layer **out, struct err *err);
void store_layer_writer_free(struct layer_writer *writer); /* NULL is legal */
/* The layer as a folder below the store, unpacked on first use; the caller frees *path.
 * `how` is an enum disk_whiteouts. */
int store_layer_unpacked(struct store *store, const struct digest *diff_id, int how,
                         char **path, struct err *err);

/* ---- chains: which layers, lowest first, make a root filesystem ---- */

/* Chain ID (OCI): the digest itself for one layer; zero digest for none. */
struct digest chain_extend(const struct digest *chain, const struct digest *diff_id);
int store_chain_put(struct store *store, const struct digest *parent,
                    const struct digest *diff_id, struct digest *out, struct err *err);
/* DiffIDs, lowest first; the caller frees *out. ERR_NOT_FOUND if unknown. */
int store_chain_layers(struct store *store, const struct digest *chain,
                       struct digest **out, size_t *len, struct err *err);

/* ---- cache records ---- */

struct record {
    struct digest key;
    struct digest chain; /* the root filesystem after the step */
    struct digest layer; /* the DiffID the step added; zero if it adds none */
    uint64_t virtual_ms; /* what it cost when it ran; UINT64_MAX if not on that clock */
    uint64_t wall_ns;
    int64_t created_s; /* when the step ran, since 1970: "created" in histories */
};
/* Newest record of the key whose layers are all here; counts as a use. ERR_NOT_FOUND.
 */
int store_record_get(struct store *store, const struct digest *key, struct record *out,
                     struct err *err);
/* As store_record_get, but no use: for what only looks. */
int store_record_peek(struct store *store, const struct digest *key, struct record *out,
                      struct err *err);
int store_record_put(struct store *store, const struct record *record, struct err *err);
/* Definition key -> content key, for inputs that were computed once (cache-semantics
 * 0). */
int store_alias_get(struct store *store, const struct digest *fast, struct digest *key,
                    struct err *err);
int store_alias_put(struct store *store, const struct digest *fast,
                    const struct digest *key, struct err *err);
/* Whether a record under this key existed once and was collected. */
bool store_record_was_collected(struct store *store, const struct digest *key);
/* Whether there is a record under this key, but layers of it are not here: it counts
 * again once they are. */
bool store_record_lacks_layers(struct store *store, const struct digest *key);
/* Groups the writes of a build: nothing of them is durable before store_commit; hits
 * inside are batched. Calls may nest. */
int store_begin(struct store *store, struct err *err);
int store_commit(struct store *store, struct err *err);
/* What is read from now on is read in one transaction, until read_end or a group
 * begins or ends: for looking many rows up. Not for long: it sees nothing of what other
 * processes do meanwhile. */
void store_read_begin(struct store *store);
void store_read_end(struct store *store);

/* ---- builds: what each step's key was made of ---- */

/* Content-addressed bytes shared between builds (lists of selected files). */
int store_object_put(struct store *store, const void *data, size_t len,
                     struct digest *out, struct err *err);
int store_object_get(struct store *store, const struct digest *id, struct buf *out,
                     struct err *err);
/* Makes the build that is recorded next hold an object that is here already, as a put
 * would. ERR_NOT_FOUND. */
int store_object_keep(struct store *store, const struct digest *id, struct err *err);
/* Appends a build of this name ("<Dockerfile name>\n<target>"); the newest 20 of a name
 * are kept. *id (may be NULL) gets its number. */
int store_build_put(struct store *store, const char *name, const char *image_id,
                    const void *data, size_t len, int64_t *id, struct err *err);
/* Numbers of the builds of the name, oldest first; the caller frees *ids. None is no
 * error. */
int store_build_list(struct store *store, const char *name, int64_t **ids, size_t *len,
                     struct err *err);
/* ID of the image a build made. ERR_NOT_FOUND. */
int store_build_image(struct store *store, int64_t id, struct digest *image,
                      struct err *err);
/* Number of the build recorded last, 0: none. */
int store_build_newest(struct store *store, int64_t *id, struct err *err);
/* Newest build of the name; or by number or image ID with store_build_find. */
int store_build_last(struct store *store, const char *name, int64_t *id,
                     struct buf *out, struct err *err);
int store_build_find(struct store *store, const char *number_or_image, int64_t *id,
                     struct strv *name, struct buf *out, struct err *err);

/* ---- images ---- */

struct store_image {
    struct digest id;  /* sha256 of the config */
    char *config;      /* JSON */
    struct strv names; /* "app:latest" */
    int64_t created_s; /* when it was stored */
};
void store_image_free(struct store_image *image); /* the members */

/* Stores the config and the chain it names; adds name if not NULL (moving it there). */
int store_image_put(struct store *store, const char *config, const char *name,
                    struct digest *id, struct err *err);
/* The same where the chain that the config's rootfs.diff_ids make is known: the config
 * need not be read again, which is most of the cost in a store in memory. */
int store_image_put_on(struct store *store, const char *config,
                       const struct digest *chain, const char *name, struct digest *id,
                       struct err *err);
/* By name ("app" means "app:latest"), full ID, or unique ID prefix of 4 digits or more.
 * ERR_NOT_FOUND with a hint; ERR_INPUT for an ambiguous prefix. */
int store_image_find(struct store *store, const char *ref, struct store_image *out,
                     struct err *err);
/* All images, newest first; the caller frees each and the array. */
int store_image_list(struct store *store, struct store_image **out, size_t *len,
                     struct err *err);
/* Takes the name away; the image goes with its last name, or when named by ID. */
int store_image_remove(struct store *store, const char *ref, struct strv *removed,
                       struct err *err);
/* "app" -> "app:latest"; ERR_INPUT for what is no image name. The caller frees. */
int store_normalise_name(const char *name, char **out, struct err *err);

/* ---- room ---- */

struct store_usage {
    uint64_t images, layers, records, mounts; /* counts */
    uint64_t image_bytes;    /* layers that an image holds, each counted once */
    uint64_t unshared_bytes; /* the same without sharing: summed over images */
    uint64_t cache_bytes;    /* layers that only records hold */
    uint64_t mount_bytes, unpacked_bytes;
    uint64_t reclaimable_bytes;
};
int store_usage(struct store *store, struct store_usage *out, struct err *err);
/* Re-hashes every blob and index, checks every reference; what is wrong is appended to
 * problems, a line each. */
int store_verify(struct store *store, struct strv *problems, struct err *err);

struct prune_options {
    bool all;              /* records of images too, not only what nothing needs */
    uint64_t keep_bytes;   /* stop when the cache is this small */
    uint64_t keep_records; /* the same when so few records are left; 0: no end */
    int64_t older_than_s;  /* only records unused for so long; 0: any */
    int64_t now_s;
};
/* Removes records, least valuable leaf first (cache-semantics 4), then layers nothing
 * holds, cache mounts, unpacked folders. */
int store_prune(struct store *store, const struct prune_options *options,
                uint64_t *freed_bytes, uint64_t *removed_records, struct err *err);

/* Copies records, chains, aliases and layers to another store: a cache export or
 * import. all: also the layers of intermediate steps (mode=max), else only those of
 * `chains`. */
int store_copy_cache(struct store *from, struct store *to, bool all,
                     const struct digest *chains, size_t chain_count, struct err *err);

#endif
