/* SPDX-License-Identifier: MIT */
/*
 * JSON as Go's encoding/json spells it, because an image's ID is the digest of its
 * config's bytes. jansson reads; it cannot write these escapes, so writing is here.
 */
#ifndef SIM_IMAGE_JSON_H
#define SIM_IMAGE_JSON_H

#include <stddef.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"

struct json_t;

/* A quoted string: <, > and & as \u003c and the like, bytes that are no UTF-8 as
 * \ufffd (https://pkg.go.dev/encoding/json#Marshal). */
void image_json_string(struct buf *out, const char *s);
void image_json_stringn(struct buf *out, const char *s, size_t len);
/* "[...]" of strings. */
void image_json_list(struct buf *out, const struct strv *v);

/* Parses one object of at most `limit` bytes; `what` names it in messages. ERR_INPUT.
 * The caller json_decref()s *out. */
int image_json_parse(const char *json, size_t len, size_t limit, const char *what,
                     struct json_t **out, struct err *err);

#endif
