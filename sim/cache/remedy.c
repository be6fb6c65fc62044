/* SPDX-License-Identifier: MIT */
/*
 * What would have spared a run: only where the records show it, or as a condition that
 * the reader can judge. Says nothing otherwise.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/cache/comparing.h"

/* ---- files that seldom belong into an image ---- */

struct litter {
    const char *pattern; /* of one path component */
    const char *line;    /* for .dockerignore */
    bool top;            /* only at the top of the context */
};
static const struct litter litter[] = {
    {".git", ".git", true},
    {"node_modules", "**/node_modules", false},
    {"__pycache__", "**/__pycache__", false},
    {".venv", "**/.venv", false},
    {".pytest_cache", "**/.pytest_cache", false},
    {".mypy_cache", "**/.mypy_cache", false},
    {".tox", "**/.tox", false},
    {".idea", "**/.idea", false},
    {".vscode", "**/.vscode", false},
    {"*.log", "**/*.log", false},
    {"*.pyc", "**/*.pyc", false},
    {"*.tmp", "**/*.tmp", false},
    {"*.swp", "**/*.swp", false},
    {"*~", "**/*~", false},
    {".DS_Store", "**/.DS_Store", false},
    {".coverage", "**/.coverage", false},
    {"Dockerfile", "Dockerfile", true},
    {".dockerignore", ".dockerignore", true},
};

static bool part_matches(const struct litter *kind, const char *path)
{
    for (const char *part = path; *part != '\0';) {
        size_t n = strcspn(part, "/");
        AUTO_FREE char *name = xstrndup(part, n);
        bool hit;
        if (glob_match(kind->pattern, name, &hit, NULL) == 0 && hit)
            return true;
        if (kind->top)
            return false;
        part += n + (part[n] == '/');
    }
    return false;
}

static const struct litter *find_litter(const char *path)
{
    for (size_t i = 0; i < sizeof litter / sizeof *litter; i++)
        if (part_matches(&litter[i], path))
            return &litter[i];
    return NULL;
}

/* Whether a source word is this very path: then it is wanted. */
static bool is_asked_for(const struct journal_step *s, const char *path)
{
    for (size_t i = 0; i < s->source_count; i++) {
        AUTO_FREE char *clean = path_below_root(s->sources[i]);
        if (strcmp(clean, path) == 0)
            return true;
    }
    return false;
}

/* Lines for the ignore file that would have left out all that changed; they help only
 * if nothing else changed. */
static char *ignore_lines(const struct explain_pair *pair, const struct journal_step *s,
                          const struct miss *m)
{
    if (s->context < 0 || s->context >= (long)pair->now->ignore_count ||
        m->total != m->change_count)
        return NULL;
    struct buf lines = BUF_INIT;
    struct strv seen = STRV_INIT;
    bool all = m->change_count != 0;
    for (size_t i = 0; all && i < m->change_count; i++) {
        const struct miss_change *c = &m->changes[i];
        const struct litter *kind =
            strcmp(c->kind, "file") == 0 && !is_asked_for(s, c->name)
                ? find_litter(c->name)
                : NULL;
        all = kind != NULL;
        if (!all || strv_contains(&seen, kind->line))
            continue;
        strv_add(&seen, kind->line);
        buf_addf(&lines, "%s%s", lines.len != 0 ? ", " : "", kind->line);
    }
    char *text = NULL;
    const char *name = pair->now->ignores[s->context].name;
    if (all)
        text = xasprintf("if the image does not need %s, add to %s: %s",
                         m->total == 1 ? "it" : "them",
                         name[0] != '\0' ? name : ".dockerignore", buf_str(&lines));
    strv_free(&seen);
    buf_free(&lines);
    return text;
}

/* ---- modes that only a umask made ---- */

