/* SPDX-License-Identifier: MIT */
/*
 * results.json, read: input of strangers. Every member is checked for its type and
 * range; messages name the member. Members we do not know are passed over, so that
 * files of a later minor version still read; figures that follow from others (the
 * statistics of the samples) are computed anew.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/report.h"
#include "reports/results_json.h"
#include "sim/base/mem.h"

enum {
    MAX_BYTES = 256 << 20, /* of the file */
    MAX_ITEMS = 100000,    /* of one array */
    MAX_SHOWN = 40,        /* characters of a wrong value in a message */
};
/* Integers beyond 2^53 do not survive other readers of JSON. */
static const double max_integer = 9007199254740992.0;

struct reader {
    struct buf path; /* of the member that is read: scenarios[0].variants[1] */
    struct err *err;
};

static int fail(struct reader *r, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct reader *r, const char *key, const char *fmt, ...)
{
    char what[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    AUTO_BUF shown = BUF_INIT; /* it may cite the file: nothing hidden gets through */
    report_escape_terminal(what, &shown);
    const char *path = buf_str(&r->path);
    return err_set(r->err, ERR_INPUT, "%s%s%s: %s", path,
                   *path != '\0' && key[0] != '\0' ? "." : "", key, buf_str(&shown));
}

/* Makes path name member `key` (and item `index` unless negative) of where it stands;
 * returns the length to go back to. */
static size_t enter(struct reader *r, const char *key, long index)
{
    size_t before = r->path.len;
    buf_addf(&r->path, "%s%s", before > 0 ? "." : "", key);
    if (index >= 0)
        buf_addf(&r->path, "[%ld]", index);
    return before;
}

static void leave(struct reader *r, size_t before)
{
    r->path.len = before;
    r->path.data[before] = '\0';
}

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {"an object", "an array", "a string",
                                        "a number",  "a number", "a boolean",
                                        "a boolean", "null"};
    return value == NULL ? "missing" : names[json_typeof(value)];
}

static int get_string(struct reader *r, const json_t *object, const char *key,
                      bool may_be_null, const char **out)
{
    const json_t *value = json_object_get(object, key);
    *out = NULL;
    if (may_be_null && (value == NULL || json_is_null(value)))
        return 0;
    if (!json_is_string(value))
        return fail(r, key, "expected a string, it is %s", type_name(value));
    *out = json_string_value(value);
    return 0;
}

static int copy_string(struct reader *r, const json_t *object, const char *key,
                       bool may_be_null, char **out)
{
    const char *s = NULL;
    int rc = get_string(r, object, key, may_be_null, &s);
    *out = s != NULL ? xstrdup(s) : NULL;
    return rc;
}

static int get_uint(struct reader *r, const json_t *object, const char *key, double max,
                    uint64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        return fail(r, key, "expected a whole number, it is %s", type_name(value));
    double n = json_number_value(value);
    if (!(n >= 0 && n <= max) || floor(n) != n)
        return fail(r, key, "expected a whole number from 0 to %.0f, it is %.9g", max,
                    n);
    *out = (uint64_t)n;
    return 0;
}

static int get_unsigned(struct reader *r, const json_t *object, const char *key,
                        unsigned *out)
{
    uint64_t n = 0;
    int rc = get_uint(r, object, key, UINT32_MAX, &n);
    *out = (unsigned)n;
    return rc;
}

static int get_size(struct reader *r, const json_t *object, const char *key,
                    uint64_t *out)
{
    return get_uint(r, object, key, max_integer, out);
}

/* NULL (and *rc set) unless the member is an array of at most MAX_ITEMS objects or,
 * with json_type JSON_REAL, numbers. */
static const json_t *get_array(struct reader *r, const json_t *object, const char *key,
                               json_type type, int *rc)
{
    const json_t *array = json_object_get(object, key);
    if (!json_is_array(array)) {
        *rc = fail(r, key, "expected an array, it is %s", type_name(array));
        return NULL;
    }
    size_t n = json_array_size(array);
    if (n > MAX_ITEMS) {
        *rc = fail(r, key, "%zu items; at most %d are read", n, MAX_ITEMS);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(array, i);
        if (type == JSON_REAL ? json_is_number(item) : json_is_object(item))
            continue;
        size_t before = enter(r, key, (long)i);
        *rc = fail(r, "", "expected %s, it is %s",
                   type == JSON_REAL ? "a number" : "an object", type_name(item));
        leave(r, before);
        return NULL;
    }
    *rc = 0;
    return array;
}

