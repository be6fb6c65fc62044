/* SPDX-License-Identifier: MIT */
/* Who holds what: the store's records, chains, layers and images as a graph in memory,
 * for `df` and for the collector. */
#ifndef SIM_STORE_ROOM_H
#define SIM_STORE_ROOM_H

#include "sim/store/internal.h"

#define ROOM_NONE SIZE_MAX

struct room_layer {
    struct digest id;
    struct layer_row row;
    uint64_t chains; /* chains that live and end in it */
    bool image;      /* some image holds it */
};

struct room_chain {
    struct digest id;
    struct chain_row row;
    size_t parent, layer; /* ROOM_NONE: no parent; the layer is not here */
    uint64_t at, below;   /* records with this chain; with one further up */
    bool image;           /* some image stands on it */
};

struct room_record {
    struct digest key;
    struct record_row row;
    size_t chain; /* ROOM_NONE: the empty one, or unknown */
    bool gone;
};

struct room {
    struct room_layer *layers;
    struct room_chain *chains;
    struct room_record *records;
    size_t layer_count, layer_cap, chain_count, chain_cap, record_count, record_cap;
    struct table layer_index, chain_index; /* ID -> size_t */
    uint64_t images, image_bytes, unshared_bytes, cache_bytes, loose_bytes;
};

/* Reads it all; the mutex is held, nothing is pending. */
int room_read(struct store *store, struct room *room, struct err *err);
void room_free(struct room *room);
/* Takes a record out of the graph; cache_bytes becomes what is left. */
void room_drop(struct room *room, size_t record);

/* Folders in dir/KIND, with their sizes; appended to what is in `out`. */
struct room_folder {
    char *path;
    uint64_t bytes;
    int64_t changed_s;
};
struct room_folders {
    struct room_folder *items;
    size_t len, cap;
    uint64_t bytes;
};
void room_folders_read(const struct store *store, const char *kind,
                       struct room_folders *out);
void room_folders_free(struct room_folders *folders);

#endif
