/* SPDX-License-Identifier: MIT */
/* The report folder: made, replaced, refused, and left alone when writing fails. */
#include "tests/support.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/reports/model.h"

static int make_folder(void **state)
{
    char name[] = "/tmp/simbench-report.XXXXXX";
    *state = mkdtemp(name) != NULL ? strdup(name) : NULL;
    return *state != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    struct err err = ERR_INIT;
    int rc = file_remove_tree(*state, &err);
    free(*state);
    return rc;
}

static int write_report(const char *dir, bool plots, struct buf *notice,
                        struct err *err)
{
    struct results *r = model_results();
    struct report_options opt = {.no_plots = !plots, .jobs = 2};
    int rc = report_write(r, dir, &opt, notice, err);
    results_free(r);
    return rc;
}

static size_t count_files(const char *dir)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static void put(const char *dir, const char *name, const char *text)
{
    AUTO_FREE char *path = xasprintf("%s/%s", dir, name);
    assert_int_equal(file_write(path, text, strlen(text), NULL), 0);
}

static bool holds(const char *dir, const char *name, const char *text)
{
    AUTO_FREE char *path = xasprintf("%s/%s", dir, name);
    AUTO_BUF out = BUF_INIT;
    return file_read(path, 1 << 24, &out, NULL) == 0 &&
           strstr(buf_str(&out), text) != NULL;
}

static void write__when_new__then_whole_report(void **state)
{
    AUTO_FREE char *dir = xasprintf("%s/a/b/report/", (char *)*state);
    AUTO_FREE char *parent = xasprintf("%s/a/b", (char *)*state);
    AUTO_BUF notice = BUF_INIT;
    struct err err = ERR_INIT;
    assert_int_equal(write_report(dir, false, &notice, &err), 0);
    assert_string_equal(buf_str(&notice), "");
    assert_int_equal(count_files(dir), 5);
    assert_int_equal(count_files(parent), 1);
    assert_true(holds(dir, "results.json", "simbench.results/1"));
    assert_true(holds(dir, "index.html", "</html>"));
    assert_true(holds(dir, "report.md", "# simbench"));
    assert_true(holds(dir, "results.csv", "scenario,"));
    struct stat st;
    assert_int_equal(stat(dir, &st), 0);
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(st.st_mode & 0777, 0777 & ~mask);
}

static void write__when_report_stands__then_replaced_file_by_file(void **state)
{
    const char *dir = *state;
    AUTO_BUF notice = BUF_INIT;
    struct err err = ERR_INIT;
    assert_int_equal(write_report(dir, false, &notice, &err), 0); /* empty: allowed */
    put(dir, "notes.txt", "mine");
    put(dir, "index.html", "old");
    AUTO_FREE char *plots = xasprintf("%s/plots", dir);
    assert_int_equal(mkdir(plots, 0755), 0);
    put(plots, "stale.svg", "old");
    put(plots, "keep.txt", "mine");
    assert_int_equal(write_report(dir, false, &notice, &err), 0);
    assert_true(holds(dir, "notes.txt", "mine"));
    assert_true(holds(dir, "index.html", "</html>"));
    assert_false(holds(plots, "stale.svg", "old"));
    assert_true(holds(plots, "keep.txt", "mine"));
    assert_int_equal(count_files(dir), 7);
}

static void write__when_something_else_stands__then_refused(void **state)
{
    const char *dir = *state;
    struct err err = ERR_INIT;
    AUTO_BUF notice = BUF_INIT;
    put(dir, "index.html", "my page");
    assert_int_equal(write_report(dir, false, &notice, &err), ERR_FAILED);
    assert_non_null(strstr(err.msg, "no simbench report"));
    assert_true(err.hint[0] != '\0');
    put(dir, "results.json", "{\"other\":1}");
    assert_int_equal(write_report(dir, false, &notice, &err), ERR_FAILED);
    assert_true(holds(dir, "index.html", "my page"));
    assert_int_equal(count_files(dir), 2);
    AUTO_FREE char *file = xasprintf("%s/index.html", dir);
    assert_int_equal(write_report(file, false, &notice, &err), ERR_FAILED);
    AUTO_FREE char *below = xasprintf("%s/index.html/x", dir);
    assert_int_equal(write_report(below, false, &notice, &err), ERR_FAILED);
}

