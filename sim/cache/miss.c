/* SPDX-License-Identifier: MIT */
/* The miss object: life time, names, JSON, and the line for people. */
#include "sim/cache/miss.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"

const char *miss_reason_name(enum miss_reason reason)
{
    static const char *const names[] = {
        [MISS_NO_RECORD] = "no-record", [MISS_INSTRUCTION] = "instruction",
        [MISS_INPUT] = "input",         [MISS_ENVIRONMENT] = "environment",
        [MISS_BASE] = "base",           [MISS_PARENT] = "parent",
        [MISS_NO_CACHE] = "no-cache",   [MISS_COLLECTED] = "collected",
    };
    return names[reason];
}

struct miss *miss_new(enum miss_reason reason, unsigned root, const char *text)
{
    struct miss *m = xcalloc(1, sizeof *m);
    m->reason = reason;
    m->root = root;
    m->text = text != NULL ? xstrdup(text) : NULL;
    return m;
}

static char *copy(const char *s)
{
    return s != NULL ? xstrdup(s) : NULL;
}

void miss_add(struct miss *miss, const struct miss_note *change, size_t most)
{
    miss->total++;
    if (miss->change_count >= most)
        return;
    GROW(miss->changes, miss->change_cap, miss->change_count + 1);
    miss->changes[miss->change_count++] = (struct miss_change){
        .kind = change->kind,
        .what = change->what,
        .name = copy(change->name),
        .from = copy(change->from),
        .to = copy(change->to),
        .words = copy(change->words),
    };
}

void miss_add_all(struct miss *miss, const struct miss *from)
{
    for (size_t i = 0; i < from->change_count; i++) {
        const struct miss_change *c = &from->changes[i];
        miss_add(
            miss,
            &(struct miss_note){c->kind, c->what, c->name, c->from, c->to, c->words},
            SIZE_MAX);
    }
    miss->total += from->total - from->change_count;
}

void miss_free(struct miss *miss)
{
    if (miss == NULL)
        return;
    for (size_t i = 0; i < miss->change_count; i++) {
        free(miss->changes[i].name);
        free(miss->changes[i].from);
        free(miss->changes[i].to);
        free(miss->changes[i].words);
    }
    free(miss->changes);
    free(miss->text);
    free(miss->remedy);
    free(miss);
}

/* File names need not be UTF-8; what is not is shown by replacement characters. */
static json_t *text_or_null(const char *s)
{
    if (s == NULL)
        return json_null();
    json_t *text = json_string(s);
    if (text != NULL)
        return text;
    AUTO_BUF clean = BUF_INIT;
    for (; *s != '\0'; s++) {
        if ((unsigned char)*s < 128)
            buf_addc(&clean, *s);
        else
            buf_adds(&clean, "\xef\xbf\xbd");
    }
    return json_string(buf_str(&clean));
}

static json_t *change_json(const struct miss_change *c)
{
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(c->kind));
    if (strcmp(c->kind, "file") == 0)
        json_object_set_new(o, "path", text_or_null(c->name));
    else if (c->name != NULL)
        json_object_set_new(o, "name", text_or_null(c->name));
    json_object_set_new(o, "what", json_string(c->what));
    json_object_set_new(o, "from", text_or_null(c->from));
    json_object_set_new(o, "to", text_or_null(c->to));
    json_object_set_new(o, "text", text_or_null(c->words));
    return o;
}

void miss_to_json(const struct miss *miss, struct buf *out)
{
    if (miss == NULL) {
        buf_adds(out, "null");
        return;
    }
    json_t *o = json_object(), *changes = json_array();
    json_object_set_new(o, "reason", json_string(miss_reason_name(miss->reason)));
    json_object_set_new(o, "root", json_integer(miss->root));
    for (size_t i = 0; i < miss->change_count; i++)
        json_array_append_new(changes, change_json(&miss->changes[i]));
    json_object_set_new(o, "changes", changes);
    if (miss->total > miss->change_count)
        json_object_set_new(o, "total", json_integer((json_int_t)miss->total));
    json_object_set_new(o, "text", text_or_null(miss->text != NULL ? miss->text : ""));
    if (miss->remedy != NULL)
        json_object_set_new(o, "remedy", text_or_null(miss->remedy));
    char *text = json_dumps(o, JSON_COMPACT);
    buf_adds(out, text);
    free(text);
    json_decref(o);
}
