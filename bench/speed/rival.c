/* SPDX-License-Identifier: MIT */
/* Our program and real builders, asked for the same build. */
#include "bench/speed/rival.h"

#include <string.h>

#include "bench/version.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

static struct rival *add(struct rivals *rivals, const char *name, const char *engine,
                         const char *version)
{
    struct rival *r = &rivals->items[rivals->count++];
    *r = (struct rival){.name = name, .engine = engine, .version = xstrdup(version)};
    return r;
}

/* "1" names all. */
static bool is_wanted(const char *peers, const char *engine)
{
    size_t len = strlen(engine);
    if (strcmp(peers, "1") == 0)
        return true;
    for (const char *word = peers; *word != '\0'; word += strspn(word, ", ")) {
        size_t n = strcspn(word, ", ");
        if (n == len && strncmp(word, engine, n) == 0)
            return true;
        word += n;
    }
    return false;
}

/* Whether somebody asks the same builder already: the programs of one name speak to one
 * daemon, podman builds as buildah does. */
static bool is_there(const struct rivals *rivals, const struct engine_tool *tool)
{
    for (size_t i = 1; i < rivals->count; i++) {
        const struct engine_tool *other = rivals->items[i].tool;
        if (strcmp(other->engine, tool->engine) == 0 &&
            (strcmp(other->version[0], tool->version[0]) == 0 ||
             strcmp(tool->engine, "buildah") == 0))
            return true;
    }
    return false;
}

int rivals_find(const char *simbench, const char *peers, struct rivals *out,
                struct err *err)
{
    *out = (struct rivals){.simbench = simbench};
    add(out, "simbench", "builtin", SIMBENCH_VERSION);
    if (peers == NULL)
        return 0;
    for (const struct engine_tool *const *t = engine_tools(); *t != NULL; t++) {
        struct tool_state state;
        if (!is_wanted(peers, (*t)->engine) || is_there(out, *t) ||
            out->count == RIVALS_MOST)
            continue;
        tool_probe(*t, &state);
        if (state.answers) {
            bool classic = strcmp((*t)->engine, "classic") == 0;
            struct rival *r = add(out, classic ? "classic" : (*t)->name, (*t)->engine,
                                  buf_str(&state.version));
            r->tool = *t;
            r->format = state.format;
        }
        tool_state_free(&state);
    }
    if (out->count > 1)
        return 0;
    err_set(err, ERR_ENVIRONMENT, "PEERS=%s: no such engine answers here", peers);
    return err_hint(err, "simbench engines says why");
}

void rivals_free(struct rivals *rivals)
{
    rivals_clean(rivals);
    for (size_t i = 0; i < rivals->count; i++) {
        free(rivals->items[i].version);
        strv_free(&rivals->items[i].images);
    }
}

void rivals_ours(const struct rivals *rivals, struct strv *argv)
{
    if (rivals->profile != NULL)
        tool_words(argv, "perf", "record", "-q", "-F", "9999", "-g", "-o",
                   rivals->profile, "--", NULL);
    strv_add(argv, rivals->simbench);
}

static int build_ours(const struct rivals *rivals, const struct errand *errand,
                      struct spent *out, struct err *err)
{
    struct strv argv = STRV_INIT;
    rivals_ours(rivals, &argv);
    tool_words(&argv, "build", "--store", errand->store, "-q", "--progress", "quiet",
               "-t", "speed", NULL);
    if (errand->sandbox)
        tool_words(&argv, "--exec", "sandbox", NULL);
    strv_add(&argv, errand->context);
    int r = timed_run(&argv, NULL, out, err);
    strv_free(&argv);
    return r;
}

int rival_build(struct rivals *rivals, struct rival *rival, const struct errand *errand,
                struct spent *out, struct err *err)
{
    if (rival->tool == NULL)
        return build_ours(rivals, errand, out, err);
    struct strv argv = STRV_INIT, environment = STRV_INIT;
    AUTO_FREE char *dockerfile = path_join(errand->context, "Dockerfile");
    /* A name of this process and time, so that it is nobody else's. */
    AUTO_FREE char *image =
        xasprintf("simbench-speed-%llx:%u", (unsigned long long)clock_monotonic_ns(),
                  ++rivals->builds);
    struct tool_build build = {.context = errand->context,
                               .dockerfile = dockerfile,
                               .image = image,
                               .offline = true,
                               .format = rival->format};
    rival->tool->build(&build, &argv, &environment);
    strv_add(&rival->images, image);
    int r = timed_run(&argv, &environment, out, err);
    out->peak_bytes = 0; /* the client's, and the daemon does the work */
    strv_free(&argv);
    strv_free(&environment);
    return r;
}

void rivals_clean(struct rivals *rivals)
{
    for (size_t i = 0; i < rivals->count; i++) {
        struct rival *rival = &rivals->items[i];
        for (size_t k = 0; k < rival->images.len && rival->tool->remove != NULL; k++) {
            struct strv argv = STRV_INIT;
            struct spent ignored;
            rival->tool->remove(rival->images.items[k], &argv);
            timed_run(&argv, NULL, &ignored, NULL); /* perhaps it was never made */
            strv_free(&argv);
        }
        strv_clear(&rival->images);
    }
}