/* ---- times ----------------------------------------------------------------------- */

static int get_seconds(struct reader *r, const json_t *value, const char *key,
                       double *out)
{
    if (!json_is_number(value))
        return fail(r, key, "expected seconds or null, it is %s", type_name(value));
    *out = json_number_value(value);
    if (!(*out >= 0 && *out < 1e12))
        return fail(r, key, "expected seconds from 0, it is %.9g", *out);
    return 0;
}

static int read_samples(struct reader *r, const json_t *object, const char *key,
                        struct result_wall *wall)
{
    const json_t *stats = json_object_get(object, key);
    if (!json_is_object(stats))
        return fail(r, key, "expected an object, it is %s", type_name(stats));
    size_t before = enter(r, key, -1);
    int rc = 0;
    const json_t *samples = get_array(r, stats, "samples", JSON_REAL, &rc);
    for (size_t i = 0; rc == 0 && i < json_array_size(samples); i++) {
        double seconds = 0;
        rc = get_seconds(r, json_array_get(samples, i), "samples", &seconds);
        if (rc == 0)
            result_wall_push(wall, seconds);
    }
    result_wall_settle(wall);
    if (rc == 0)
        leave(r, before);
    return rc;
}

/* The seconds of a step or build, and its samples: a file that has but the seconds has
 * one sample. */
static int read_times(struct reader *r, const json_t *object, bool *has, uint64_t *ms,
                      struct result_wall *wall)
{
    const json_t *seconds = json_object_get(object, "seconds");
    if (!json_is_object(seconds))
        return fail(r, "seconds", "expected an object, it is %s", type_name(seconds));
    double value = 0;
    const json_t *virtual = json_object_get(seconds, "virtual");
    if (virtual != NULL && !json_is_null(virtual)) {
        int rc = get_seconds(r, virtual, "seconds.virtual", &value);
        if (rc != 0)
            return rc;
        *has = true;
        *ms = (uint64_t)llround(value * 1000);
    }
    if (json_object_get(object, "wall") != NULL)
        return read_samples(r, object, "wall", wall);
    const json_t *once = json_object_get(seconds, "wall");
    if (once == NULL || json_is_null(once))
        return 0;
    int rc = get_seconds(r, once, "seconds.wall", &value);
    if (rc == 0)
        result_wall_add(wall, value);
    return rc;
}

/* ---- steps ----------------------------------------------------------------------- */

static int read_layer(struct reader *r, const json_t *object, struct result_step *s)
{
    const json_t *layer = json_object_get(object, "layer");
    if (layer == NULL || json_is_null(layer))
        return 0;
    if (!json_is_object(layer))
        return fail(r, "layer", "expected an object or null, it is %s",
                    type_name(layer));
    size_t before = enter(r, "layer", -1);
    int rc = copy_string(r, layer, "diff_id", false, &s->diff_id);
    if (rc == 0)
        rc = get_size(r, layer, "size", &s->size);
    s->modelled = json_is_true(json_object_get(layer, "modelled"));
    if (rc == 0)
        leave(r, before);
    return rc;
}

static int read_base(struct reader *r, const json_t *object, struct result_step *s)
{
    const json_t *base = json_object_get(object, "base");
    if (base == NULL || json_is_null(base))
        return 0;
    if (!json_is_object(base))
        return fail(r, "base", "expected an object or null, it is %s", type_name(base));
    size_t before = enter(r, "base", -1);
    int rc = copy_string(r, base, "name", false, &s->base_name);
    if (rc == 0)
        rc = get_unsigned(r, base, "layers", &s->base_layers);
    if (rc == 0)
        rc = get_size(r, base, "size", &s->base_size);
    if (rc == 0 && json_object_get(base, "fetched") != NULL)
        rc = get_size(r, base, "fetched", &s->fetched_bytes);
    if (rc == 0)
        leave(r, before);
    return rc;
}