static bool is_umask(const struct miss *m)
{
    for (size_t i = 0; i < m->change_count; i++) {
        const struct miss_change *c = &m->changes[i];
        if (strcmp(c->kind, "file") != 0 || strcmp(c->what, "mode") != 0)
            return false;
        unsigned long from = strtoul(c->from, NULL, 8), to = strtoul(c->to, NULL, 8);
        if (((from ^ to) & ~022ul) != 0)
            return false;
    }
    return m->change_count != 0;
}

/* ---- an install below a COPY of everything ---- */

struct installer {
    const char *command;
    const char *files[3]; /* what it reads */
};
static const struct installer installers[] = {
    {"npm ci", {"package.json", "package-lock.json", NULL}},
    {"npm install", {"package.json", "package-lock.json", NULL}},
    {"yarn install", {"package.json", "yarn.lock", NULL}},
    {"pnpm install", {"package.json", "pnpm-lock.yaml", NULL}},
    {"bundle install", {"Gemfile", "Gemfile.lock", NULL}},
    {"composer install", {"composer.json", "composer.lock", NULL}},
    {"go mod download", {"go.mod", "go.sum", NULL}},
    {"cargo fetch", {"Cargo.toml", "Cargo.lock", NULL}},
    {"poetry install", {"pyproject.toml", "poetry.lock", NULL}},
    {"pipenv install", {"Pipfile", "Pipfile.lock", NULL}},
    {"uv sync", {"pyproject.toml", "uv.lock", NULL}},
};

/* The files a command reads to know what to install; false: it installs nothing that
 * is known. */
static bool files_of_install(const char *text, struct strv *files)
{
    const char *pip = strstr(text, "pip install"), *pip3 = strstr(text, "pip3 install");
    const char *list = pip != NULL || pip3 != NULL ? strstr(text, "-r ") : NULL;
    if (list != NULL) {
        list += 3 + strspn(list + 3, " ");
        strv_addn(files, list, strcspn(list, " ;&|"));
        return files->items[0][0] != '\0' && files->items[0][0] != '/';
    }
    for (size_t i = 0; i < sizeof installers / sizeof *installers; i++)
        if (strstr(text, installers[i].command) != NULL) {
            for (size_t k = 0; installers[i].files[k] != NULL; k++)
                strv_add(files, installers[i].files[k]);
            return true;
        }
    return false;
}

static bool changed(const struct miss *m, const char *path)
{
    for (size_t i = 0; i < m->change_count; i++)
        if (m->changes[i].name != NULL && strcmp(m->changes[i].name, path) == 0)
            return true;
    return false;
}

static const struct manifest *list_of(const struct explain_pair *pair, size_t at,
                                      struct manifest **opened)
{
    const struct digest *id = &pair->now->steps[at].manifest;
    *opened = NULL;
    if (pair->manifests != NULL && pair->manifests[at] != NULL)
        return pair->manifests[at];
    if (!digest_is_zero(id))
        manifest_open(pair->store, id, opened, NULL);
    return *opened;
}

/* Those of the install's files that the COPY brings along; NULL if one of them has
 * changed, so that the run was due. */
static char *brought_files(const struct explain_pair *pair, size_t at,
                           const struct miss *m, const struct strv *files)
{
    const struct journal_step *s = &pair->now->steps[at];
    struct manifest *opened;
    const struct manifest *list = list_of(pair, at, &opened);
    struct buf names = BUF_INIT;
    bool due = list == NULL;
    for (size_t i = 0; !due && i < s->source_count; i++) {
        AUTO_FREE char *folder = path_below_root(s->sources[i]);
        for (size_t k = 0; !due && k < files->len; k++) {
            AUTO_FREE char *name = path_below_root(files->items[k]);
            AUTO_FREE char *path = path_join(folder, name);
            due = changed(m, path);
            if (!due && manifest_has(list, pair->store, path))
                buf_addf(&names, "%s%s", names.len != 0 ? " " : "", path);
        }
    }
    manifest_free(opened);
    if (due || names.len == 0) {
        buf_free(&names);
        return NULL;
    }
    return buf_steal(&names);
}

