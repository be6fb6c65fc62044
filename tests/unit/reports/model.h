/* SPDX-License-Identifier: MIT */
/*
 * A result model made by hand: the reference example of the contract (both orders;
 * first build, app.py edited, requirements.txt edited), from build_results as the
 * builder gives them. Times on the wall clock are invented and fixed.
 */
#ifndef TESTS_UNIT_REPORTS_MODEL_H
#define TESTS_UNIT_REPORTS_MODEL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/report.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

struct model_step {
    const char *instruction;
    unsigned ms;
    uint64_t size;     /* of its layer, 0: none */
    const char *reads; /* what its layer depends on: 'a' app.py, 'r' requirements.txt */
    bool modelled;
};

static const struct model_step model_good[] = {
    {"FROM python:3.11-slim", 12000, 0, "", false},
    {"WORKDIR /app", 100, 0, "", false},
    {"COPY requirements.txt .", 100, 13, "r", false},
    {"RUN pip install -r requirements.txt", 45000, 21300000, "r", true},
    {"COPY . .", 100, 240, "ra", false}};
static const struct model_step model_bad[] = {
    {"FROM python:3.11-slim", 12000, 0, "", false},
    {"WORKDIR /app", 100, 0, "", false},
    {"COPY . .", 100, 213, "ra", false},
    {"RUN pip install -r requirements.txt", 45000, 21300000, "ra", true}};

enum { MODEL_BASE_LAYERS = 4 };
static const uint64_t model_base[MODEL_BASE_LAYERS] = {77800000, 3500000, 41700000,
                                                       2000000};

/* The versions of app.py and requirements.txt in one build; 0: nothing built yet. */
struct model_files {
    unsigned app, requirements;
};

/* Digest of what a step makes: of its text, those before it and the files it reads. */
static inline struct digest model_key(const struct model_step *steps, size_t n,
                                      struct model_files f)
{
    AUTO_BUF text = BUF_INIT;
    for (size_t i = 0; i <= n; i++) {
        buf_addf(&text, "%s;", steps[i].instruction);
        if (strchr(steps[i].reads, 'a') != NULL)
            buf_addf(&text, "a%u;", f.app);
        if (strchr(steps[i].reads, 'r') != NULL)
            buf_addf(&text, "r%u;", f.requirements);
    }
    return digest_of(buf_str(&text), text.len);
}

struct model_miss {
    struct miss miss;
    struct miss_change change;
    char text[64], name[32];
};

static inline void model_miss(struct model_miss *m, size_t n, const char *reason,
                              const char *changed)
{
    *m = (struct model_miss){.miss = {.root = (unsigned)n + 1}};
    m->miss.text = m->text;
    if (strcmp(reason, "first") == 0) {
        snprintf(m->text, sizeof m->text, "no earlier build to compare with");
    } else if (strcmp(reason, "parent") == 0) {
        m->miss.reason = MISS_PARENT;
        m->miss.root = (unsigned)n;
        snprintf(m->text, sizeof m->text, "it follows from step %zu", n);
    } else {
        m->miss.reason = MISS_INPUT;
        snprintf(m->text, sizeof m->text, "%s changed: content", changed);
        snprintf(m->name, sizeof m->name, "%s", changed);
        m->change =
            (struct miss_change){.kind = "file", .what = "content", .name = m->name};
        m->miss.changes = &m->change;
        m->miss.change_count = 1;
    }
}

static inline void model_step(struct build_step *to, const struct model_step *steps,
                              size_t n, const struct model_files files[2],
                              struct model_miss *miss)
{
    struct digest key = model_key(steps, n, files[0]);
    struct digest old = model_key(steps, n, files[1]);
    bool first = files[1].app == 0, ran = first || !digest_equal(&key, &old);
    to->index = (unsigned)n + 1;
    to->line = (unsigned)n + 1;
    to->stage = "0";
    to->instruction = steps[n].instruction;
    to->status = ran ? STEP_RAN : STEP_CACHED;
    to->has_virtual = true;
    to->virtual_ms = ran ? steps[n].ms : 0;
    to->wall_s = ran ? 0.002 * (double)(n + 1) : 0.00005;
    to->has_key = true;
    to->key = key;
    if (n == 0) {
        to->base_name = "python:3.11-slim";
        to->base_layers = MODEL_BASE_LAYERS;
        to->base_size = 125000000;
        to->fetched_bytes = ran ? 125000000 : 0;
    } else {
        to->has_layer = true;
        to->diff_id = digest_of(key.bytes, sizeof key.bytes);
        to->size = steps[n].size;
        to->modelled = steps[n].modelled;
    }
    if (!ran)
        return;
    bool copies = strncmp(steps[n].instruction, "COPY", 4) == 0;
    model_miss(miss, n,
               first    ? "first"
               : copies ? "input"
                        : "parent",
               files[0].app != files[1].app ? "app.py" : "requirements.txt");
    to->miss = &miss->miss;
}

