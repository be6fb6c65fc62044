/* SPDX-License-Identifier: MIT */
/* Which scenarios and builds of a baseline can be measured again. Leaves out folders of
 * a context: what has changed there changes sizes, or is not seen. */
#include "bench/again.h"

#include <string.h>

#include "sim/base/digest.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

enum { PROGRAM_MOST = 256 << 20 };

bool again_program(struct buf *out)
{
    AUTO_BUF text = BUF_INIT;
    char digest[DIGEST_TEXT + 1];
    if (file_read("/proc/self/exe", PROGRAM_MOST, &text, NULL) != 0)
        return false;
    struct digest d = digest_of(text.data, text.len);
    digest_text(&d, digest);
    buf_adds(out, digest);
    return true;
}

/* ---- scenarios ------------------------------------------------------------------- */

/* The text that declared the file's scenarios for the baseline, if it was one. */
static const char *former_text(const struct results *base,
                               const struct scenario_file *file)
{
    const char *text = NULL;
    for (size_t i = 0; i < file->count; i++) {
        const struct result_scenario *s = results_find_scenario(
            base, script_scenario(file->script, file->scenarios[i])->name);
        if (s == NULL || s->source == NULL)
            continue;
        if (text != NULL && strcmp(text, s->source) != 0)
            return NULL;
        text = s->source;
    }
    return text;
}

static size_t find_declared(const struct script *script, const char *name)
{
    for (size_t i = 0; i < script_scenario_count(script); i++)
        if (strcmp(script_scenario(script, i)->name, name) == 0)
            return i;
    return SIZE_MAX;
}

static void load_file(const struct results *base, struct scenario_file *file)
{
    const struct script_options options = SCRIPT_OPTIONS_INIT;
    const char *text = former_text(base, file);
    struct script *script = NULL;
    if (text == NULL || script_new(&options, &script, NULL) != 0)
        return;
    if (script_load_text(script, file->path, text, strlen(text), NULL) != 0) {
        script_free(script);
        return;
    }
    file->before = script;
    file->before_scenarios = xcalloc(file->count, sizeof *file->before_scenarios);
    for (size_t i = 0; i < file->count; i++) {
        const char *name = script_scenario(file->script, file->scenarios[i])->name;
        file->before_scenarios[i] = results_find_scenario(base, name) != NULL
                                        ? find_declared(script, name)
                                        : SIZE_MAX;
    }
}

void again_load(const struct results *base, const char *program,
                struct scenario_files *files)
{
    if (program == NULL || base->program == NULL || strcmp(base->program, program) != 0)
        return;
    for (size_t i = 0; i < files->len; i++)
        load_file(base, &files->items[i]);
}

/* ---- builds ---------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Digests are no part of it: twins differ from machine to machine. */
static bool same_work(const struct result_build *a, const struct result_build *b)
{
    bool same = strcmp(a->label, b->label) == 0 && a->step_count == b->step_count &&
                a->error == NULL && b->error == NULL &&
                same_text(a->dockerfile, b->dockerfile) &&
                a->new_bytes == b->new_bytes && a->fetched_bytes == b->fetched_bytes;
    for (size_t i = 0; i < a->step_count && same; i++)
        same = a->steps[i].status == b->steps[i].status &&
               a->steps[i].size == b->steps[i].size &&
               same_text(a->steps[i].instruction, b->steps[i].instruction);
    return same;
}

static void copy_samples(struct result_wall *to, const struct result_wall *from)
{
    to->n = 0;
    for (size_t i = 0; i < from->n; i++)
        result_wall_add(to, from->samples[i]);
}

static void take_over_variant(struct result_variant *base,
                              const struct result_variant *again)
{
    for (size_t b = 0; b < base->build_count && b < again->build_count; b++) {
        struct result_build *to = &base->builds[b];
        const struct result_build *from = &again->builds[b];
        if (!same_work(to, from))
            continue;
        copy_samples(&to->wall, &from->wall);
        copy_samples(&to->cpu, &from->cpu);
        copy_samples(&to->waited, &from->waited);
        for (size_t s = 0; s < to->step_count; s++)
            copy_samples(&to->steps[s].wall, &from->steps[s].wall);
        to->in_turns = true;
    }
}

void again_take_over(struct results *base, const struct results *again)
{
    for (size_t s = 0; s < base->scenario_count; s++) {
        struct result_scenario *to = &base->scenarios[s];
        const struct result_scenario *from = results_find_scenario(again, to->name);
        for (size_t v = 0; from != NULL && v < to->variant_count; v++)
            for (size_t w = 0; w < from->variant_count; w++)
                if (strcmp(to->variants[v].name, from->variants[w].name) == 0 &&
                    strcmp(to->variants[v].engine, from->variants[w].engine) == 0 &&
                    strcmp(to->variants[v].exec, from->variants[w].exec) == 0 &&
                    same_text(to->variants[v].engine_version,
                              from->variants[w].engine_version))
                    take_over_variant(&to->variants[v], &from->variants[w]);
    }
}
