/* SPDX-License-Identifier: MIT */
/* What a build leaves, there and back; which old step is which; words marked. */
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/cache/explain.h"
#include "sim/cache/journal.h"

static const struct input inputs[] = {{INPUT_TEXT, "argv", "true"},
                                      {INPUT_ENV, "V", ""}};
static const unsigned reads[] = {1};
static const char *const sources[] = {"a", "b"};

static struct journal_step steps[] = {
    {.stage = "0", .word = "FROM", .text = "FROM x", .base = "x 12", .context = -1},
    {.stage = "0",
     .word = "RUN",
     .text = "RUN true",
     .base = "",
     .line = 7,
     .status = JOURNAL_RAN,
     .no_cache = true,
     .has_key = true,
     .parent = 1,
     .reads = reads,
     .read_count = 1,
     .context = 0,
     .sources = sources,
     .source_count = 2,
     .inputs = inputs,
     .input_count = 2,
     .sets = inputs,
     .set_count = 1,
     .virtual_ms = UINT64_MAX,
     .wall_ns = 5},
};
static struct journal_ignore ignores[] = {{".dockerignore", "a\nb\n"}};

static void encode(struct buf *out)
{
    struct journal j = {.steps = steps,
                        .len = 2,
                        .dockerfile = "Dockerfile",
                        .target = "t",
                        .folder = "/x",
                        .semantics = SEMANTICS_BUILDAH,
                        .against = 41,
                        .created_s = 1000,
                        .ignores = ignores,
                        .ignore_count = 1};
    journal_encode(&j, out);
}

static void decode__what_was_encoded__is_equal(void **state)
{
    (void)state;
    AUTO_BUF data = BUF_INIT;
    struct journal *j;
    encode(&data);
    assert_int_equal(journal_decode(data.data, data.len, &j, NULL), 0);
    assert_int_equal(j->len, 2);
    assert_string_equal(j->folder, "/x");
    assert_int_equal(j->semantics, SEMANTICS_BUILDAH);
    assert_int_equal(j->against, 41);
    assert_string_equal(j->ignores[0].text, "a\nb\n");
    const struct journal_step *s = &j->steps[1];
    assert_int_equal(s->line, 7);
    assert_true(s->no_cache && s->has_key && !s->linked);
    assert_int_equal(s->reads[0], 1);
    assert_string_equal(s->sources[1], "b");
    assert_string_equal(s->inputs[1].name, "V");
    assert_int_equal(s->set_count, 1);
    assert_true(s->virtual_ms == UINT64_MAX);
    assert_int_equal(j->steps[0].context, -1);
    journal_free(j);
}

/* Every cut and many flips: refused or read, never a step beyond the bytes. */
static void decode__damaged__is_refused_or_sound(void **state)
{
    (void)state;
    AUTO_BUF data = BUF_INIT;
    struct journal *j;
    encode(&data);
    for (size_t n = 0; n < data.len; n++)
        assert_int_equal(journal_decode(data.data, n, &j, NULL), ERR_FAILED);
    for (size_t i = 0; i < data.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            data.data[i] = (char)(data.data[i] ^ (1 << bit));
            if (journal_decode(data.data, data.len, &j, NULL) == 0) {
                for (size_t k = 0; k < j->len; k++)
                    assert_true(j->steps[k].parent <= k);
                journal_free(j);
            }
            data.data[i] = (char)(data.data[i] ^ (1 << bit));
        }
}

/* ---- alignment: one letter a step, its word; the rest of the text follows ---- */

struct alignment {
    const char *before[6], *now[6];
    const char *aligned; /* for each step of now a digit, "-": none */
};
static const struct alignment alignments[] = {
    {{"RUN a", "RUN b"}, {"RUN a", "RUN b"}, "01"},
    {{"RUN a", "RUN b"}, {"RUN new", "RUN a", "RUN b"}, "-01"},
    {{"RUN a", "COPY b", "RUN c"}, {"RUN a", "RUN c"}, "02"},
    {{"RUN make all"}, {"RUN true", "RUN make most"}, "-0"},
    {{"COPY a a"}, {"ADD a a"}, "0"},
    {{"RUN a"}, {"COPY a"}, "-"},
    {{"COPY a", "COPY b"}, {"COPY b", "COPY a"}, "-0"},
    {{"RUN a", "RUN b", "RUN c"}, {"RUN b", "RUN c", "RUN a"}, "12-"},
};

static struct journal journal_of(const char *const *texts, struct journal_step *room)
{
    struct journal j = {.steps = room};
    for (; j.len < 6 && texts[j.len] != NULL; j.len++)
        room[j.len] = (struct journal_step){.stage = "0",
                                            .text = texts[j.len],
                                            .word = texts[j.len][0] == 'R'   ? "RUN"
                                                    : texts[j.len][0] == 'C' ? "COPY"
                                                                             : "ADD"};
    return j;
}

static void align__edited_lines__keep_their_counterparts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof alignments / sizeof *alignments; i++) {
        struct journal_step x[6], y[6];
        struct journal before = journal_of(alignments[i].before, x),
                       now = journal_of(alignments[i].now, y);
        long aligned[6];
        char got[7] = "";
        journal_align(&now, &before, aligned);
        for (size_t k = 0; k < now.len; k++)
            got[k] = aligned[k] < 0 ? '-' : (char)('0' + aligned[k]);
        assert_string_equal(got, alignments[i].aligned);
    }
}

static void marked__two_texts__names_the_words(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"RUN a b c", "RUN a x c", "RUN a [was: b] [now: x] c"},
        {"RUN a c", "RUN a b c", "RUN a [added: b] c"},
        {"RUN a b", "RUN a", "RUN a [removed: b]"},
        {"RUN a", "RUN  a", "RUN a (only the blanks differ)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO_FREE char *got = explain_marked(rows[i][0], rows[i][1]);
        assert_string_equal(got, rows[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode__what_was_encoded__is_equal),
        cmocka_unit_test(decode__damaged__is_refused_or_sound),
        cmocka_unit_test(align__edited_lines__keep_their_counterparts),
        cmocka_unit_test(marked__two_texts__names_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
