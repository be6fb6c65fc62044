/* SPDX-License-Identifier: MIT */
/* RUN and its --mount values. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/path.h"
#include "sim/dockerfile/check.h"

static const char *const types[] = {
    [MOUNT_BIND] = "bind",     [MOUNT_CACHE] = "cache", [MOUNT_TMPFS] = "tmpfs",
    [MOUNT_SECRET] = "secret", [MOUNT_SSH] = "ssh",
};

/* Go's encoding/csv of one record: fields at commas, quoted ones may hold any. */
static int split_fields(const char *value, struct strv *out, struct err *err)
{
    if (*value == '\0')
        return err_set(err, ERR_INPUT, "failed to parse csv mounts: --mount is empty");
    const char *p = value;
    for (;;) {
        AUTO_BUF field = BUF_INIT;
        if (*p == '"') {
            for (p++; *p != '\0' && (*p != '"' || p[1] == '"'); p++) {
                buf_addc(&field, *p);
                p += *p == '"';
            }
            if (*p == '\0' || (p[1] != ',' && p[1] != '\0'))
                return err_set(err, ERR_INPUT,
                               "failed to parse csv mounts: bad quotes in %.200s",
                               value);
            p++;
        } else {
            size_t n = strcspn(p, ",");
            if (memchr(p, '"', n) != NULL)
                return err_set(err, ERR_INPUT,
                               "failed to parse csv mounts: bare \" in %.200s", value);
            buf_add(&field, p, n);
            p += n;
        }
        strv_add(out, buf_str(&field));
        if (*p++ != ',')
            return 0;
    }
}

static int set_text(char **to, const char *value)
{
    free(*to);
    *to = xstrdup(value);
    return 0;
}

static int bad_value(const char *key, const char *value, struct err *err)
{
    return err_set(err, ERR_INPUT, "invalid value %.100s for %s", value, key);
}

static int set_number(const char *key, const char *value, int base, uint32_t *to,
                      struct err *err)
{
    char *end;
    if (has_variable(value))
        return 0;
    if (!is_digit(*value))
        return bad_value(key, value, err);
    unsigned long long n = strtoull(value, &end, base);
    if (*end != '\0' || n > UINT32_MAX)
        return bad_value(key, value, err);
    *to = (uint32_t)n;
    return 0;
}

/* "64m", "1.5KiB": binary units. */
static int set_size(const char *value, uint64_t *to, struct err *err)
{
    static const char letters[] = "kmgtp";
    char *end = NULL;
    if (has_variable(value))
        return 0;
    double n = is_digit(*value) ? strtod(value, &end) : -1;
    if (end == NULL || n < 0 || strcspn(value, "xXeEnN") < (size_t)(end - value))
        return err_set(err, ERR_INPUT, "invalid value for size: %.100s", value);
    if (*end == ' ')
        end++;
    const char *letter = *end != '\0' ? strchr(letters, lower(*end)) : NULL;
    if (letter != NULL) {
        n *= (double)((uint64_t)1 << 10 * (letter - letters + 1));
        end++;
        if (lower(*end) == 'i' && lower(end[1]) == 'b')
            end++;
    }
    if (lower(*end) == 'b')
        end++;
    if (*end != '\0' || n > 1e18)
        return err_set(err, ERR_INPUT, "invalid value for size: %.100s", value);
    *to = (uint64_t)n;
    return 0;
}

static int set_bool(const char *key, const char *value, bool *to, struct err *err)
{
    if (has_variable(value) || bool_parse(value, to))
        return 0;
    return err_set(err, ERR_INPUT, "invalid value for %s: %.100s", key, value);
}