static char *split_copy(const struct explain_pair *pair, size_t at,
                        const struct miss *m)
{
    const struct journal_step *s = &pair->now->steps[at];
    if (strcmp(s->word, "COPY") != 0 && strcmp(s->word, "ADD") != 0)
        return NULL;
    for (size_t i = at + 1; i < pair->now->len; i++) {
        const struct journal_step *run = &pair->now->steps[i];
        struct strv files = STRV_INIT;
        char *names = NULL;
        if (strcmp(run->stage, s->stage) != 0)
            break;
        if (strcmp(run->word, "RUN") == 0 && files_of_install(run->text, &files))
            names = brought_files(pair, at, m, &files);
        strv_free(&files);
        if (names == NULL)
            continue;
        char *text = xasprintf("split this COPY: %s before step %zu, the rest after "
                               "it; step %zu then runs again only when %s",
                               names, i + 1, i + 1,
                               strchr(names, ' ') ? "they change" : "it changes");
        free(names);
        return text;
    }
    return NULL;
}

/* ---- variables ---- */

static char *move_variable(const struct explain_pair *pair, size_t at,
                           const struct miss *m)
{
    const struct miss_change *c = m->change_count == 1 ? &m->changes[0] : NULL;
    if (c == NULL || (strcmp(c->kind, "arg") != 0 && strcmp(c->kind, "env") != 0) ||
        strcmp(c->what, "removed") == 0 || strcmp(c->what, "order") == 0)
        return NULL;
    const char *word = strcmp(c->kind, "arg") == 0 ? "ARG" : "ENV";
    const struct journal_step *s = &pair->now->steps[at];
    if (strcmp(s->word, "RUN") != 0 || comparing_names(s->text, c->name))
        return NULL;
    for (size_t i = at + 1; i < pair->now->len; i++)
        if (comparing_names(pair->now->steps[i].text, c->name))
            return xasprintf("if no command above line %u reads it, move %s %s down to "
                             "just above that line, the first to name it",
                             pair->now->steps[i].line, word, c->name);
    return xasprintf("if no command reads it, move %s %s to the end of the stage, or "
                     "remove it",
                     word, c->name);
}

/* ---- the linear builders ---- */

static char *move_line(const struct explain_pair *pair, const struct miss *m)
{
    static const char *const words[] = {"LABEL",      "EXPOSE",      "CMD",
                                        "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL",
                                        "MAINTAINER", "VOLUME"};
    const char *word = pair->now->steps[m->root - 1].word;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return xasprintf("move %s to the end of the stage: with these cache rules "
                             "every line below a changed one runs again",
                             word);
    return NULL;
}

char *explain_remedy(const struct explain_pair *pair, size_t at, const struct miss *m)
{
    const struct journal_step *s = &pair->now->steps[at];
    char *text = NULL;
    switch (m->reason) {
    case MISS_INPUT:
        text = ignore_lines(pair, s, m);
        if (text == NULL && is_umask(m))
            text = xstrdup("only write bits differ, as a umask sets them: check the "
                           "files out with umask 022 everywhere");
        return text != NULL ? text : split_copy(pair, at, m);
    case MISS_ENVIRONMENT:
        return move_variable(pair, at, m);
    case MISS_BASE:
        return m->change_count == 1 && strncmp(m->changes[0].from, m->changes[0].to,
                                               strcspn(m->changes[0].to, " ")) == 0
                   ? xstrdup("a base named by digest (NAME@sha256:...) stays the same "
                             "until you change it")
                   : NULL;
    case MISS_PARENT:
        return pair->now->semantics != SEMANTICS_BUILDKIT && m->change_count != 0
                   ? move_line(pair, m)
                   : NULL;
    case MISS_NO_RECORD:
    case MISS_INSTRUCTION:
    case MISS_NO_CACHE:
    case MISS_COLLECTED:
        break;
    }
    return NULL;
}
