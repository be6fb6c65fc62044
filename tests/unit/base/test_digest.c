/* SPDX-License-Identifier: MIT */
/* Digests: the known answers, and that it does not matter how the bytes are cut. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/digest.h"

static void digest__of_known_texts__then_the_known_answers(void **state)
{
    /* FIPS 180-2, appendix B, and the digest of nothing. */
    static const char *const cases[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    (void)state;
    struct digester *d = digester_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct digest one = digest_of(cases[i][0], strlen(cases[i][0])), two;
        char hex[DIGEST_HEX + 1];
        digest_hex(&one, hex);
        assert_string_equal(hex, cases[i][1]);
        digester_add(d, cases[i][0], strlen(cases[i][0]));
        digester_finish(d, &two);
        assert_true(digest_equal(&one, &two));
    }
    digester_free(d);
}

static void digester__when_bytes_come_in_pieces__then_the_digest_of_all(void **state)
{
    enum { LEN = 6000, ROUNDS = 300, LONGEST = 1500 };
    static unsigned char bytes[LEN];
    (void)state;
    srand(7);
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (unsigned char)rand();
    struct digester *d = digester_new();
    for (int round = 0; round < ROUNDS; round++) {
        size_t len = (size_t)rand() % (LEN + 1);
        size_t longest = 1 + (size_t)rand() % (round % 2 != 0 ? 20 : LONGEST);
        for (size_t at = 0, n; at < len; at += n) {
            n = (size_t)rand() % (longest + 1); /* nothing at all, too */
            n = n < len - at ? n : len - at;
            digester_add(d, bytes + at, n);
        }
        struct digest pieces, whole = digest_of(bytes, len);
        digester_finish(d, &pieces);
        assert_true(digest_equal(&pieces, &whole));
    }
    digester_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest__of_known_texts__then_the_known_answers),
        cmocka_unit_test(digester__when_bytes_come_in_pieces__then_the_digest_of_all),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