static int set_sharing(const char *value, enum mount_sharing *to, struct err *err)
{
    if (has_variable(value))
        return 0;
    if (text_is(value, "shared"))
        *to = SHARING_SHARED;
    else if (text_is(value, "private"))
        *to = SHARING_PRIVATE;
    else if (text_is(value, "locked"))
        *to = SHARING_LOCKED;
    else {
        err_set(err, ERR_INPUT, "unsupported sharing value \"%.100s\"", value);
        return err_hint(err, "shared, private and locked are known");
    }
    return 0;
}

static int set_type(const char *value, enum mount_type *to, struct err *err)
{
    if (has_variable(value))
        return 0;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (text_is(value, types[i])) {
            *to = (enum mount_type)i;
            return 0;
        }
    }
    err_set(err, ERR_INPUT, "unsupported mount type \"%.100s\"", value);
    return err_hint(err, "bind, cache, tmpfs, secret and ssh are known");
}

enum key {
    KEY_TYPE,
    KEY_FROM,
    KEY_SOURCE,
    KEY_SRC,
    KEY_TARGET,
    KEY_DST,
    KEY_DESTINATION,
    KEY_READONLY,
    KEY_RO,
    KEY_READWRITE,
    KEY_RW,
    KEY_REQUIRED,
    KEY_ID,
    KEY_SHARING,
    KEY_MODE,
    KEY_UID,
    KEY_GID,
    KEY_SIZE,
    KEY_ENV,
    KEY_COUNT,
};
static const char *const keys[] = {
    [KEY_TYPE] = "type",
    [KEY_FROM] = "from",
    [KEY_SOURCE] = "source",
    [KEY_SRC] = "src",
    [KEY_TARGET] = "target",
    [KEY_DST] = "dst",
    [KEY_DESTINATION] = "destination",
    [KEY_READONLY] = "readonly",
    [KEY_RO] = "ro",
    [KEY_READWRITE] = "readwrite",
    [KEY_RW] = "rw",
    [KEY_REQUIRED] = "required",
    [KEY_ID] = "id",
    [KEY_SHARING] = "sharing",
    [KEY_MODE] = "mode",
    [KEY_UID] = "uid",
    [KEY_GID] = "gid",
    [KEY_SIZE] = "size",
    [KEY_ENV] = "env",
};

static enum key find_key(struct span name)
{
    size_t k = 0;
    while (k < KEY_COUNT && !span_is(name, keys[k]))
        k++;
    return (enum key)k;
}

static int unknown_key(const char *field, struct span name, struct err *err)
{
    AUTO_FREE char *key = xstrndup(name.p, name.n);
    const char *near = suggest(key, keys, KEY_COUNT);
    return err_set(err, ERR_INPUT, "unexpected key '%.100s' in '%.200s'%s%s%s", key,
                   field, near != NULL ? " (did you mean " : "",
                   near != NULL ? near : "", near != NULL ? "?)" : "");
}

/* Which keys were given, for what depends on the type. */
struct reading {
    struct mount_args *m;
    bool given[KEY_COUNT];
    bool vague; /* a variable stands in the type: judge later */
};

static int set_key(struct reading *r, enum key key, const char *value, struct err *err)
{
    struct mount_args *m = r->m;
    switch (key) {
    case KEY_TYPE:
        r->vague = r->vague || has_variable(value);
        return set_type(value, &m->type, err);
    case KEY_FROM:
        if (!has_variable(value))
            return set_text(&m->from, value);
        err_set(
            err, ERR_INPUT,
            "'from' doesn't support variable expansion, define alias stage instead");
        return err_hint(err, "FROM %s AS name, then from=name", value);
    case KEY_SOURCE:
    case KEY_SRC:
        return set_text(&m->source, value);
    case KEY_TARGET:
    case KEY_DST:
    case KEY_DESTINATION:
        return set_text(&m->target, value);
    case KEY_ID:
        return set_text(&m->id, value);
    case KEY_ENV:
        return set_text(&m->env, value);
    case KEY_SHARING:
        return set_sharing(value, &m->sharing, err);
    case KEY_MODE:
        m->has_mode = true;
        return set_number("mode", value, 8, &m->mode, err);
    case KEY_UID:
        m->has_uid = true;
        return set_number("uid", value, 10, &m->uid, err);
    case KEY_GID:
        m->has_gid = true;
        return set_number("gid", value, 10, &m->gid, err);
    case KEY_SIZE:
        return set_size(value, &m->size, err);
    default:
        return 0;
    }
}

