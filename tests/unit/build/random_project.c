/* SPDX-License-Identifier: MIT */
/* Random projects: what is generated always builds. */
#include "tests/unit/build/random_project.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

uint64_t project_random(struct project *p, uint64_t below)
{
    p->seed ^= p->seed << 13;
    p->seed ^= p->seed >> 7;
    p->seed ^= p->seed << 17;
    return (p->seed >> 11) % below;
}

#define RANDOM(n) project_random(p, (n))

static const char *const files[] = {
    "a.txt=a",  "b.txt=bb",   "c.txt=ccc", "d/x=x",       "d/y=y",          "d/k@x",
    "d/s/z=zz", "d/s/w=long", "l@a.txt",   "run.sh=echo", "logs/x.log=log", NULL};

/* ---- lines ---- */

static bool starts(const char *line, const char *word)
{
    size_t n = strlen(word);
    return strncmp(line, word, n) == 0 && line[n] == ' ';
}

static char *random_copy(struct project *p)
{
    static const char *const words[][2] = {
        /* a number stands between */
        {"COPY a.txt /a", ""},   {"COPY b.txt c.txt /bc", "/"},
        {"COPY d /d", ""},       {"COPY . /all", ""},
        {"COPY *.txt /t", "/"},  {"COPY l /l", ""},
        {"COPY d/s/ /s", "/"},   {"COPY --chmod=600 b.txt /m", ""},
        {"ADD c.txt /add", ""},  {"COPY --chown=1:2 d/x /o", ""},
        {"COPY run.sh /run", ""}};
    size_t n = RANDOM(sizeof words / sizeof *words);
    return xasprintf("%s%u%s", words[n][0], p->counter++, words[n][1]);
}

/* Words that only BuildKit knows, and a variable in a destination. */
static char *modern_line(struct project *p)
{
    unsigned n = p->counter++;
    switch (RANDOM(7)) {
    case 0:
        return xasprintf("COPY --link b.txt /link%u", n);
    case 1:
        return xasprintf("COPY --exclude=*y d /ex%u", n);
    case 2:
        return xasprintf("COPY --parents d/s/* /par%u/", n);
    case 3:
        return xasprintf("RUN --mount=type=bind,source=d,target=/m echo %u", n);
    case 4:
        return xasprintf("RUN --mount=type=tmpfs,target=/t%u true", n);
    case 5:
        return xasprintf("COPY c.txt ${WHERE:-/where}/%u", n);
    default:
        return xasprintf("RUN --mount=type=bind,source=l,target=/l echo %u", n);
    }
}

static char *random_line(struct project *p)
{
    if (p->all_flags && RANDOM(4) == 0)
        return modern_line(p);
    unsigned n = p->counter++;
    switch (RANDOM(12)) {
    case 0:
    case 1:
    case 2:
        return random_copy(p);
    case 3:
        return xasprintf("RUN echo %u > /out", n);
    case 4:
        return xasprintf("RUN cat /etc/passwd > /p%u", n);
    case 5:
        return xasprintf("ENV E%u=%u", n, n);
    case 6:
        return xasprintf("ARG A%u=%u", n, n);
    case 7:
        return xasprintf("LABEL l%u=%u", n, n);
    case 8:
        return xasprintf("WORKDIR /w%u", n);
    case 9:
        return xasprintf("USER 0:%u", n);
    case 10:
        return RANDOM(2) ? xasprintf("EXPOSE %u", 1000 + n)
                         : xasprintf("CMD [\"c%u\"]", n);
    default:
        return p->stages > 1 && RANDOM(2)
                   ? xasprintf("COPY --from=s%u /out /from%u",
                               (unsigned)RANDOM(p->stages - 1), n)
                   : xasprintf("RUN echo %u", n);
    }
}

static void add_line(struct project *p, char *line)
{
    if (p->len == PROJECT_LINES - 1) {
        free(line);
        return;
    }
    p->lines[p->len++] = line;
}

static void add_stage(struct project *p)
{
    unsigned n = p->stages++;
    bool on_stage = n > 0 && RANDOM(4) == 0;
    add_line(p, on_stage ? xasprintf("FROM s%u AS s%u", n - 1, n)
                         : xasprintf("FROM busybox AS s%u", n));
    add_line(p, xasprintf("RUN echo %u > /out", p->counter++));
    for (size_t i = RANDOM(6); i > 0; i--)
        add_line(p, random_line(p));
}

