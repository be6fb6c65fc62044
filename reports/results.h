/* SPDX-License-Identifier: MIT */
/*
 * The result model: what runs measured, in memory and as results.json
 * ("schema":"simbench.results/1", contract 1.2). Every exporter reads this and nothing
 * else. Strings and arrays are owned by the model; NULL strings are null in JSON.
 */
#ifndef REPORTS_RESULTS_H
#define REPORTS_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/buf.h"
#include "sim/base/err.h"
#include "sim/build/build.h"

/* Seconds of repeated measurements. */
struct result_wall {
    double *samples;
    size_t n, cap;
    double mean, median, stddev, min, max; /* filled by result_wall_settle */
};
void result_wall_add(struct result_wall *wall, double seconds);
/* The same in two: samples first, what they say when all are there. O(1), O(n log n).
 */
void result_wall_push(struct result_wall *wall, double seconds);
void result_wall_settle(struct result_wall *wall);

struct result_step {
    unsigned index, total, line;
    char *stage, *instruction, *word;
    enum step_status status;
    char *key;     /* "sha256:…", NULL if none */
    char *diff_id; /* NULL if it makes no layer */
    uint64_t size; /* of the layer, content bytes */
    bool modelled;
    char *base_name; /* FROM */
    unsigned base_layers;
    uint64_t base_size, fetched_bytes;
    bool has_virtual;
    uint64_t virtual_ms;
    bool has_start;    /* it ran on the virtual clock; old results have none */
    uint64_t start_ms; /* when it began, from the start of the build */
    struct result_wall wall;
    char *miss_reason; /* NULL: null */
    unsigned miss_root;
    char *miss_text, *miss_json; /* the whole object as JSON text */
};

struct result_build {
    char *label;
    char *error; /* the build failed: message; NULL: it did not */
    struct result_step *steps;
    size_t step_count;
    char *image_id;
    char *dockerfile; /* text it was built from */
    struct {
        char *diff_id;
        uint64_t size;
    } * layers;
    size_t layer_count;
    uint64_t size;        /* of the image */
    unsigned ran, reused; /* steps with status ran, cached */
    uint64_t new_bytes;   /* content bytes of layers that steps which ran made */
    uint64_t fetched_bytes;
    bool has_virtual;
    uint64_t virtual_ms;
    struct result_wall wall;
    /* Of the same repetitions, where they were measured: processor time, and time in
     * which it could have run but other work had the processors. */
    struct result_wall cpu, waited;
    bool in_turns; /* not kept: sample i was taken in the round of sample i of what it
                    * is compared with */
    uint64_t peak_bytes; /* most memory a build's process had; 0: not known */
};

struct result_variant {
    char *name, *engine, *exec; /* engine "builtin", exec "model" or "sandbox" */
    char *engine_version;       /* NULL if it is not known */
    struct result_build *builds;
    size_t build_count;
    unsigned *turns; /* place of each repetition in the order of all, from 1 */
    size_t turn_count;
};

struct result_check {
    char *message;
    bool ok;
    unsigned line;
};

struct result_axis { /* of a scan: files = 1000 */
    char *name;
    double value;
};

struct result_scenario {
    char *name, *lesson, *file;
    char *source; /* text of the file; NULL: not kept */
    char *scan;   /* the scan this is one point of; NULL: none */
    struct result_axis *point;
    size_t point_len;
    char *error; /* the scenario itself failed; NULL: it did not */
    struct result_variant *variants;
    size_t variant_count;
    struct result_check *checks;
    size_t check_count;
};

struct results {
    char *version;     /* of simbench */
    int64_t started_s; /* the time of the run */
    char *machine_id;  /* equal for machines alike; NULL if it is not known */
    char *machine;     /* the same for people */
    char *program;     /* digest of the simbench that measured; NULL: not kept */
    struct result_scenario *scenarios;
    size_t scenario_count;
};

struct results *results_new(const char *version, int64_t started_s);
/* Where it was measured; both strings are copied. */
void results_set_machine(struct results *r, const char *id, const char *text);
void results_free(struct results *r); /* NULL is legal */
/* NULL if there is none of this name. */
const struct result_scenario *results_find_scenario(const struct results *r,
                                                    const char *name);
/* The returned element is valid until the next add to the same array. */
struct result_scenario *results_add_scenario(struct results *r, const char *name,
                                             const char *lesson, const char *file);
struct result_variant *result_add_variant(struct result_scenario *s, const char *name,
                                          const char *engine, const char *exec);
/* Copies a finished (or failed: error not NULL) build. */
struct result_build *result_add_build(struct result_variant *v, const char *label,
                                      const struct build_result *build,
                                      const char *dockerfile, const char *error);
/* The scenario is a point of this scan: one call for each axis. */
void result_add_axis(struct result_scenario *s, const char *scan, const char *axis,
                     double value);
/* The pass number `turn` of all, from 1, was one of this variant's. */
void result_add_turn(struct result_variant *v, unsigned turn);
void result_add_check(struct result_scenario *s, const char *message, bool ok,
                      unsigned line);
/* Adds another repetition's wall times (build and steps) to a build already there. */
void result_build_sample(struct result_build *b, const struct build_result *build);
/* After the last sample, before anything else looks at the times. */
void result_settle(struct result_scenario *s);

/* What the last repetition that was added had of the processors, in seconds. */
void result_build_usage(struct result_build *b, double cpu_s, double waited_s);

/* results.json, indented, deterministic. */
void results_to_json(const struct results *r, struct buf *out);
/* ERR_INPUT with the place for what is no results.json of this schema version. */
int results_from_json(const char *name, const char *json, size_t len,
                      struct results **out, struct err *err);

#endif
