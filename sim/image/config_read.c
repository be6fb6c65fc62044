/* SPDX-License-Identifier: MIT */
/*
 * Reading configs of other builders: OCI's and Docker's members, null and absent alike;
 * a member of the wrong type is an error that names it. Unknown members are ignored.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/image/config.h"
#include "sim/image/json.h"

enum {
    CONFIG_LIMIT = 16 << 20,
    LAYERS_LIMIT = 10000, /* real images have at most some 127 */
    SET_LIMIT = 10000,    /* kept sorted, member by member */
};

static int wrong(struct err *err, const char *name, const char *want)
{
    return err_set(err, ERR_INPUT, "image config: %s is not %s", name, want);
}

/* The member, NULL where it is absent or null. */
static json_t *get(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

/* "" counts as absent. */
static int read_string(const json_t *object, const char *name, char **out,
                       struct err *err)
{
    const json_t *value = get(object, name);
    if (value == NULL)
        return 0;
    if (!json_is_string(value))
        return wrong(err, name, "a string");
    if (json_string_length(value) != 0) {
        free(*out);
        *out = xstrdup(json_string_value(value));
    }
    return 0;
}

static int read_list(const json_t *object, const char *name, struct strv *out,
                     bool *present, struct err *err)
{
    const json_t *value = get(object, name);
    if (value == NULL)
        return 0;
    if (!json_is_array(value))
        return wrong(err, name, "an array of strings");
    size_t i;
    json_t *item;
    json_array_foreach (value, i, item) {
        if (!json_is_string(item))
            return wrong(err, name, "an array of strings");
        strv_add(out, json_string_value(item));
    }
    if (present != NULL)
        *present = true;
    return 0;
}

/* Members of an object are the set's elements: {"80/tcp":{}}. */
static int read_set(json_t *object, const char *name, struct strv *out, struct err *err)
{
    json_t *value = get(object, name);
    if (value == NULL)
        return 0;
    if (!json_is_object(value) || json_object_size(value) > SET_LIMIT)
        return wrong(err, name, "an object of at most 10000 members");
    const char *key;
    json_t *ignored;
    json_object_foreach (value, key, ignored)
        image_config_add_sorted(out, key);
    return 0;
}

static int read_labels(json_t *object, struct strv *out, struct err *err)
{
    json_t *labels = get(object, "Labels");
    if (labels == NULL)
        return 0;
    if (!json_is_object(labels))
        return wrong(err, "Labels", "an object");
    const char *key;
    json_t *value;
    json_object_foreach (labels, key, value) {
        if (!json_is_string(value))
            return wrong(err, "Labels", "an object of strings");
        strv_take(out, xasprintf("%s=%s", key, json_string_value(value)));
    }
    return 0;
}

static int read_int(const json_t *object, const char *name, int64_t *out,
                    struct err *err)
{
    const json_t *value = get(object, name);
    if (value == NULL)
        return 0;
    if (!json_is_integer(value))
        return wrong(err, name, "a whole number");
    *out = json_integer_value(value);
    return 0;
}

static int read_healthcheck(const json_t *config, struct image_config *c,
                            struct err *err)
{
    const json_t *value = get(config, "Healthcheck");
    if (value == NULL)
        return 0;
    if (!json_is_object(value))
        return wrong(err, "Healthcheck", "an object");
    struct image_healthcheck *h = &c->healthcheck;
    c->has_healthcheck = true;
    int64_t retries = 0;
    int rc = read_list(value, "Test", &h->test, NULL, err);
    if (rc == 0)
        rc = read_int(value, "Interval", &h->interval_ns, err);
    if (rc == 0)
        rc = read_int(value, "Timeout", &h->timeout_ns, err);
    if (rc == 0)
        rc = read_int(value, "StartPeriod", &h->start_period_ns, err);
    if (rc == 0)
        rc = read_int(value, "StartInterval", &h->start_interval_ns, err);
    if (rc == 0)
        rc = read_int(value, "Retries", &retries, err);
    h->retries = (long)retries;
    return rc;
}

/* Values of the lists that a word may follow: present or not, and the words. */
static int read_commands(json_t *config, struct image_config *c, struct err *err)
{
    int rc = read_list(config, "Env", &c->env, NULL, err);
    if (rc == 0)
        rc = read_list(config, "Entrypoint", &c->entrypoint, &c->has_entrypoint, err);
    if (rc == 0)
        rc = read_list(config, "Cmd", &c->cmd, &c->has_cmd, err);
    if (rc == 0)
        rc = read_list(config, "Shell", &c->shell, &c->has_shell, err);
    if (rc == 0)
        rc = read_list(config, "OnBuild", &c->onbuild, NULL, err);
    return rc;
}

static int read_run_config(const json_t *root, struct image_config *c, struct err *err)
{
    json_t *config = get(root, "config");
    if (config == NULL)
        return 0;
    if (!json_is_object(config))
        return wrong(err, "config", "an object");
    c->args_escaped = json_is_true(get(config, "ArgsEscaped"));
    int rc = read_commands(config, c, err);
    if (rc == 0)
        rc = read_string(config, "User", &c->user, err);
    if (rc == 0)
        rc = read_string(config, "WorkingDir", &c->workdir, err);
    if (rc == 0)
        rc = read_string(config, "StopSignal", &c->stop_signal, err);
    if (rc == 0)
        rc = read_set(config, "ExposedPorts", &c->exposed, err);
    if (rc == 0)
        rc = read_set(config, "Volumes", &c->volumes, err);
    if (rc == 0)
        rc = read_labels(config, &c->labels, err);
    if (rc == 0)
        rc = read_healthcheck(config, c, err);
    return rc;
}

/* Digits after the dot, as nanoseconds. */
static uint32_t fraction(const char *text)
{
    const char *p = strchr(text, '.');
    uint32_t nanos = 0, unit = 100000000;
    for (; p != NULL && *++p >= '0' && *p <= '9'; unit /= 10)
        nanos += (uint32_t)(*p - '0') * unit;
    return nanos;
}

static int read_time(const json_t *object, int64_t *out_s, uint32_t *nanos,
                     struct err *err)
{
    const json_t *value = get(object, "created");
    if (value == NULL)
        return 0;
    if (!json_is_string(value) || !image_parse_time(json_string_value(value), out_s))
        return wrong(err, "created", "an RFC 3339 time");
    *nanos = fraction(json_string_value(value));
    return 0;
}

static int read_history(const json_t *root, struct image_config *c, struct err *err)
{
    const json_t *history = get(root, "history");
    if (history == NULL)
        return 0;
    if (!json_is_array(history))
        return wrong(err, "history", "an array");
    size_t i;
    json_t *item;
    json_array_foreach (history, i, item) {
        if (!json_is_object(item))
            return wrong(err, "history", "an array of objects");
        struct image_history h = {.created_s = INT64_MIN};
        h.empty_layer = json_is_true(get(item, "empty_layer"));
        image_config_add_history(c, &h);
        struct image_history *at = &c->history[c->history_count - 1];
        int rc = read_time(item, &at->created_s, &at->created_nanos, err);
        if (rc == 0)
            rc = read_string(item, "created_by", &at->created_by, err);
        if (rc == 0)
            rc = read_string(item, "comment", &at->comment, err);
        if (rc == 0)
            rc = read_string(item, "author", &at->author, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int read_rootfs(const json_t *root, struct image_config *c, struct err *err)
{
    const json_t *rootfs = get(root, "rootfs");
    if (rootfs == NULL)
        return 0;
    if (!json_is_object(rootfs))
        return wrong(err, "rootfs", "an object");
    const json_t *ids = get(rootfs, "diff_ids");
    if (ids == NULL)
        return 0;
    if (!json_is_array(ids) || json_array_size(ids) > LAYERS_LIMIT)
        return wrong(err, "rootfs.diff_ids", "an array of at most 10000 digests");
    size_t i;
    json_t *item;
    json_array_foreach (ids, i, item) {
        struct digest id;
        if (!json_is_string(item) || !digest_parse(json_string_value(item), &id))
            return wrong(err, "rootfs.diff_ids", "an array of sha256 digests");
        image_config_add_layer(c, &id);
    }
    return 0;
}

int image_config_from_json(const char *json, size_t len, struct image_config **out,
                           struct err *err)
{
    json_t *root = NULL;
    int rc = image_json_parse(json, len, CONFIG_LIMIT, "the image config", &root, err);
    if (rc != 0)
        return rc;
    struct image_config *c = image_config_new();
    if (!json_is_object(root))
        rc = err_set(err, ERR_INPUT, "the image config is not a JSON object");
    if (rc == 0)
        rc = read_string(root, "os", &c->os, err);
    if (rc == 0)
        rc = read_string(root, "architecture", &c->architecture, err);
    if (rc == 0)
        rc = read_string(root, "variant", &c->variant, err);
    if (rc == 0)
        rc = read_string(root, "author", &c->author, err);
    if (rc == 0)
        rc = read_time(root, &c->created_s, &c->created_nanos, err);
    if (rc == 0)
        rc = read_run_config(root, c, err);
    if (rc == 0)
        rc = read_history(root, c, err);
    if (rc == 0)
        rc = read_rootfs(root, c, err);
    json_decref(root);
    if (rc != 0) {
        image_config_free(c);
        return rc;
    }
    *out = c;
    return 0;
}