static void write_ignore(struct project *p, struct lab *lab)
{
    AUTO_BUF text = BUF_INIT;
    for (size_t i = 0; i < p->ignore.len; i++)
        buf_addf(&text, "%s\n", p->ignore.items[i]);
    if (p->ignore.len != 0)
        workspace_write(lab->ws, ".dockerignore", buf_str(&text), text.len, NULL);
    else
        workspace_remove(lab->ws, ".dockerignore", NULL);
}

void project_make(struct project *p, struct lab *lab, uint64_t seed)
{
    *p = (struct project){.seed = seed * 2654435761u + 88172645463325252u};
    for (unsigned i = 0; i < 10; i++)
        RANDOM(2);
    p->all_flags = lab->semantics == SEMANTICS_BUILDKIT && RANDOM(2);
    lab_files(lab, files);
    if (RANDOM(2))
        strv_add(&p->ignore, "Dockerfile");
    if (RANDOM(3) == 0)
        strv_add(&p->ignore, ".dockerignore");
    if (RANDOM(4) == 0)
        strv_add(&p->ignore, "d/y");
    write_ignore(p, lab);
    for (uint64_t n = 1 + RANDOM(3); n > 0; n--)
        add_stage(p);
    /* The last stage reads the others, so that they matter. */
    for (unsigned s = 0; s + 1 < p->stages; s++)
        add_line(p, xasprintf("COPY --from=s%u /out /end%u", s, s));
    add_line(p, xasprintf("RUN echo %u", p->counter++));
}

void project_free(struct project *p)
{
    for (size_t i = 0; i < p->len; i++)
        free(p->lines[i]);
    strv_free(&p->ignore);
}

char *project_dockerfile(const struct project *p)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < p->len; i++)
        buf_addf(&out, "%s\n", p->lines[i]);
    return buf_steal(&out);
}

/* ---- edits ---- */

static void allow(struct project_edit *e, const char *kind, const char *what,
                  const char *name, const char *from, const char *to)
{
    strv_take(&e->allowed, xasprintf("%s %s %s|%s|%s", kind, what, name, from, to));
}

static size_t pick_line(struct project *p, const char *const *words)
{
    size_t found[PROJECT_LINES], n = 0;
    for (size_t i = 0; i < p->len; i++)
        for (const char *const *w = words; *w != NULL; w++)
            if (starts(p->lines[i], *w))
                found[n++] = i;
    return n != 0 ? found[RANDOM(n)] : SIZE_MAX;
}

static void edit_content(struct project *p, struct lab *lab, struct project_edit *e)
{
    static const char *const paths[] = {"a.txt", "b.txt", "c.txt",  "d/x",       "d/y",
                                        "d/s/z", "d/s/w", "run.sh", "logs/x.log"};
    const char *path = paths[RANDOM(9)];
    AUTO_FREE char *text = xasprintf("new %u", p->counter++);
    workspace_write(lab->ws, path, text, strlen(text), NULL);
    e->what = xasprintf("content of %s", path);
    allow(e, "file", "content", path, "*", "*");
}

static void edit_mode(struct project *p, struct lab *lab, struct project_edit *e)
{
    static const char *const paths[] = {"a.txt", "c.txt", "d/x",
                                        "d/s",   "d/s/z", "logs/x.log"};
    const char *path = paths[RANDOM(6)];
    bool folder = strcmp(path, "d/s") == 0;
    workspace_chmod(lab->ws, path, folder ? 0700 : 0664, NULL);
    e->what = xasprintf("mode of %s", path);
    allow(e, "file", "mode", path, folder ? "0755" : "0644", folder ? "0700" : "0664");
}