/* readonly, readwrite and required stand alone or have a boolean value. */
static int set_switch(struct reading *r, enum key key, const char *value,
                      struct err *err)
{
    bool on = true;
    int rc = value != NULL ? set_bool(keys[key], value, &on, err) : 0;
    if (key == KEY_REQUIRED)
        r->m->required = on;
    else
        r->m->read_only = (key == KEY_RO || key == KEY_READONLY) == on;
    return rc;
}

/* Judged by the type read so far, as in Docker: type= comes first. */
static int check_key_type(const struct reading *r, enum key key, struct err *err)
{
    enum mount_type type = r->m->type;
    bool fits = (key != KEY_SIZE || type == MOUNT_TMPFS) &&
                (key != KEY_REQUIRED || type == MOUNT_SECRET || type == MOUNT_SSH);
    if (fits || r->vague)
        return 0;
    err_set(err, ERR_INPUT, "unexpected key '%s' for mount type '%s'", keys[key],
            types[type]);
    return r->given[KEY_TYPE] ? ERR_INPUT
                              : err_hint(err, "put type= before the other keys");
}

static int read_field(struct reading *r, const char *field, struct err *err)
{
    const char *equals = strchr(field, '=');
    struct span name = {field,
                        equals != NULL ? (size_t)(equals - field) : strlen(field)};
    enum key key = find_key(name);
    bool alone = key >= KEY_READONLY && key <= KEY_REQUIRED;
    if (equals == NULL && !alone) {
        err_set(err, ERR_INPUT, "invalid field '%.200s' must be a key=value pair",
                field);
        return err_hint(err, "for example --mount=type=cache,target=/root/.cache");
    }
    if (key == KEY_COUNT)
        return unknown_key(field, name, err);
    r->given[key] = true;
    int rc = check_key_type(r, key, err);
    if (rc != 0)
        return rc;
    const char *value = equals != NULL ? equals + 1 : NULL;
    return alone ? set_switch(r, key, value, err) : set_key(r, key, value, err);
}

static int check_owner_keys(const struct reading *r, struct err *err)
{
    const struct mount_args *m = r->m;
    if (m->type != MOUNT_BIND && m->type != MOUNT_TMPFS)
        return 0;
    static const enum key owner[] = {KEY_MODE, KEY_UID, KEY_GID};
    for (size_t i = 0; i < 3; i++) {
        if (r->given[owner[i]])
            return err_set(err, ERR_INPUT, "%s not allowed for \"%s\" type mounts",
                           keys[owner[i]], types[m->type]);
    }
    return 0;
}

/* A relative or missing target lies below the working folder: plan/ knows it. */
static int check_target(const struct mount_args *m, struct err *err)
{
    if (m->target == NULL || m->target[0] != '/' || has_variable(m->target))
        return 0;
    AUTO_FREE char *target = path_clean(m->target);
    if (strcmp(target, "/") != 0)
        return 0;
    err_set(err, ERR_INPUT, "invalid mount target \"/\"");
    return err_hint(err, "say where it is mounted, for example target=/root/.cache");
}