static inline void model_build(struct result_variant *v, const char *label,
                               const struct model_step *steps, size_t count,
                               const struct model_files files[2])
{
    struct build_step built[8] = {0};
    struct model_miss misses[8];
    struct base_layer layers[16];
    struct build_result result = {.steps = built, .step_count = (unsigned)count};
    AUTO_BUF dockerfile = BUF_INIT;
    for (size_t n = 0; n < count; n++) {
        model_step(&built[n], steps, n, files, &misses[n]);
        built[n].total = (unsigned)count;
        built[n].start_ms = result.virtual_ms;
        result.virtual_ms += built[n].virtual_ms;
        result.wall_s += built[n].wall_s;
        buf_addf(&dockerfile, "%s\n", steps[n].instruction);
    }
    result.has_virtual = true;
    result.layers = layers;
    for (size_t i = 0; i < MODEL_BASE_LAYERS; i++) {
        layers[i].diff_id = digest_of(&model_base[i], sizeof model_base[i]);
        layers[i].size = model_base[i];
    }
    result.layer_count = MODEL_BASE_LAYERS;
    for (size_t n = 1; n < count; n++)
        layers[result.layer_count++] =
            (struct base_layer){.diff_id = built[n].diff_id, .size = built[n].size};
    for (size_t i = 0; i < result.layer_count; i++)
        result.size += layers[i].size;
    result.image_id = built[count - 1].key;
    struct result_build *b =
        result_add_build(v, label, &result, buf_str(&dockerfile), NULL);
    for (unsigned n = 0; n < count; n++)
        built[n].wall_s *= 1.5;
    result.wall_s *= 1.5;
    result_build_sample(b, &result);
    for (unsigned n = 0; n < count; n++)
        result_wall_settle(&b->steps[n].wall);
    result_wall_settle(&b->wall);
}

static inline void model_variant(struct result_scenario *s, const char *name,
                                 const struct model_step *steps, size_t count)
{
    static const struct model_files states[] = {{0, 0}, {1, 1}, {2, 1}, {2, 2}};
    static const char *const labels[] = {"first build", "edit app.py",
                                         "edit requirements.txt"};
    struct result_variant *v = result_add_variant(s, name, "builtin", "model");
    for (size_t i = 0; i < 3; i++) {
        struct model_files files[2] = {states[i + 1], states[i]};
        model_build(v, labels[i], steps, count, files);
    }
}

/* The whole: a scenario that passes, one with a failed check, a failed build and an
 * error. The caller frees. */
static inline struct results *model_results(void)
{
    struct results *r = results_new("0.1.0", 1767225600);
    struct result_scenario *s = results_add_scenario(
        r, "edit app.py",
        "A COPY of everything placed before the install makes every edit pay for the "
        "install.",
        "scenarios/edit-app.lua");
    model_variant(s, "bad", model_bad, 4);
    model_variant(s, "good", model_good, 5);
    result_add_check(s, "only the last COPY runs", true, 18);
    result_add_check(s, "the install is paid again", true, 19);

    s = results_add_scenario(r, "broken", NULL, "scenarios/broken.lua");
    struct result_variant *v = result_add_variant(s, "only", "builtin", "sandbox");
    struct build_step from = {.index = 1,
                              .total = 2,
                              .line = 1,
                              .stage = "build",
                              .instruction = "FROM scratch AS build",
                              .status = STEP_META,
                              .base_name = "scratch",
                              .wall_s = 0.00001};
    struct build_result result = {.steps = &from, .step_count = 1, .wall_s = 0.25};
    result_add_build(v, "first build", &result, "FROM scratch AS build\nRUN false\n",
                     "RUN false: exited with 1");
    s->error = xstrdup("scenarios/broken.lua:7: attempt to index a nil value");
    result_add_check(s, "it builds", false, 9);
    result_add_check(s, "nothing else", true, 10);
    return r;
}

