/* SPDX-License-Identifier: MIT */
/*
 * BuildKit's rawjson progress: objects with "vertexes" (steps), "statuses" and "logs",
 * one a line from buildctl and newer buildx, indented over several lines from buildx
 * 0.13. Text between objects is what the client itself says.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/engine_log_parts.h"
#include "sim/base/mem.h"

/* Seconds since 1970 of "2024-01-31T12:00:00.123456789Z" or with "+01:00"; NAN. */
static double read_time(const json_t *value)
{
    const char *text = json_string_value(value);
    struct tm tm = {0};
    int used = 0;
    if (text == NULL ||
        sscanf(text, "%d-%d-%dT%d:%d:%d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 6)
        return NAN;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    double fraction = 0;
    if (text[used] == '.') {
        char *end;
        fraction = strtod(text + used, &end);
        used = (int)(end - text);
    }
    double seconds = (double)timegm(&tm) + fraction;
    int hours, minutes;
    if ((text[used] == '+' || text[used] == '-') &&
        sscanf(text + used + 1, "%d:%d", &hours, &minutes) == 2)
        seconds -= (text[used] == '-' ? -1 : 1) * (hours * 3600.0 + minutes * 60.0);
    return seconds;
}

static void read_vertex(struct engine_log *log, const json_t *vertex)
{
    const char *id = json_string_value(json_object_get(vertex, "digest"));
    const char *name = json_string_value(json_object_get(vertex, "name"));
    if (id == NULL || name == NULL)
        return;
    long at = engine_log_find(log, id);
    struct log_step *step = at >= 0 ? &log->steps[at] : NULL;
    if (step == NULL) {
        struct log_step found = {.seconds = -1};
        if (!engine_log_vertex(name, &found))
            return;
        step = engine_log_add(log, id);
        *step = found;
    }
    step->cached |= json_is_true(json_object_get(vertex, "cached"));
    double started = read_time(json_object_get(vertex, "started"));
    double completed = read_time(json_object_get(vertex, "completed"));
    step->started |= !isnan(started);
    if (!isnan(started) && !isnan(completed) && completed >= started)
        step->seconds = completed - started;
    const char *error = json_string_value(json_object_get(vertex, "error"));
    if (error != NULL && error[0] != '\0' && step->error == NULL)
        step->error = xstrdup(error);
}

static void read_status(struct engine_log *log, const json_t *status)
{
    const char *vertex = json_string_value(json_object_get(status, "vertex"));
    const char *name = json_string_value(json_object_get(status, "name"));
    const char *id = json_string_value(json_object_get(status, "id"));
    long at = vertex != NULL ? engine_log_find(log, vertex) : -1;
    if (at < 0)
        return;
    if ((name != NULL && strcmp(name, "extracting") == 0) ||
        (id != NULL && strncmp(id, "extracting ", 11) == 0))
        log->steps[at].fetched = true;
}

static void read_object(struct engine_log *log, const json_t *object)
{
    size_t i;
    const json_t *item;
    json_array_foreach (json_object_get(object, "vertexes"), i, item)
        read_vertex(log, item);
    json_array_foreach (json_object_get(object, "statuses"), i, item)
        read_status(log, item);
}

void engine_log_read_json(struct engine_log *log)
{
    const char *text = buf_str(&log->pending);
    size_t at = 0, len = log->pending.len;
    while (at < len) {
        const char *line_end = memchr(text + at, '\n', len - at);
        size_t line = line_end != NULL ? (size_t)(line_end - text) - at : len - at;
        json_error_t where;
        json_t *object = text[at] == '{' ? json_loadb(text + at, len - at,
                                                      JSON_DISABLE_EOF_CHECK, &where)
                                         : NULL;
        if (object == NULL) {
            engine_log_rest(log, text + at, line);
            at += line + 1;
            continue;
        }
        read_object(log, object);
        json_decref(object);
        at += (size_t)where.position;
        while (at < len && (text[at] == '\n' || text[at] == '\r'))
            at++;
    }
    log->pending.len = 0;
}
