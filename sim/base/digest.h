/* SPDX-License-Identifier: MIT */
/* SHA-256 by libcrypto, and its text form "sha256:<64 hex digits>". */
#ifndef SIM_BASE_DIGEST_H
#define SIM_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct digest {
    uint8_t bytes[32];
};

enum { DIGEST_HEX = 64, DIGEST_TEXT = 7 + 64 }; /* lengths without the NUL */

/* A running computation; reusable after digester_finish. One thread at a time. */
struct digester;
struct digester *digester_new(void);
void digester_free(struct digester *d);
void digester_add(struct digester *d, const void *data, size_t len);
/* Length-prefixed: two different lists of fields never give the same stream. */
void digester_add_field(struct digester *d, const void *data, size_t len);
void digester_add_string(struct digester *d, const char *s);
void digester_add_u64(struct digester *d, uint64_t n);
void digester_add_digest(struct digester *d, const struct digest *x);
/* digester_add as a content_sink (sim/tree/tree.h) whose payload is the digester. */
struct err;
int digester_sink(void *digester, const void *data, size_t len, struct err *err);
/* Writes the digest and starts afresh. */
void digester_finish(struct digester *d, struct digest *out);

struct digest digest_of(const void *data, size_t len);
bool digest_equal(const struct digest *a, const struct digest *b);
bool digest_is_zero(const struct digest *d);
void digest_hex(const struct digest *d, char out[DIGEST_HEX + 1]);
void digest_text(const struct digest *d, char out[DIGEST_TEXT + 1]);
/* Reads "sha256:<hex>" or bare hex; false if it is neither. */
bool digest_parse(const char *text, struct digest *out);

#endif
