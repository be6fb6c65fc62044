/* SPDX-License-Identifier: MIT */
/* tests/bad/scenario: each NAME.lua is refused with the line and the words of
 * NAME.expected. Run from the top of the project. */
#include "tests/support.h"

#include <dirent.h>

#include "tests/unit/lua/fixture.h"

#define FOLDER "tests/bad/scenario"

/* Loads the file, and runs its first scenario if it loads. */
static int refuse(struct fixture *f, const char *path)
{
    struct err err = ERR_INIT;
    f->options.instruction_limit = 10000000;
    script_free(f->script);
    f->script = NULL;
    f->err = (struct err)ERR_INIT;
    assert_int_equal(script_new(&f->options, &f->script, &err), 0);
    int rc = script_load(f->script, path, &f->err);
    return rc != 0 ? rc : fixture_run(f);
}

static void scenario__bad_file__is_refused_as_expected(void **state)
{
    (void)state;
    DIR *dir = opendir(FOLDER);
    if (dir == NULL)
        skip();
    struct fixture f;
    fixture_init(&f);
    size_t seen = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t n = strlen(e->d_name);
        if (n < 5 || strcmp(e->d_name + n - 4, ".lua") != 0)
            continue;
        char *path = xasprintf(FOLDER "/%s", e->d_name);
        char *expected = xasprintf(FOLDER "/%.*s.expected", (int)n - 4, e->d_name);
        struct buf text = BUF_INIT;
        struct err err = ERR_INIT;
        if (file_read(expected, 4096, &text, &err) != 0)
            fail_msg("%s", err.msg);
        char *words = NULL;
        unsigned line = (unsigned)strtoul(buf_str(&text), &words, 10);
        words += strspn(words, ": ");
        words[strcspn(words, "\n")] = '\0';
        int rc = refuse(&f, path);
        if (rc != ERR_INPUT || f.err.line != line || strcmp(f.err.file, path) != 0 ||
            strstr(f.err.msg, words) == NULL)
            fail_msg("%s gave %d %s:%u: %s", path, rc, f.err.file, f.err.line,
                     f.err.msg);
        seen++;
        free(path);
        free(expected);
        buf_free(&text);
    }
    closedir(dir);
    assert_true(seen >= 25);
    fixture_free(&f);
}

static void scenario__missing_or_folder__is_input(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_int_equal(refuse(&f, "/no/such.lua"), ERR_INPUT);
    assert_int_equal(refuse(&f, "/tmp"), ERR_INPUT);
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenario__bad_file__is_refused_as_expected),
        cmocka_unit_test(scenario__missing_or_folder__is_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