static void edit_names(struct project *p, struct lab *lab, struct project_edit *e)
{
    AUTO_FREE char *fresh = xasprintf("d/new%u", p->counter++);
    switch (RANDOM(4)) {
    case 0:
        workspace_rename(lab->ws, "d/y", fresh, NULL);
        e->what = xasprintf("d/y renamed %s", fresh);
        allow(e, "file", "removed", "d/y", "file", "");
        allow(e, "file", "added", fresh, "", "file");
        break;
    case 1:
        workspace_write(lab->ws, fresh, "n", 1, NULL);
        e->what = xasprintf("%s added", fresh);
        allow(e, "file", "added", fresh, "", "file");
        break;
    case 2:
        workspace_remove(lab->ws, "d/s/z", NULL);
        e->what = xstrdup("d/s/z deleted");
        allow(e, "file", "removed", "d/s/z", "file", "");
        break;
    default:
        workspace_remove(lab->ws, "d/y", NULL);
        workspace_mkdir(lab->ws, "d/y", NULL);
        e->what = xstrdup("d/y becomes a folder");
        allow(e, "file", "type", "d/y", "file", "directory");
        /* to buildah a folder's own record is no part of what is copied */
        allow(e, "file", "removed", "d/y", "file", "");
    }
}

static void edit_link(struct project *p, struct lab *lab, struct project_edit *e)
{
    bool top = RANDOM(2);
    const char *path = top ? "l" : "d/k", *from = top ? "a.txt" : "x",
               *to = top ? "b.txt" : "y";
    workspace_remove(lab->ws, path, NULL);
    workspace_symlink(lab->ws, to, path, NULL);
    e->what = xasprintf("%s leads to %s", path, to);
    allow(e, "file", "target", path, from, to);
}

/* A line that is part of the context wherever COPY . sees it. */
static void allow_file(struct project *p, struct project_edit *e, const char *name)
{
    if (!strv_contains(&p->ignore, name))
        allow(e, "file", "content", name, "*", "*");
}

static void edit_ignore(struct project *p, struct lab *lab, struct project_edit *e)
{
    static const char *const lines[] = {"d/s/w", "logs", "d/s/*", "c.bak"};
    bool had = p->ignore.len != 0, had_own = strv_contains(&p->ignore, ".dockerignore");
    const char *line = lines[RANDOM(4)];
    strv_add(&p->ignore, line);
    write_ignore(p, lab);
    e->what = xasprintf("ignore %s", line);
    if (!had)
        allow(e, "file", "added", ".dockerignore", "", "file");
    else if (!had_own)
        allow(e, "file", "content", ".dockerignore", "*", "*");
    allow(e, "file", "removed", "logs", "directory", "");
    allow(e, "file", "removed", "logs/x.log", "file", "");
    allow(e, "file", "removed", "d/s/z", "file", "");
    allow(e, "file", "removed", "d/s/w", "file", "");
}

static void unignore(struct project *p, struct lab *lab, struct project_edit *e)
{
    const char *line = p->ignore.items[0];
    e->what = xasprintf("no longer ignore %s", line);
    allow(e, "file", "added", line, "", "file");
    allow(e, "file", "content", ".dockerignore", "*", "*");
    allow(e, "file", "removed", ".dockerignore", "file", "");
    struct strv rest = STRV_INIT;
    for (size_t i = 1; i < p->ignore.len; i++)
        strv_add(&rest, p->ignore.items[i]);
    strv_free(&p->ignore);
    p->ignore = rest;
    write_ignore(p, lab);
}

/* "ENV E1=1": another value. */
static void edit_variable(struct project *p, size_t at, struct project_edit *e)
{
    char *old = p->lines[at];
    const char *eq = strchr(old, '=');
    AUTO_FREE char *name = xstrndup(old + 4, (size_t)(eq - old) - 4);
    unsigned fresh = p->counter++;
    AUTO_FREE char *to = xasprintf("%u", 900 + fresh);
    bool env = starts(old, "ENV");
    p->lines[at] = xasprintf("%s %s=%s", env ? "ENV" : "ARG", name, to);
    e->what = xasprintf("%s -> %s", old, p->lines[at]);
    allow(e, env ? "env" : "arg", "value", name, eq + 1, to);
    free(old);
}

static void allow_text(struct project_edit *e, const char *from, const char *to)
{
    allow(e, "instruction", "text", "", from, to);
    if (starts(from, "USER"))
        allow(e, "user", "value", "", from + 5, to + 5);
    if (starts(from, "WORKDIR"))
        allow(e, "workdir", "value", "", from + 8, to + 8);
    if (starts(from, "FROM"))
        allow(e, "base", "value", "", "*", "*");
}

