/* SPDX-License-Identifier: MIT */
/*
 * The report folder. All of it is written to a temporary place first: a folder beside a
 * new report, which is renamed to it, or inside an old one (the same file system,
 * always), whose files are then replaced one by one. Files that are not ours stay.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/export.h"
#include "reports/plots.h"
#include "reports/report.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

#define TEMP_PREFIX ".simbench"

enum { PLOT_LIMIT_S = 60 };

/* results.json last: it is what marks a folder as a report. The handout comes on
 * request only. */
static const char *const documents[] = {"handout.html", "handout.md",  "index.html",
                                        "report.md",    "results.csv", "trace.json",
                                        "results.json"};
enum { HANDOUTS = 2 }; /* the first of them */
enum { DOCUMENTS = sizeof documents / sizeof *documents };

/* ---- the place ------------------------------------------------------------------- */

static bool is_results_json(const char *dir)
{
    AUTO_FREE char *path = xasprintf("%s/results.json", dir);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char start[256] = {0};
    if (fd < 0 || read(fd, start, sizeof start - 1) <= 0)
        return false;
    return strstr(start, "\"simbench.results/") != NULL;
}

/* 0 if dir is missing (*exists false), empty or a report. */
static int check_place(const char *dir, bool *exists, struct err *err)
{
    *exists = true;
    DIR *d = opendir(dir);
    if (d == NULL && errno == ENOENT) {
        *exists = false;
        return 0;
    }
    if (d == NULL)
        return err_errno(err, errno, "cannot open the report folder %s", dir);
    bool other = false;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        other |= strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
                 strncmp(e->d_name, TEMP_PREFIX, sizeof TEMP_PREFIX - 1) != 0;
    closedir(d);
    if (!other || is_results_json(dir))
        return 0;
    err_set(err, ERR_FAILED, "%s holds something that is no simbench report", dir);
    return err_hint(err, "name an empty or new folder with -o, or remove this one");
}

/* A private folder on the file system of dir: inside it or, where it is not there yet,
 * beside it. */
static int make_holder(const char *dir, bool exists, char **out, struct err *err)
{
    if (exists)
        return file_temp_folder(dir, TEMP_PREFIX, out, err);
    const char *slash = strrchr(dir, '/');
    AUTO_FREE char *parent =
        slash == NULL ? xstrdup(".")
                      : xstrndup(dir, slash == dir ? 1 : (size_t)(slash - dir));
    int rc = file_make_folders(parent, err);
    return rc != 0 ? rc : file_temp_folder(parent, TEMP_PREFIX, out, err);
}

static int make_folder(const char *path, struct err *err)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return err_errno(err, errno, "cannot create the folder %s", path);
    return 0;
}

/* ---- writing --------------------------------------------------------------------- */

/* Into dir/plots. */
static int draw_plots(const char *dir, unsigned jobs, struct report_plots *plots,
                      struct buf *notice, struct err *err)
{
    AUTO_FREE char *folder = xasprintf("%s/plots", dir);
    int rc = make_folder(folder, err);
    if (rc != 0)
        return rc;
    struct report_plot_run run = {
        .dir = folder, .gnuplot = "gnuplot", .jobs = jobs, .limit_s = PLOT_LIMIT_S};
    return report_plots_draw(plots, &run, notice, err);
}

static bool is_wanted(size_t document, const struct report_options *opt)
{
    return document >= HANDOUTS || opt->handout;
}

static int write_documents(const struct results *r, const struct report_plots *plots,
                           const struct report_options *opt, const char *dir,
                           struct err *err)
{
    struct buf text[DOCUMENTS] = {BUF_INIT};
    struct report_links links = {
        .plots = plots, .folder = true, .handout = opt->handout};
    if (opt->handout) {
        report_handout_html(r, &text[0]);
        report_handout_markdown(r, &text[1]);
    }
    report_html(r, &links, &text[2]);
    report_markdown(r, opt->changes, &text[3]);
    report_csv(r, &text[4]);
    report_trace(r, &text[5]);
    results_to_json(r, &text[6]);
    int rc = 0;
    for (size_t i = opt->handout ? 0 : HANDOUTS; i < DOCUMENTS; i++) {
        AUTO_FREE char *path = xasprintf("%s/%s", dir, documents[i]);
        if (rc == 0)
            rc = file_write(path, buf_str(&text[i]), text[i].len, err);
        buf_free(&text[i]);
    }
    return rc;
}

static int write_all(const struct results *r, const char *dir,
                     const struct report_options *opt, struct buf *notice,
                     struct err *err)
{
    struct report_plots plots = {0};
    int rc = make_folder(dir, err);
    if (rc == 0 && !opt->no_plots) {
        report_plots_init(r, &plots);
        if (opt->trends != NULL)
            report_plots_add_trends(r, opt->trends, &plots);
        rc = draw_plots(dir, opt->jobs, &plots, notice, err);
    }
    if (rc == 0)
        rc = write_documents(r, &plots, opt, dir, err);
    report_plots_free(&plots);
    return rc;
}

