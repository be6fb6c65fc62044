/* SPDX-License-Identifier: MIT */
/*
 * "# simbench:" annotations, and the sizes and times that people write. Numbers are
 * decimal and exact: 21.3MB is 21,300,000 bytes, never a rounded double.
 */
#include "sim/exec/model.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/base/mem.h"

struct unit {
    const char *name;
    uint64_t factor;
};

/* A decimal number times 10^9, so that nine digits behind the point are exact. */
struct decimal {
    uint64_t whole;
    uint64_t nano;
};

/* Reads digits and an optional fraction; NULL if there is no digit or too many. */
static const char *read_decimal(const char *p, struct decimal *out)
{
    *out = (struct decimal){0};
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || digits > 15)
        return NULL;
    for (; digits > 0; digits--)
        out->whole = out->whole * 10 + (uint64_t)(*p++ - '0');
    if (*p != '.')
        return p;
    p++;
    size_t fraction = strspn(p, "0123456789");
    if (fraction == 0 || fraction > 9)
        return NULL;
    uint64_t scale = 1000000000;
    for (; fraction > 0; fraction--) {
        scale /= 10;
        out->nano += (uint64_t)(*p++ - '0') * scale;
    }
    return p;
}

/* whole.nano * factor, rounded down; false if it is beyond 2^60. */
static bool scale(const struct decimal *d, uint64_t factor, uint64_t *out)
{
    __extension__ typedef unsigned __int128 wide;
    wide value =
        (wide)d->whole * factor + (wide)d->nano * factor / UINT64_C(1000000000);
    if (value > ((wide)1 << 60))
        return false;
    *out = (uint64_t)value;
    return true;
}

int model_parse_size(const char *text, uint64_t *bytes, struct err *err)
{
    static const struct unit units[] = {
        {"", 1},
        {"b", 1},
        {"k", 1000},
        {"kb", 1000},
        {"kib", 1024},
        {"m", 1000000},
        {"mb", 1000000},
        {"mib", UINT64_C(1024) * 1024},
        {"g", 1000000000},
        {"gb", 1000000000},
        {"gib", UINT64_C(1024) * 1024 * 1024},
        {"tb", 1000000000000},
        {"tib", UINT64_C(1) << 40},
    };
    struct decimal d;
    const char *p = read_decimal(text, &d);
    if (p != NULL && *p == ' ')
        p++;
    for (size_t i = 0; p != NULL && i < sizeof units / sizeof *units; i++)
        if (strcasecmp(p, units[i].name) == 0 && scale(&d, units[i].factor, bytes))
            return 0;
    err_set(err, ERR_INPUT, "bad size \"%.60s\"", text);
    return err_hint(err, "write bytes or a unit: 512, 10kB, 21.3MB, 1GiB");
}

/* One part of a time, "1m" of "1m30s"; NULL if it is malformed. */
static const char *read_time_part(const char *p, uint64_t *ms)
{
    static const struct unit units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}};
    struct decimal d;
    p = read_decimal(p, &d);
    if (p == NULL)
        return NULL;
    size_t n = strcspn(p, ".0123456789");
    if (n == 0 && *p == '\0') /* a bare number: seconds */
        return scale(&d, 1000, ms) ? p : NULL;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].name) == n && strncmp(p, units[i].name, n) == 0)
            return scale(&d, units[i].factor, ms) ? p + n : NULL;
    return NULL;
}

int model_parse_time(const char *text, uint64_t *ms, struct err *err)
{
    uint64_t total = 0;
    const char *p = text;
    bool bad = *p == '\0';
    while (!bad && *p != '\0') {
        uint64_t part = 0;
        p = read_time_part(p, &part);
        /* ten years are beyond any build, and sums stay far from overflow */
        bad = p == NULL || (total += part) > UINT64_C(315360000000);
        if (bad)
            break;
    }
    if (!bad) {
        *ms = total;
        return 0;
    }
    err_set(err, ERR_INPUT, "bad time \"%.60s\"", text);
    return err_hint(err, "write a number and a unit: 100ms, 45s, 1m30s, 2h");
}