static void edit_text(struct project *p, struct project_edit *e)
{
    static const char *const words[] = {"RUN",     "COPY", "LABEL", "EXPOSE", "USER",
                                        "WORKDIR", "ENV",  "ARG",   NULL};
    size_t at = pick_line(p, words);
    char *old = p->lines[at];
    if (starts(old, "ENV") || starts(old, "ARG")) {
        edit_variable(p, at, e);
        return;
    }
    unsigned fresh = p->counter++;
    if (starts(old, "RUN"))
        p->lines[at] = xasprintf("RUN echo %u > /out", fresh);
    else if (starts(old, "COPY") && strstr(old, "--chmod=600 b"))
        p->lines[at] = xasprintf("COPY --chmod=644%s", strstr(old, " b.txt"));
    else if (starts(old, "COPY") && strstr(old, "--chown=1:2 d"))
        p->lines[at] = xasprintf("COPY --chown=3:4%s", strstr(old, " d/x"));
    else if (starts(old, "EXPOSE"))
        p->lines[at] = xasprintf("EXPOSE %u", 3000 + fresh);
    else if (starts(old, "LABEL"))
        p->lines[at] = xasprintf("LABEL new=%u", fresh);
    else if (starts(old, "USER"))
        p->lines[at] = xasprintf("USER 0:%u", fresh);
    else if (starts(old, "WORKDIR"))
        p->lines[at] = xasprintf("WORKDIR /v%u", fresh);
    else if (starts(old, "COPY") && strstr(old, "--chown") == NULL && RANDOM(4) == 0)
        p->lines[at] = xasprintf("COPY --chown=7%s", strchr(old, ' '));
    else
        p->lines[at] =
            xasprintf("%.*s /else%u/", (int)(strrchr(old, ' ') - old), old, fresh);
    e->what = xasprintf("%s -> %s", old, p->lines[at]);
    allow_text(e, old, p->lines[at]);
    if (strstr(p->lines[at], "--chown=7"))
        allow(e, "instruction", "flag", "", "*", "*");
    if (strstr(old, "chmod"))
        allow(e, "instruction", "flag", "", "--chmod=600", "--chmod=644");
    if (strstr(old, "chown"))
        allow(e, "instruction", "flag", "", "--chown=1:2", "--chown=3:4");
    free(old);
}

static void edit_build_arg(struct project *p, struct lab *lab, struct project_edit *e)
{
    static const char *const words[] = {"ARG", NULL};
    size_t at = pick_line(p, words);
    if (at == SIZE_MAX) {
        edit_content(p, lab, e);
        return;
    }
    const char *line = p->lines[at], *eq = strchr(line, '=');
    AUTO_FREE char *name = xstrndup(line + 4, (size_t)(eq - line) - 4);
    AUTO_FREE char *arg = xasprintf("%s=given", name);
    strv_add(&lab->args, arg);
    e->what = xasprintf("--build-arg %s", arg);
    allow(e, "arg", "value", name, eq + 1, "given");
}

/* What a line that comes, goes or moves may be called. */
static void allow_line(struct project_edit *e, const char *line, const char *what)
{
    bool gone = strcmp(what, "removed") == 0, fresh = strcmp(what, "added") == 0;
    allow(e, "instruction", what, "", fresh ? "" : line, gone ? "" : line);
    bool env = starts(line, "ENV");
    if (env || starts(line, "ARG")) {
        AUTO_FREE char *name = xstrndup(line + 4, strcspn(line + 4, "="));
        allow(e, env ? "env" : "arg", "added", name, "*", "*");
        allow(e, env ? "env" : "arg", "removed", name, "*", "*");
        allow(e, "env", "order", "*", "*", "*");
        allow(e, "arg", "order", "*", "*", "*");
    }
    if (starts(line, "USER"))
        allow(e, "user", "value", "", "*", "*");
    if (starts(line, "WORKDIR"))
        allow(e, "workdir", "value", "", "*", "*");
}

/* A place below the first line of some stage. */
static size_t pick_place(struct project *p)
{
    return 1 + RANDOM(p->len - 1);
}

static void edit_insert(struct project *p, struct project_edit *e)
{
    size_t at = pick_place(p);
    char *line = random_line(p);
    while (strstr(line, "--from") != NULL) { /* may read a stage that comes later */
        free(line);
        line = random_line(p);
    }
    memmove(&p->lines[at + 1], &p->lines[at], (p->len - at) * sizeof *p->lines);
    p->lines[at] = line;
    p->len++;
    e->what = xasprintf("inserted %s", line);
    allow_line(e, line, "added");
}