/* ---- replacing ------------------------------------------------------------------- */

static int move_file(const char *from_dir, const char *to_dir, const char *name,
                     struct err *err)
{
    AUTO_FREE char *from = xasprintf("%s/%s", from_dir, name);
    AUTO_FREE char *to = xasprintf("%s/%s", to_dir, name);
    if (rename(from, to) != 0)
        return err_errno(err, errno, "cannot replace %s", to);
    return 0;
}

static bool is_plot_file(const char *name)
{
    const char *dot = strrchr(name, '.');
    return name[0] != '.' && dot != NULL &&
           (strcmp(dot, ".svg") == 0 || strcmp(dot, ".png") == 0 ||
            strcmp(dot, ".gp") == 0 || strcmp(dot, ".dat") == 0);
}

static void list_plots(const char *dir, struct strv *out)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        if (is_plot_file(e->d_name))
            strv_add(out, e->d_name);
    closedir(d);
}

/* Moves the new plots in and removes those of the old report that are not among them:
 * they would show what is no longer in results.json. */
static int replace_plots(const char *from_report, const char *to_report,
                         struct err *err)
{
    AUTO_FREE char *from = xasprintf("%s/plots", from_report);
    AUTO_FREE char *to = xasprintf("%s/plots", to_report);
    struct strv fresh = STRV_INIT, old = STRV_INIT;
    int rc = 0;
    list_plots(from, &fresh);
    list_plots(to, &old);
    if (fresh.len > 0)
        rc = make_folder(to, err);
    for (size_t i = 0; rc == 0 && i < fresh.len; i++)
        rc = move_file(from, to, fresh.items[i], err);
    for (size_t i = 0; rc == 0 && i < old.len; i++) {
        AUTO_FREE char *path = xasprintf("%s/%s", to, old.items[i]);
        if (!strv_contains(&fresh, old.items[i]))
            unlink(path);
    }
    if (fresh.len == 0)
        rmdir(to); /* stays where something else is in it */
    strv_free(&fresh);
    strv_free(&old);
    return rc;
}

static int replace(const char *from, const char *to, bool exists,
                   const struct report_options *opt, struct err *err)
{
    if (!exists) {
        AUTO_FREE char *plots = xasprintf("%s/plots", from);
        rmdir(plots); /* only if none was drawn */
        if (rename(from, to) != 0)
            return err_errno(err, errno, "cannot create %s", to);
        return 0;
    }
    int rc = replace_plots(from, to, err);
    for (size_t i = 0; rc == 0 && i < DOCUMENTS; i++) {
        AUTO_FREE char *stale = xasprintf("%s/%s", to, documents[i]);
        if (is_wanted(i, opt))
            rc = move_file(from, to, documents[i], err);
        else
            unlink(stale); /* a handout of the old report */
    }
    return rc;
}

int report_write(const struct results *r, const char *dir,
                 const struct report_options *opt, struct buf *notice, struct err *err)
{
    AUTO_FREE char *place = xstrdup(dir[0] != '\0' ? dir : ".");
    for (size_t len = strlen(place); len > 1 && place[len - 1] == '/'; len--)
        place[len - 1] = '\0';
    bool exists = false;
    AUTO_FREE char *holder = NULL;
    int rc = check_place(place, &exists, err);
    if (rc == 0)
        rc = make_holder(place, exists, &holder, err);
    if (rc != 0)
        return err_wrap(err, "the report is not written");
    AUTO_FREE char *fresh = xasprintf("%s/report", holder);
    rc = write_all(r, fresh, opt, notice, err);
    if (rc == 0)
        rc = replace(fresh, place, exists, opt, err);
    struct err ignored = ERR_INIT;
    file_remove_tree(holder, &ignored);
    if (rc == 0)
        return 0;
    err_wrap(err, "the report %s is not written", place);
    err->code = ERR_FAILED;
    return ERR_FAILED;
}

int report_write_plots(struct report_plots *plots, const char *dir, struct buf *notice,
                       struct err *err)
{
    AUTO_FREE char *holder = NULL;
    struct strv names = STRV_INIT;
    int rc = file_make_folders(dir, err);
    if (rc == 0)
        rc = file_temp_folder(dir, TEMP_PREFIX, &holder, err);
    if (rc != 0)
        return err_wrap(err, "no plot is written");
    rc = draw_plots(holder, 0, plots, notice, err);
    AUTO_FREE char *folder = xasprintf("%s/plots", holder);
    list_plots(folder, &names);
    for (size_t i = 0; rc == 0 && i < names.len; i++)
        rc = move_file(folder, dir, names.items[i], err);
    strv_free(&names);
    struct err ignored = ERR_INIT;
    file_remove_tree(holder, &ignored);
    return rc != 0 ? err_wrap(err, "no plot is written") : 0;
}
