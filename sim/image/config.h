/* SPDX-License-Identifier: MIT */
/*
 * The image config: what instructions without files change, and the history. JSON as
 * the OCI image spec says, with Docker's extra fields, laid out as BuildKit writes it.
 */
#ifndef SIM_IMAGE_CONFIG_H
#define SIM_IMAGE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/digest.h"
#include "sim/base/err.h"

struct image_history {
    int64_t created_s;                   /* since 1970 UTC; INT64_MIN: absent */
    uint32_t created_nanos;              /* fraction of it: configs made elsewhere */
    char *created_by, *comment, *author; /* NULL: absent */
    bool empty_layer;
};

struct image_healthcheck {
    struct strv test; /* "NONE" | "CMD", … | "CMD-SHELL", text */
    int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
    long retries;
};

struct image_config {
    char *os, *architecture, *variant;  /* variant NULL: absent */
    char *author;                       /* MAINTAINER; NULL: absent */
    int64_t created_s;                  /* INT64_MIN: absent */
    uint32_t created_nanos;             /* fraction of it: configs made elsewhere */
    char *user, *workdir, *stop_signal; /* NULL: absent */
    struct strv env;                    /* NAME=value in order */
    bool has_cmd, has_entrypoint, has_shell, has_healthcheck;
    struct strv cmd, entrypoint, shell;
    bool args_escaped;
    struct strv exposed, volumes; /* sorted sets: "80/tcp", "/data" */
    struct strv labels;           /* NAME=value, sorted by name on output */
    struct strv onbuild;
    struct image_healthcheck healthcheck;
    struct digest *diff_ids;
    size_t diff_id_count;
    struct image_history *history;
    size_t history_count;
};

/* linux, the machine's architecture in Go's spelling (amd64, arm64, …). */
struct image_config *image_config_new(void);
struct image_config *image_config_copy(const struct image_config *c);
void image_config_free(struct image_config *c); /* NULL is legal */
void image_config_add_layer(struct image_config *c, const struct digest *diff_id);
/* Copies the strings; created_by etc. may be NULL. */
void image_config_add_history(struct image_config *c, const struct image_history *h);
/* Adds to a sorted set (exposed, volumes). */
void image_config_add_sorted(struct strv *set, const char *value);

/* Compact JSON, deterministic, no newline. */
void image_config_to_json(const struct image_config *c, struct buf *out);
/* Reads OCI or Docker config JSON; unknown members are ignored. ERR_INPUT. */
int image_config_from_json(const char *json, size_t len, struct image_config **out,
                           struct err *err);
/* Go's name of the architecture this program runs on. */
const char *image_architecture(void);
/* RFC 3339 UTC, "2024-01-01T00:00:00Z"; the other way false if malformed. */
void image_format_time(int64_t seconds, char out[32]);
bool image_parse_time(const char *text, int64_t *out_s);

#endif