static size_t pick_removable(struct project *p)
{
    for (unsigned tries = 0; tries < 50; tries++) {
        size_t at = pick_place(p);
        /* what writes /out is read elsewhere */
        if (!starts(p->lines[at], "FROM") && strstr(p->lines[at], "/out") == NULL)
            return at;
    }
    return SIZE_MAX;
}

static void edit_remove(struct project *p, struct project_edit *e)
{
    size_t at = pick_removable(p);
    if (at == SIZE_MAX) {
        edit_insert(p, e);
        return;
    }
    e->what = xasprintf("removed %s", p->lines[at]);
    allow_line(e, p->lines[at], "removed");
    free(p->lines[at]);
    memmove(&p->lines[at], &p->lines[at + 1], (--p->len - at) * sizeof *p->lines);
}

static void edit_move(struct project *p, struct project_edit *e)
{
    size_t at = pick_removable(p);
    if (at == SIZE_MAX || at + 1 >= p->len || starts(p->lines[at + 1], "FROM")) {
        edit_insert(p, e);
        return;
    }
    size_t to = at + 1;
    while (to + 1 < p->len && !starts(p->lines[to + 1], "FROM") && RANDOM(2))
        to++;
    char *line = p->lines[at];
    e->what = xasprintf("moved %s down by %zu", line, to - at);
    allow_line(e, line, "moved");
    if (to == at + 1) /* a swap has two readings */
        allow_line(e, p->lines[to], "moved");
    memmove(&p->lines[at], &p->lines[at + 1], (to - at) * sizeof *p->lines);
    p->lines[to] = line;
}

static void edit_base(struct project *p, struct lab *lab, struct project_edit *e)
{
    if (RANDOM(2)) {
        lab_move_base(lab);
        e->what = xstrdup("base moved");
        allow(e, "base", "value", "", "*", "*");
        return;
    }
    lab->base_env = "BASEV=1";
    e->what = xstrdup("the base's environment");
    allow(e, "env", "added", "BASEV", "", "1");
    allow(e, "base", "value", "", "*", "*");
}

static void edit_shell(struct project *p, struct project_edit *e)
{
    size_t at = pick_place(p);
    char line[] = "SHELL [\"/bin/sh\",\"-ec\"]";
    memmove(&p->lines[at + 1], &p->lines[at], (p->len - at) * sizeof *p->lines);
    p->lines[at] = xstrdup(line);
    p->len++;
    e->what = xasprintf("inserted %s", line);
    allow(e, "shell", "value", "", "/bin/sh -c", "/bin/sh -ec");
    allow_line(e, line, "added");
}

static void touch(struct lab *lab, struct project_edit *e)
{
    workspace_touch(lab->ws, "a.txt", NULL);
    workspace_touch(lab->ws, "d/x", NULL);
    e->what = xstrdup("touch");
    e->nothing_runs = true;
}

void project_edit(struct project *p, struct lab *lab, struct project_edit *e)
{
    *e = (struct project_edit){0};
    AUTO_FREE char *before = project_dockerfile(p);
    switch (RANDOM(16)) {
    case 0:
    case 1:
        edit_content(p, lab, e);
        break;
    case 2:
        edit_mode(p, lab, e);
        break;
    case 3:
    case 4:
        edit_names(p, lab, e);
        break;
    case 5:
        edit_link(p, lab, e);
        break;
    case 6:
        if (p->ignore.len != 0 && RANDOM(2))
            unignore(p, lab, e);
        else
            edit_ignore(p, lab, e);
        break;
    case 7:
    case 8:
    case 9:
        edit_text(p, e);
        break;
    case 10:
        edit_build_arg(p, lab, e);
        break;
    case 11:
        edit_insert(p, e);
        break;
    case 12:
        edit_remove(p, e);
        break;
    case 13:
        edit_move(p, e);
        break;
    case 14:
        if (RANDOM(2))
            edit_base(p, lab, e);
        else
            edit_shell(p, e);
        break;
    default:
        touch(lab, e);
    }
    AUTO_FREE char *after = project_dockerfile(p);
    if (strcmp(before, after) != 0)
        allow_file(p, e, "Dockerfile");
}
