/* SPDX-License-Identifier: MIT */
/* SHA-256 through libcrypto's EVP interface. */
#include "sim/base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

/* Keys are made of many short fields: those are collected first, as a call into
 * libcrypto costs more than hashing them. */
enum { COLLECTED = 512 };

struct digester {
    EVP_MD_CTX *ctx;
    size_t used;
    uint8_t collected[COLLECTED];
};

/* libcrypto fails here only when it has no memory or no SHA-256 at all. */
static void must(int ok)
{
    if (ok != 1)
        abort();
}

struct digester *digester_new(void)
{
    struct digester *d = xmalloc(sizeof *d);
    d->ctx = EVP_MD_CTX_new();
    if (d->ctx == NULL)
        abort();
    must(EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL));
    d->used = 0;
    return d;
}

void digester_free(struct digester *d)
{
    if (d == NULL)
        return;
    EVP_MD_CTX_free(d->ctx);
    free(d);
}

static void flush(struct digester *d)
{
    if (d->used != 0)
        must(EVP_DigestUpdate(d->ctx, d->collected, d->used));
    d->used = 0;
}

void digester_add(struct digester *d, const void *data, size_t len)
{
    if (len > COLLECTED - d->used)
        flush(d);
    if (len > COLLECTED) {
        must(EVP_DigestUpdate(d->ctx, data, len));
    } else if (len != 0) {
        memcpy(d->collected + d->used, data, len);
        d->used += len;
    }
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

void digester_finish(struct digester *d, struct digest *out)
{
    flush(d);
    must(EVP_DigestFinal_ex(d->ctx, out->bytes, NULL));
    must(EVP_DigestInit_ex(d->ctx, NULL, NULL));
}

struct digest digest_of(const void *data, size_t len)
{
    struct digest out;
    must(EVP_Digest(data, len, out.bytes, NULL, EVP_sha256(), NULL));
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