static int read_miss(struct reader *r, const json_t *object, struct result_step *s)
{
    const json_t *miss = json_object_get(object, "miss");
    if (miss == NULL || json_is_null(miss))
        return 0;
    if (!json_is_object(miss))
        return fail(r, "miss", "expected an object or null, it is %s", type_name(miss));
    size_t before = enter(r, "miss", -1);
    const char *unused = NULL;
    unsigned root = 0;
    int rc = get_string(r, miss, "reason", false, &unused);
    if (rc == 0)
        rc = get_string(r, miss, "text", true, &unused);
    if (rc == 0)
        rc = get_unsigned(r, miss, "root", &root);
    if (rc != 0)
        return rc;
    leave(r, before);
    result_set_miss(s, miss);
    return 0;
}

static int read_status(struct reader *r, const json_t *object, struct result_step *s)
{
    const char *word = NULL;
    int rc = get_string(r, object, "status", false, &word);
    if (rc == 0 && !result_status_parse(word, &s->status))
        rc = fail(r, "status", "expected cached, ran, meta or depends, it is \"%.*s\"",
                  MAX_SHOWN, word);
    return rc;
}

static int read_step(struct reader *r, const json_t *object, struct result_step *s)
{
    int rc = get_unsigned(r, object, "index", &s->index);
    if (rc == 0)
        rc = get_unsigned(r, object, "total", &s->total);
    if (rc == 0)
        rc = copy_string(r, object, "stage", false, &s->stage);
    if (rc == 0)
        rc = get_unsigned(r, object, "line", &s->line);
    if (rc == 0)
        rc = copy_string(r, object, "instruction", false, &s->instruction);
    if (rc == 0)
        rc = read_status(r, object, s);
    if (rc == 0)
        rc = copy_string(r, object, "key", true, &s->key);
    if (rc == 0)
        rc = read_layer(r, object, s);
    if (rc == 0)
        rc = read_base(r, object, s);
    if (rc == 0)
        rc = read_times(r, object, &s->has_virtual, &s->virtual_ms, &s->wall);
    s->has_start = s->has_virtual && json_object_get(object, "start_ms") != NULL;
    if (rc == 0 && s->has_start)
        rc = get_uint(r, object, "start_ms", max_integer, &s->start_ms);
    if (rc == 0)
        rc = read_miss(r, object, s);
    if (rc == 0)
        s->word = result_word(s->instruction);
    return rc;
}

/* ---- what holds them ------------------------------------------------------------- */

typedef int read_item(struct reader *r, const json_t *object, void *parent);

/* Calls `read` for each object of the array `key`, with the path naming it. */
static int read_each(struct reader *r, const json_t *object, const char *key,
                     read_item *read, void *parent)
{
    int rc = 0;
    const json_t *array = get_array(r, object, key, JSON_OBJECT, &rc);
    for (size_t i = 0; rc == 0 && i < json_array_size(array); i++) {
        size_t before = enter(r, key, (long)i);
        rc = read(r, json_array_get(array, i), parent);
        if (rc == 0)
            leave(r, before);
    }
    return rc;
}

static int read_step_of(struct reader *r, const json_t *object, void *build)
{
    return read_step(r, object, result_new_step(build));
}

static int read_layer_of(struct reader *r, const json_t *object, void *build)
{
    const char *diff_id = NULL;
    uint64_t size = 0;
    int rc = get_string(r, object, "diff_id", false, &diff_id);
    if (rc == 0)
        rc = get_size(r, object, "size", &size);
    if (rc == 0)
        result_new_layer(build, diff_id, size);
    return rc;
}

