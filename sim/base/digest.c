/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 through libcrypto's plain functions. Its EVP interface looks an algorithm up
 * and allocates for each digest, and sets up providers at the first: more work than
 * hashing the hundred bytes that most digests here are made of.
 */
#include "sim/base/digest.h"

#define OPENSSL_API_COMPAT 10100 /* newer headers call them deprecated */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

struct digester {
    SHA256_CTX ctx;
};

/* These fail only when they are called in the wrong order. */
static void must(int ok)
{
    if (ok != 1)
        abort();
}

struct digester *digester_new(void)
{
    struct digester *d = xmalloc(sizeof *d);
    must(SHA256_Init(&d->ctx));
    return d;
}

void digester_free(struct digester *d)
{
    free(d);
}

void digester_add(struct digester *d, const void *data, size_t len)
{
    must(SHA256_Update(&d->ctx, data, len));
}

void digester_add_u64(struct digester *d, uint64_t n)
{
    uint8_t le[8];
    for (int i = 0; i < 8; i++)
        le[i] = (uint8_t)(n >> (8 * i));
    digester_add(d, le, sizeof le);
}

void digester_add_field(struct digester *d, const void *data, size_t len)
{
    digester_add_u64(d, len);
    digester_add(d, data, len);
}

void digester_add_string(struct digester *d, const char *s)
{
    digester_add_field(d, s, strlen(s));
}

void digester_add_digest(struct digester *d, const struct digest *x)
{
    digester_add(d, x->bytes, sizeof x->bytes);
}

int digester_sink(void *digester, const void *data, size_t len, struct err *err)
{
    (void)err;
    digester_add(digester, data, len);
    return 0;
}

void digester_finish(struct digester *d, struct digest *out)
{
    must(SHA256_Final(out->bytes, &d->ctx));
    must(SHA256_Init(&d->ctx));
}

struct digest digest_of(const void *data, size_t len)
{
    struct digest out;
    struct digester d;
    must(SHA256_Init(&d.ctx));
    must(SHA256_Update(&d.ctx, data, len));
    must(SHA256_Final(out.bytes, &d.ctx));
    return out;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool digest_is_zero(const struct digest *d)
{
    static const struct digest zero;
    return digest_equal(d, &zero);
}

void digest_hex(const struct digest *d, char out[DIGEST_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof d->bytes; i++) {
        out[2 * i] = digits[d->bytes[i] >> 4];
        out[2 * i + 1] = digits[d->bytes[i] & 15];
    }
    out[DIGEST_HEX] = '\0';
}

void digest_text(const struct digest *d, char out[DIGEST_TEXT + 1])
{
    memcpy(out, "sha256:", sizeof "sha256:");
    digest_hex(d, out + 7);
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool digest_parse(const char *text, struct digest *out)
{
    if (strncmp(text, "sha256:", 7) == 0)
        text += 7;
    if (strlen(text) != DIGEST_HEX)
        return false;
    for (size_t i = 0; i < sizeof out->bytes; i++) {
        int hi = nibble(text[2 * i]), lo = nibble(text[2 * i + 1]);
        if (hi < 0 || lo < 0)
            return false;
        out->bytes[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}
