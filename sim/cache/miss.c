/* SPDX-License-Identifier: MIT */
/* The miss object: life time, names, JSON, and the line for people. */
#include "sim/cache/miss.h"

#include <jansson.h>
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

void miss_free(struct miss *miss)
{
    if (miss == NULL)
        return;
    for (size_t i = 0; i < miss->change_count; i++) {
        free(miss->changes[i].name);
        free(miss->changes[i].from);
        free(miss->changes[i].to);
    }
    free(miss->changes);
    free(miss->text);
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
    json_object_set_new(o, "text", text_or_null(miss->text != NULL ? miss->text : ""));
    char *text = json_dumps(o, JSON_COMPACT);
    buf_adds(out, text);
    free(text);
    json_decref(o);
}
