/* SPDX-License-Identifier: MIT */
/*
 * The config as JSON: members, their order and which are left out when empty are those
 * of configs that BuildKit 0.32 wrote (recorded in tests/unit/image/test_config.c). The
 * outer object's members stand in alphabetical order, those of "config" in the order
 * of Docker's image spec.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/image/config.h"
#include "sim/image/json.h"

/* `"name":`, after a comma unless it is the first member of the object. */
static void member(struct buf *out, const char *name)
{
    if (out->data[out->len - 1] != '{')
        buf_addc(out, ',');
    buf_addc(out, '"');
    buf_adds(out, name);
    buf_adds(out, "\":");
}

static void string_member(struct buf *out, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    member(out, name);
    image_json_string(out, value);
}

static void list_member(struct buf *out, const char *name, const struct strv *v)
{
    if (v->len == 0)
        return;
    member(out, name);
    image_json_list(out, v);
}

static void set_member(struct buf *out, const char *name, const struct strv *set)
{
    if (set->len == 0)
        return;
    member(out, name);
    buf_addc(out, '{');
    for (size_t i = 0; i < set->len; i++) {
        if (i > 0)
            buf_addc(out, ',');
        image_json_string(out, set->items[i]);
        buf_adds(out, ":{}");
    }
    buf_addc(out, '}');
}

static void number_member(struct buf *out, const char *name, int64_t value)
{
    if (value == 0)
        return;
    member(out, name);
    buf_addf(out, "%" PRId64, value);
}

static void time_text(struct buf *out, int64_t seconds, uint32_t nanos)
{
    char text[32];
    image_format_time(seconds, text);
    buf_addc(out, '"');
    buf_add(out, text, strlen(text) - 1);
    if (nanos != 0 && nanos < 1000000000) {
        /* Go drops trailing zeros of the fraction. */
        int width = 9;
        for (; nanos % 10 == 0; width--)
            nanos /= 10;
        buf_addf(out, ".%0*" PRIu32, width, nanos);
    }
    buf_adds(out, "Z\"");
}

static int compare_names(const char *x, const char *y)
{
    size_t nx = strcspn(x, "="), ny = strcspn(y, "=");
    int order = memcmp(x, y, nx < ny ? nx : ny);
    return order != 0 ? order : (nx > ny) - (nx < ny);
}

static int compare_labels(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = compare_names(x, y);
    return order != 0 ? order : strcmp(x, y);
}

static void labels_member(struct buf *out, const struct strv *labels)
{
    if (labels->len == 0)
        return;
    AUTO_FREE char **sorted = xreallocarray(NULL, labels->len, sizeof *sorted);
    memcpy(sorted, labels->items, labels->len * sizeof *sorted);
    qsort(sorted, labels->len, sizeof *sorted, compare_labels);
    member(out, "Labels");
    buf_addc(out, '{');
    for (size_t i = 0; i < labels->len; i++) {
        size_t n = strcspn(sorted[i], "=");
        /* Names that hold "=" (configs made elsewhere) may come out as one. */
        if (i > 0 && compare_names(sorted[i - 1], sorted[i]) == 0)
            continue;
        if (i > 0)
            buf_addc(out, ',');
        image_json_stringn(out, sorted[i], n);
        buf_addc(out, ':');
        image_json_string(out, sorted[i][n] == '=' ? sorted[i] + n + 1 : "");
    }
    buf_addc(out, '}');
}

static void healthcheck_member(struct buf *out, const struct image_healthcheck *h)
{
    member(out, "Healthcheck");
    buf_addc(out, '{');
    list_member(out, "Test", &h->test);
    number_member(out, "Interval", h->interval_ns);
    number_member(out, "Timeout", h->timeout_ns);
    number_member(out, "StartPeriod", h->start_period_ns);
    number_member(out, "StartInterval", h->start_interval_ns);
    number_member(out, "Retries", h->retries);
    buf_addc(out, '}');
}

static void run_config(const struct image_config *c, struct buf *out)
{
    buf_addc(out, '{');
    string_member(out, "User", c->user);
    set_member(out, "ExposedPorts", &c->exposed);
    list_member(out, "Env", &c->env);
    if (c->has_entrypoint)
        list_member(out, "Entrypoint", &c->entrypoint);
    if (c->has_cmd)
        list_member(out, "Cmd", &c->cmd);
    set_member(out, "Volumes", &c->volumes);
    string_member(out, "WorkingDir", c->workdir);
    labels_member(out, &c->labels);
    string_member(out, "StopSignal", c->stop_signal);
    if (c->args_escaped) {
        member(out, "ArgsEscaped");
        buf_adds(out, "true");
    }
    if (c->has_healthcheck)
        healthcheck_member(out, &c->healthcheck);
    list_member(out, "OnBuild", &c->onbuild);
    if (c->has_shell)
        list_member(out, "Shell", &c->shell);
    buf_addc(out, '}');
}

static void history_entry(const struct image_history *h, struct buf *out)
{
    buf_addc(out, '{');
    if (h->created_s != INT64_MIN) {
        member(out, "created");
        time_text(out, h->created_s, h->created_nanos);
    }
    string_member(out, "created_by", h->created_by);
    string_member(out, "author", h->author);
    string_member(out, "comment", h->comment);
    if (h->empty_layer) {
        member(out, "empty_layer");
        buf_adds(out, "true");
    }
    buf_addc(out, '}');
}

static void diff_ids(const struct image_config *c, struct buf *out)
{
    buf_adds(out, c->diff_id_count == 0 ? "null" : "[");
    for (size_t i = 0; i < c->diff_id_count; i++) {
        char text[DIGEST_TEXT + 1];
        digest_text(&c->diff_ids[i], text);
        buf_adds(out, i > 0 ? ",\"" : "\"");
        buf_add(out, text, DIGEST_TEXT);
        buf_addc(out, '"');
    }
    buf_adds(out, c->diff_id_count == 0 ? "" : "]");
}

void image_config_to_json(const struct image_config *c, struct buf *out)
{
    buf_addc(out, '{');
    string_member(out, "architecture", c->architecture);
    string_member(out, "author", c->author);
    member(out, "config");
    run_config(c, out);
    member(out, "created");
    if (c->created_s == INT64_MIN)
        buf_adds(out, "null");
    else
        time_text(out, c->created_s, c->created_nanos);
    member(out, "history");
    buf_adds(out, "[");
    for (size_t i = 0; i < c->history_count; i++) {
        buf_adds(out, i > 0 ? "," : "");
        history_entry(&c->history[i], out);
    }
    buf_adds(out, "]");
    string_member(out, "os", c->os);
    member(out, "rootfs");
    buf_adds(out, "{\"type\":\"layers\",\"diff_ids\":");
    diff_ids(c, out);
    buf_addc(out, '}');
    string_member(out, "variant", c->variant);
    buf_addc(out, '}');
}
