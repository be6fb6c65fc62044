/* SPDX-License-Identifier: MIT */
/*
 * BuildKit's rawjson progress: objects with "vertexes" (steps), "statuses" and "logs",
 * one a line from buildctl and newer buildx, indented over several lines from buildx
 * 0.13. Text between objects is what the client itself says.
 */
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/engine_log_parts.h"
#include "sim/base/mem.h"

/* A number and the character after it, which *at is moved past. */
static bool read_part(const char **at, char end, int *out)
{
    char *rest;
    long n = strtol(*at, &rest, 10);
    if (rest == *at || *rest != end || n < 0 || n > 9999)
        return false;
    *out = (int)n;
    *at = rest + (end != '\0');
    return true;
}

/* "Z", "+01:00" -> seconds east of Greenwich. */
static int read_zone(const char *text)
{
    const char *at = text + (text[0] == '+' || text[0] == '-');
    int hours, minutes;
    if (at == text || !read_part(&at, ':', &hours) || !read_part(&at, '\0', &minutes))
        return 0;
    return (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/* Seconds since 1970 of "2024-01-31T12:00:00.123456789Z"; NAN. */
static double read_time(const json_t *value)
{
    const char *at = json_string_value(value);
    struct tm tm = {0};
    if (at == NULL || !read_part(&at, '-', &tm.tm_year) ||
        !read_part(&at, '-', &tm.tm_mon) || !read_part(&at, 'T', &tm.tm_mday) ||
        !read_part(&at, ':', &tm.tm_hour) || !read_part(&at, ':', &tm.tm_min))
        return NAN;
    char *zone;
    double seconds = strtod(at, &zone);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (double)timegm(&tm) + seconds - read_zone(zone);
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
