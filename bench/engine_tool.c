/* SPDX-License-Identifier: MIT */
/* Finding the real builders, and asking them who they are. */
#include "bench/engine_tool.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/environment.h"
#include "bench/process.h"
#include "sim/base/mem.h"

enum { ANSWER_MS = 10000 };

const struct engine_tool *const *engine_tools(void)
{
    /* Who names a BuildKit daemon means it. */
    static const struct engine_tool *const usual[] = {
        &tool_buildx, &tool_docker, &tool_buildctl, &tool_classic, &tool_buildah,
        &tool_podman, NULL};
    static const struct engine_tool *const named[] = {
        &tool_buildctl, &tool_buildx, &tool_docker, &tool_classic,
        &tool_buildah,  &tool_podman, NULL};
    return environment_set("BUILDKIT_HOST") != NULL ? named : usual;
}

void tool_words(struct strv *argv, ...)
{
    va_list words;
    va_start(words, argv);
    for (const char *word; (word = va_arg(words, const char *)) != NULL;)
        strv_add(argv, word);
    va_end(words);
}

/* ---- who is there ---- */

static int gather(void *payload, const char *data, size_t len, struct err *err)
{
    (void)err;
    struct buf *said = payload;
    if (said->len < 4096)
        buf_add(said, data, len < 4096 ? len : 4096);
    return 0;
}

/* Runs argv; true for exit status 0. *line gets one line of what it said: the last if
 * it failed, else the first. */
static bool ask(const char *const *argv, struct buf *line)
{
    AUTO_BUF said = BUF_INIT;
    struct process_options how = {
        .heard = gather, .heard_payload = &said, .timeout_ms = ANSWER_MS};
    struct err err = ERR_INIT;
    int status = 0;
    if (process_run(argv, &how, &status, &err) < 0) {
        buf_adds(line, err.msg);
        return false;
    }
    const char *text = buf_str(&said);
    size_t len = said.len;
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    size_t from = 0;
    if (status != 0) {
        for (size_t i = 0; i < len; i++)
            from = text[i] == '\n' ? i + 1 : from;
        len -= from;
    } else {
        len = strcspn(text, "\r\n");
    }
    buf_add(line, text + from, len);
    return status == 0;
}

/* "A.B" at the start of a text -> A * 1000 + B; negative: there is none. */
static long read_version(const char *text)
{
    char *end, *last;
    long major = strtol(text, &end, 10);
    if (end == text || *end != '.' || !isdigit((unsigned char)end[1]) || major > 9999)
        return -1;
    long minor = strtol(end + 1, &last, 10);
    return major * 1000 + (minor < 1000 ? minor : 999);
}

/* Whether the first "A.B" in a version text is `since` or later; a text without one is
 * a development version. */
static bool at_least(const char *text, const char *since)
{
    for (const char *p = text; *p != '\0'; p++) {
        bool begins = p == text || p[-1] == 'v' || !isalnum((unsigned char)p[-1]);
        if (!begins || !isdigit((unsigned char)*p))
            continue;
        long has = read_version(p);
        if (has >= 0)
            return has >= read_version(since);
    }
    return true;
}

void tool_probe(const struct engine_tool *tool, struct tool_state *out)
{
    *out = (struct tool_state){.format = tool->format};
    AUTO_FREE char *path = process_find(tool->version[0]);
    if (path == NULL) {
        buf_addf(&out->why, "%s is not on PATH", tool->version[0]);
        return;
    }
    struct buf *line = &out->version;
    if (!ask(tool->version, line)) {
        buf_addf(&out->why, "%s", buf_str(line));
        buf_clear(line);
        if (out->why.len == 0)
            buf_adds(&out->why, "it does not tell its version");
        return;
    }
    out->found = true;
    if (tool->json_since != NULL && !at_least(buf_str(line), tool->json_since))
        out->format = tool->old_format;
    out->answers = tool->answers == NULL;
    if (out->answers)
        return;
    AUTO_BUF said = BUF_INIT;
    out->answers = ask(tool->answers, &said);
    if (!out->answers)
        buf_adds(&out->why, said.len > 0 ? said.data : "its daemon does not answer");
}

void tool_state_free(struct tool_state *state)
{
    buf_free(&state->version);
    buf_free(&state->why);
}

static int nothing_found(const char *engine, const struct buf *why, struct err *err)
{
    err_set(err, ERR_ENVIRONMENT, "engine %s is not to be had here: %s", engine,
            buf_str(why));
    if (strcmp(engine, "buildah") == 0)
        return err_hint(err, "apt-get install buildah (or podman); --engine builtin "
                             "--semantics buildah follows its cache rules");
    if (strcmp(engine, "classic") == 0)
        return err_hint(err, "install and start Docker (apt-get install docker.io), or "
                             "point DOCKER_HOST at a daemon; --engine builtin "
                             "--semantics classic follows its cache rules");
    return err_hint(err, "install and start Docker (apt-get install docker.io) or "
                         "BuildKit, or point DOCKER_HOST or BUILDKIT_HOST at a daemon; "
                         "--engine builtin follows its cache rules");
}

int tool_choose(const char *engine, const struct engine_tool **out,
                enum log_format *format, struct err *err)
{
    AUTO_BUF why = BUF_INIT;
    for (const struct engine_tool *const *t = engine_tools(); *t != NULL; t++) {
        struct tool_state state;
        if (strcmp((*t)->engine, engine) != 0)
            continue;
        tool_probe(*t, &state);
        bool good = state.answers;
        *format = state.format;
        if (!good)
            buf_addf(&why, "%s%s: %.200s", why.len > 0 ? "; " : "", (*t)->name,
                     buf_str(&state.why));
        tool_state_free(&state);
        if (good) {
            *out = *t;
            return 0;
        }
    }
    return nothing_found(engine, &why, err);
}