/* What one key means for another. */
static int check_mount(const struct reading *r, struct err *err)
{
    const struct mount_args *m = r->m;
    if (r->vague)
        return 0;
    if (r->given[KEY_SHARING] && m->type != MOUNT_CACHE)
        return err_set(err, ERR_INPUT, "invalid cache sharing set for %s mount",
                       types[m->type]);
    if (m->type == MOUNT_SSH && m->source != NULL)
        return err_set(err, ERR_INPUT, "ssh does not support source");
    int rc = check_owner_keys(r, err);
    if (rc != 0)
        return rc;
    if (m->type == MOUNT_SECRET && m->id == NULL && m->source == NULL &&
        m->target == NULL)
        return err_set(err, ERR_INPUT,
                       "invalid secret mount. one of source, target required");
    if (m->type == MOUNT_SECRET || m->type == MOUNT_SSH)
        return 0;
    return check_target(m, err);
}

int mount_parse(const char *value, struct mount_args *out, struct err *err)
{
    struct strv fields = STRV_INIT;
    struct mount_args m = {.type = MOUNT_BIND, .sharing = SHARING_SHARED};
    struct reading r = {.m = &m};
    bool written = false;
    int rc = split_fields(value, &fields, err);
    for (size_t i = 0; rc == 0 && i < fields.len; i++)
        rc = read_field(&r, fields.items[i], err);
    for (size_t k = KEY_READONLY; k <= KEY_RW; k++)
        written = written || r.given[k];
    /* Bind mounts are read-only unless they say otherwise. */
    if (m.type == MOUNT_BIND && !written)
        m.read_only = true;
    if (rc == 0)
        rc = check_mount(&r, err);
    strv_free(&fields);
    if (rc != 0) {
        mount_args_free(&m);
        return rc;
    }
    *out = m;
    return 0;
}

void mount_args_free(struct mount_args *m)
{
    free(m->target);
    free(m->source);
    free(m->from);
    free(m->id);
    free(m->env);
    *m = (struct mount_args){0};
}

static int check_modes(const struct run_args *args, struct err *err)
{
    static const char *const networks[] = {"default", "none", "host"};
    size_t i = 0;
    while (i < 3 && strcmp(args->network, networks[i]) != 0)
        i++;
    if (i == 3) {
        err_set(err, ERR_INPUT, "invalid network mode \"%.100s\"", args->network);
        return err_hint(err, "default, none and host are known");
    }
    if (strcmp(args->security, "sandbox") != 0 &&
        strcmp(args->security, "insecure") != 0) {
        err_set(err, ERR_INPUT, "security \"%.100s\" is not valid", args->security);
        return err_hint(err, "sandbox and insecure are known");
    }
    return 0;
}

static int read_run_flags(const struct instruction *in, struct run_args *out,
                          struct strv *mounts, struct err *err)
{
    *out = (struct run_args){.network = "default", .security = "sandbox"};
    const struct flag known[] = {
        {.name = "mount", .type = FLAG_LIST, .list = mounts},
        {.name = "network", .type = FLAG_TEXT, .text = &out->network},
        {.name = "security", .type = FLAG_TEXT, .text = &out->security},
        {.name = "device", .type = FLAG_LIST, .list = &out->devices},
    };
    int rc = flags_apply(in, known, sizeof known / sizeof known[0], err);
    return rc != 0 ? rc : check_modes(out, err);
}

int instruction_run(const struct instruction *in, struct run_args *out, struct err *err)
{
    struct strv mounts = STRV_INIT;
    int rc = read_run_flags(in, out, &mounts, err);
    if (rc == 0 && mounts.len > 0)
        out->mounts = xcalloc(mounts.len, sizeof *out->mounts);
    for (size_t i = 0; rc == 0 && i < mounts.len; i++) {
        rc = mount_parse(mounts.items[i], &out->mounts[i], err);
        out->mount_count += rc == 0;
    }
    strv_free(&mounts);
    if (rc == 0)
        return 0;
    run_args_free(out);
    return err_at(err, NULL, in->line);
}

void run_args_free(struct run_args *args)
{
    for (size_t i = 0; i < args->mount_count; i++)
        mount_args_free(&args->mounts[i]);
    free(args->mounts);
    strv_free(&args->devices);
    *args = (struct run_args){0};
}