/* "/usr/lib/app:21MB" */
static int add_write(struct annotation *out, const char *item, struct err *err)
{
    const char *colon = strrchr(item, ':');
    if (colon == NULL || colon == item || item[0] != '/') {
        err_set(err, ERR_INPUT, "annotation: writes=%.80s is not /PATH:SIZE", item);
        return err_hint(err, "for example writes=/usr/lib/app:21MB");
    }
    uint64_t bytes = 0;
    int rc = model_parse_size(colon + 1, &bytes, err);
    if (rc != 0)
        return err_wrap(err, "annotation: writes=%.80s", item);
    out->writes = xreallocarray(out->writes, out->write_count + 1, sizeof *out->writes);
    out->writes[out->write_count].path = xstrndup(item, (size_t)(colon - item));
    out->writes[out->write_count++].bytes = bytes;
    return 0;
}

static int add_item(struct annotation *out, const char *key, const char *item,
                    struct err *err)
{
    if (strcmp(key, "writes") == 0)
        return add_write(out, item, err);
    if (item[0] != '/')
        return err_set(err, ERR_INPUT, "annotation: %s=%.80s is not an absolute path",
                       key, item);
    strv_add(strcmp(key, "reads") == 0 ? &out->reads : &out->removes, item);
    return 0;
}

/* The comma-separated values of reads=, writes=, removes=. */
static int add_items(struct annotation *out, const char *key, char *value,
                     struct err *err)
{
    char *save = NULL;
    int rc = *value == '\0'
                 ? err_set(err, ERR_INPUT, "annotation: %s= has no value", key)
                 : 0;
    for (char *item = strtok_r(value, ",", &save); rc == 0 && item != NULL;
         item = strtok_r(NULL, ",", &save))
        rc = add_item(out, key, item, err);
    return rc;
}

static int add_word(struct annotation *out, char *word, struct err *err)
{
    char *equals = strchr(word, '=');
    if (equals == NULL) {
        err_set(err, ERR_INPUT, "annotation: \"%.80s\" is not KEY=VALUE", word);
    } else {
        *equals = '\0';
        if (strcmp(word, "time") == 0) {
            int rc = model_parse_time(equals + 1, &out->virtual_ms, err);
            return rc == 0 ? 0 : err_wrap(err, "annotation: time");
        }
        if (strcmp(word, "writes") == 0 || strcmp(word, "reads") == 0 ||
            strcmp(word, "removes") == 0)
            return add_items(out, word, equals + 1, err);
        err_set(err, ERR_INPUT, "annotation: unknown key \"%.80s\"", word);
    }
    return err_hint(err, "the keys are time=45s writes=/PATH:SIZE reads=/PATH "
                         "removes=/PATH, each as often as needed");
}

int annotation_parse(const char *text, struct annotation *out, struct err *err)
{
    *out = (struct annotation){0};
    AUTO_FREE char *copy = xstrdup(text);
    char *save = NULL;
    int rc = 0;
    size_t words = 0;
    for (char *word = strtok_r(copy, " \t\r", &save); rc == 0 && word != NULL;
         word = strtok_r(NULL, " \t\r", &save)) {
        rc = ++words > 1000 ? err_set(err, ERR_INPUT, "annotation: over 1000 words")
                            : add_word(out, word, err);
    }
    if (rc == 0 && words == 0) {
        err_set(err, ERR_INPUT, "annotation: nothing after \"# simbench:\"");
        rc = err_hint(err, "for example: # simbench: time=45s writes=/opt/app:21MB");
    }
    if (rc != 0)
        annotation_free(out);
    return rc;
}

void annotation_free(struct annotation *a)
{
    for (size_t i = 0; i < a->write_count; i++)
        free(a->writes[i].path);
    free(a->writes);
    strv_free(&a->reads);
    strv_free(&a->removes);
    *a = (struct annotation){0};
}