/* More repetitions of every build: enough for a median with its interval. */
static inline void model_samples(struct results *r)
{
    for (size_t i = 0; i < r->scenario_count; i++)
        for (size_t v = 0; v < r->scenarios[i].variant_count; v++)
            for (size_t b = 0; b < r->scenarios[i].variants[v].build_count; b++) {
                struct result_build *build = &r->scenarios[i].variants[v].builds[b];
                for (unsigned n = 0; n < 7 && build->error == NULL; n++)
                    result_wall_add(&build->wall, (double)(b + 1) * (10 + n * n) / 1e4);
            }
}

/* Text that would change markup or run code anywhere. */
static const char model_hostile[] =
    "<script>alert(1)</script>`touch owned`$(touch "
    "owned)\"'&\x1b[31mred\x1b]0;t\x07\n# h1\r\n| a | `id` $(id) "
    "\xe2\x80\xae"
    "txt.exe @GPVAL_X \\\" ]]> --> %s %d {/Bold x} ^a_b \xff\xc2\x9b";

/* A harmless text of as many lines. */
static const char model_harmless[] = "a\n# b\r\nc";

/* Every string of the model is `text`. The caller frees. */
static inline struct results *model_all(const char *text)
{
    struct results *r = results_new(text, 0);
    struct result_scenario *s = results_add_scenario(r, text, text, text);
    s->error = xstrdup(text);
    result_add_check(s, text, false, 1);
    result_add_check(s, text, true, 2);
    for (int v = 0; v < 2; v++) {
        struct result_variant *variant = result_add_variant(s, text, text, text);
        struct miss miss = {.reason = MISS_INPUT, .root = 1};
        miss.text = xstrdup(text);
        struct build_step step = {.index = 1,
                                  .total = 1,
                                  .line = 1,
                                  .stage = text,
                                  .instruction = text,
                                  .status = STEP_RAN,
                                  .base_name = v == 0 ? text : NULL,
                                  .has_layer = v == 1,
                                  .size = 1000000,
                                  .has_virtual = true,
                                  .virtual_ms = 1000,
                                  .miss = &miss};
        struct base_layer layer = {.size = 1000000};
        struct build_result result = {.steps = &step,
                                      .step_count = 1,
                                      .layers = &layer,
                                      .layer_count = 1,
                                      .has_virtual = true,
                                      .virtual_ms = v == 0 ? 1000 : 2000};
        for (int b = 0; b < 3; b++)
            result_add_build(variant, text, &result, text, b == 2 ? text : NULL);
        free(miss.text);
    }
    return r;
}

/* Compares with tests/golden/reports/NAME, or writes it where UPDATE_GOLDEN is set. */
static inline void assert_golden(const char *name, const struct buf *text)
{
    AUTO_FREE char *path = xasprintf("tests/golden/reports/%s", name);
    struct err err = ERR_INIT;
    if (getenv("UPDATE_GOLDEN") != NULL) {
        assert_int_equal(file_write(path, buf_str(text), text->len, &err), 0);
        return;
    }
    AUTO_BUF expected = BUF_INIT;
    if (file_read(path, 1 << 24, &expected, &err) != 0)
        fail_msg("%s (UPDATE_GOLDEN=1 writes it)", err.msg);
    if (expected.len != text->len ||
        memcmp(buf_str(&expected), buf_str(text), text->len) != 0) {
        size_t at = 0;
        while (at < text->len && at < expected.len &&
               text->data[at] == expected.data[at])
            at++;
        size_t from = at > 60 ? at - 60 : 0;
        fail_msg("%s differs at byte %zu:\n%.160s\n--- now:\n%.160s", path, at,
                 buf_str(&expected) + from, buf_str(text) + from);
    }
}

#endif