static int read_build_of(struct reader *r, const json_t *object, void *variant)
{
    struct result_build *b = result_new_build(variant);
    int rc = copy_string(r, object, "label", false, &b->label);
    if (rc == 0)
        rc = get_unsigned(r, object, "ran", &b->ran);
    if (rc == 0)
        rc = get_unsigned(r, object, "reused", &b->reused);
    if (rc == 0)
        rc = read_times(r, object, &b->has_virtual, &b->virtual_ms, &b->wall);
    if (rc == 0 && json_object_get(object, "cpu") != NULL)
        rc = read_samples(r, object, "cpu", &b->cpu);
    if (rc == 0 && json_object_get(object, "waited") != NULL)
        rc = read_samples(r, object, "waited", &b->waited);
    if (rc == 0)
        rc = get_size(r, object, "new_bytes", &b->new_bytes);
    if (rc == 0)
        rc = get_size(r, object, "fetched_bytes", &b->fetched_bytes);
    if (rc == 0)
        rc = get_size(r, object, "size", &b->size);
    if (rc == 0 && json_object_get(object, "peak_bytes") != NULL)
        rc = get_size(r, object, "peak_bytes", &b->peak_bytes);
    if (rc == 0)
        rc = copy_string(r, object, "image", true, &b->image_id);
    if (rc == 0)
        rc = copy_string(r, object, "error", true, &b->error);
    if (rc == 0)
        rc = copy_string(r, object, "dockerfile", true, &b->dockerfile);
    if (rc == 0)
        rc = read_each(r, object, "layers", read_layer_of, b);
    return rc != 0 ? rc : read_each(r, object, "steps", read_step_of, b);
}

static int read_turns(struct reader *r, const json_t *object, struct result_variant *v)
{
    int rc = 0;
    if (json_object_get(object, "turns") == NULL)
        return 0;
    const json_t *turns = get_array(r, object, "turns", JSON_REAL, &rc);
    for (size_t i = 0; rc == 0 && i < json_array_size(turns); i++) {
        double turn = json_number_value(json_array_get(turns, i));
        if (!(turn >= 1 && turn <= UINT32_MAX) || floor(turn) != turn)
            rc = fail(r, "turns", "expected whole numbers from 1, one is %.9g", turn);
        else
            result_add_turn(v, (unsigned)turn);
    }
    return rc;
}

static int read_variant_of(struct reader *r, const json_t *object, void *scenario)
{
    const char *name = NULL, *engine = NULL, *exec = NULL;
    int rc = get_string(r, object, "name", false, &name);
    if (rc == 0)
        rc = get_string(r, object, "engine", false, &engine);
    if (rc == 0)
        rc = get_string(r, object, "exec", true, &exec);
    if (rc != 0)
        return rc;
    struct result_variant *v = result_add_variant(scenario, name, engine, exec);
    rc = copy_string(r, object, "engine_version", true, &v->engine_version);
    if (rc == 0)
        rc = read_turns(r, object, v);
    return rc != 0 ? rc : read_each(r, object, "builds", read_build_of, v);
}

static int read_check_of(struct reader *r, const json_t *object, void *scenario)
{
    const char *message = NULL;
    unsigned line = 0;
    int rc = get_string(r, object, "message", true, &message);
    if (rc == 0 && json_object_get(object, "line") != NULL)
        rc = get_unsigned(r, object, "line", &line);
    const json_t *ok = json_object_get(object, "ok");
    if (rc == 0 && !json_is_boolean(ok))
        rc = fail(r, "ok", "expected true or false, it is %s", type_name(ok));
    if (rc == 0)
        result_add_check(scenario, message, json_is_true(ok), line);
    return rc;
}

/* What a scan passes to read_axis_of. */
struct scan_reading {
    struct result_scenario *scenario;
    const char *name;
};

static int read_axis_of(struct reader *r, const json_t *object, void *payload)
{
    const struct scan_reading *scan = payload;
    const char *axis = NULL;
    int rc = get_string(r, object, "axis", false, &axis);
    const json_t *value = json_object_get(object, "value");
    if (rc == 0 && !(json_is_number(value) && json_number_value(value) > 0))
        rc = fail(r, "value", "expected a positive number");
    if (rc == 0)
        result_add_axis(scan->scenario, scan->name, axis, json_number_value(value));
    return rc;
}

static int read_scan(struct reader *r, const json_t *object, struct result_scenario *s)
{
    const json_t *scan = json_object_get(object, "scan");
    if (scan == NULL || json_is_null(scan))
        return 0;
    if (!json_is_object(scan))
        return fail(r, "scan", "expected an object, it is %s", type_name(scan));
    struct scan_reading reading = {.scenario = s};
    size_t before = enter(r, "scan", -1);
    int rc = get_string(r, scan, "name", false, &reading.name);
    if (rc == 0)
        rc = read_each(r, scan, "point", read_axis_of, &reading);
    if (rc == 0)
        leave(r, before);
    return rc;
}