/* A file size limit fails as a full disk does: in the middle of a write. */
static void write__when_disk_is_full__then_old_report_untouched(void **state)
{
    const char *dir = *state;
    AUTO_BUF notice = BUF_INIT, before = BUF_INIT, after = BUF_INIT;
    struct err err = ERR_INIT;
    AUTO_FREE char *json = xasprintf("%s/results.json", dir);
    assert_int_equal(write_report(dir, false, &notice, &err), 0);
    put(dir, "index.html", "old page");
    assert_int_equal(file_read(json, 1 << 24, &before, NULL), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 6000, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = write_report(dir, false, &notice, &err);
    AUTO_FREE char *fresh = xasprintf("%s/new", dir);
    int rc_new = write_report(fresh, false, &notice, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(rc, ERR_FAILED);
    assert_int_equal(rc_new, ERR_FAILED);
    assert_non_null(strstr(err.msg, "is not written"));
    assert_true(holds(dir, "index.html", "old page"));
    assert_int_equal(file_read(json, 1 << 24, &after, NULL), 0);
    assert_string_equal(buf_str(&before), buf_str(&after));
    assert_int_equal(count_files(dir), 5);
}

/* A handout comes on request, and that of an old report does not stay. */
static void write__when_handout__then_written_linked_and_replaced(void **state)
{
    const char *dir = *state;
    struct results *r = model_results();
    struct report_options opt = {
        .no_plots = true, .handout = true, .changes = "**Regression.** one\n"};
    AUTO_BUF notice = BUF_INIT;
    struct err err = ERR_INIT;
    assert_int_equal(report_write(r, dir, &opt, &notice, &err), 0);
    assert_int_equal(count_files(dir), 7);
    assert_true(holds(dir, "handout.html", "Solution: edit app.py"));
    assert_true(holds(dir, "handout.md", "## Solution: edit app.py"));
    assert_true(holds(dir, "index.html", "href=handout.html"));
    AUTO_FREE char *path = xasprintf("%s/report.md", dir);
    AUTO_BUF text = BUF_INIT;
    assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
    const char *changes = strstr(buf_str(&text), "**Regression.** one");
    assert_non_null(changes);
    assert_true(changes < strstr(buf_str(&text), "**Failed:**"));
    opt = (struct report_options){.no_plots = true};
    assert_int_equal(report_write(r, dir, &opt, &notice, &err), 0);
    assert_int_equal(count_files(dir), 5);
    assert_false(holds(dir, "index.html", "href=handout.html"));
    assert_false(holds(dir, "report.md", "Regression"));
    results_free(r);
}

static void write__when_no_gnuplot__then_rest_and_one_line(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *path = strdup(getenv("PATH"));
    AUTO_FREE char *report = xasprintf("%s/report", dir);
    AUTO_BUF notice = BUF_INIT;
    struct err err = ERR_INIT;
    setenv("PATH", dir, 1);
    int rc = write_report(report, true, &notice, &err);
    setenv("PATH", path, 1);
    assert_int_equal(rc, 0);
    assert_string_equal(buf_str(&notice),
                        "gnuplot not found: no plots (apt-get install gnuplot-nox)\n");
    assert_int_equal(count_files(report), 5);
}

static void write__when_plots__then_linked(void **state)
{
    AUTO_FREE char *report = xasprintf("%s/report", (char *)*state);
    AUTO_FREE char *plots = xasprintf("%s/plots", report);
    AUTO_BUF notice = BUF_INIT;
    struct err err = ERR_INIT;
    assert_int_equal(write_report(report, true, &notice, &err), 0);
    if (notice.len > 0)
        skip(); /* no gnuplot here */
    assert_int_equal(count_files(plots), 4 * 4);
    assert_true(holds(report, "index.html", "href=\"plots/edit-app-py-builds.svg\""));
    assert_true(holds(plots, "edit-app-py-builds.svg", "</svg>"));
}

#define WITH_FOLDER(test)                                                              \
    cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(write__when_new__then_whole_report),
        WITH_FOLDER(write__when_report_stands__then_replaced_file_by_file),
        WITH_FOLDER(write__when_something_else_stands__then_refused),
        WITH_FOLDER(write__when_disk_is_full__then_old_report_untouched),
        WITH_FOLDER(write__when_handout__then_written_linked_and_replaced),
        WITH_FOLDER(write__when_no_gnuplot__then_rest_and_one_line),
        WITH_FOLDER(write__when_plots__then_linked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