static int read_scenario_of(struct reader *r, const json_t *object, void *results)
{
    const char *name = NULL, *lesson = NULL, *file = NULL;
    int rc = get_string(r, object, "name", false, &name);
    if (rc == 0)
        rc = get_string(r, object, "lesson", true, &lesson);
    if (rc == 0)
        rc = get_string(r, object, "file", true, &file);
    if (rc != 0)
        return rc;
    struct result_scenario *s = results_add_scenario(results, name, lesson, file);
    rc = copy_string(r, object, "error", true, &s->error);
    if (rc == 0)
        rc = copy_string(r, object, "source", true, &s->source);
    if (rc == 0)
        rc = read_scan(r, object, s);
    if (rc == 0 && json_object_get(object, "checks") != NULL)
        rc = read_each(r, object, "checks", read_check_of, s);
    return rc != 0 ? rc : read_each(r, object, "variants", read_variant_of, s);
}

static int read_machine(struct reader *r, const json_t *root, struct results *out)
{
    const json_t *machine = json_object_get(root, "machine");
    if (machine == NULL || json_is_null(machine))
        return 0;
    if (!json_is_object(machine))
        return fail(r, "machine", "expected an object, it is %s", type_name(machine));
    const char *id = NULL, *text = NULL;
    size_t before = enter(r, "machine", -1);
    int rc = get_string(r, machine, "id", false, &id);
    if (rc == 0)
        rc = get_string(r, machine, "text", true, &text);
    if (rc != 0)
        return rc;
    leave(r, before);
    results_set_machine(out, id, text);
    return 0;
}

static int read_results(struct reader *r, const json_t *root, struct results **out)
{
    static const char known[] = "simbench.results/1";
    if (!json_is_object(root))
        return fail(r, "top level", "expected an object, it is %s", type_name(root));
    const char *schema = json_string_value(json_object_get(root, "schema"));
    if (schema == NULL || strcmp(schema, known) != 0) {
        fail(r, "schema", "expected \"%s\", it is %s%.*s", known,
             schema != NULL ? "" : type_name(json_object_get(root, "schema")),
             MAX_SHOWN, schema != NULL ? schema : "");
        return err_hint(r->err, "give the results.json of a simbench report");
    }
    const char *version = NULL, *started = NULL;
    int64_t started_s = 0;
    int rc = get_string(r, root, "version", true, &version);
    if (rc == 0)
        rc = get_string(r, root, "started", true, &started);
    if (rc == 0 && started != NULL && !result_parse_time(started, &started_s))
        rc = fail(r, "started", "expected a time such as 2026-01-31T12:00:00Z");
    if (rc != 0)
        return rc;
    *out = results_new(version, started_s);
    rc = read_machine(r, root, *out);
    if (rc == 0)
        rc = copy_string(r, root, "program", true, &(*out)->program);
    if (rc != 0)
        return rc;
    return read_each(r, root, "scenarios", read_scenario_of, *out);
}

int results_from_json(const char *name, const char *json, size_t len,
                      struct results **out, struct err *err)
{
    *out = NULL;
    if (len > MAX_BYTES) {
        err_set(err, ERR_INPUT, "%zu bytes; at most %d are read", len, MAX_BYTES);
        return err_at(err, name, 0);
    }
    json_error_t where;
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        AUTO_BUF shown = BUF_INIT;
        report_escape_terminal(where.text, &shown);
        err_set(err, ERR_INPUT, "no JSON: %s", buf_str(&shown));
        return err_at(err, name, where.line > 0 ? (unsigned)where.line : 0);
    }
    struct reader r = {.path = BUF_INIT, .err = err};
    struct results *results = NULL;
    int rc = read_results(&r, root, &results);
    json_decref(root);
    buf_free(&r.path);
    if (rc != 0) {
        results_free(results);
        return err_at(err, name, 0);
    }
    *out = results;
    return 0;
}
