/* SPDX-License-Identifier: MIT */
/* The forms of --output, and the defaults of compression. */
#include "bench/outputs.h"

#include <stdio.h>
#include <string.h>

#include "sim/base/mem.h"

bool outputs_parse_format(const char *word, enum archive_format *out)
{
    static const struct {
        const char *word;
        enum archive_format format;
    } formats[] = {
        {"local", ARCHIVE_ROOTFS_DIR}, {"tar", ARCHIVE_ROOTFS_TAR},
        {"oci", ARCHIVE_OCI_TAR},      {"oci-dir", ARCHIVE_OCI_DIR},
        {"docker", ARCHIVE_DOCKER},
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(word, formats[i].word) == 0) {
            *out = formats[i].format;
            return true;
        }
    return false;
}

int outputs_parse_compression(const char *word, enum archive_format format,
                              enum compression *out, struct err *err)
{
    /* As the tools people know: registries hold gzip, `docker save` plain layers. */
    if (word == NULL)
        *out = format == ARCHIVE_OCI_TAR || format == ARCHIVE_OCI_DIR
                   ? COMPRESSION_GZIP
                   : COMPRESSION_NONE;
    else if (strcmp(word, "none") == 0 || strcmp(word, "uncompressed") == 0)
        *out = COMPRESSION_NONE;
    else if (strcmp(word, "gzip") == 0)
        *out = COMPRESSION_GZIP;
    else if (strcmp(word, "zstd") == 0)
        *out = COMPRESSION_ZSTD;
    else {
        err_set(err, ERR_INPUT, "unknown compression '%s'", word);
        return err_hint(err, "one of none|gzip|zstd");
    }
    return 0;
}

static int wrong(const char *word, const char *what, struct err *err)
{
    err_set(err, ERR_INPUT, "--output '%s': %s", word, what);
    return err_hint(err,
                    "type=local|oci-dir,dest=DIR or type=tar|oci|docker,dest=FILE");
}

/* The attributes of one --output, still as words; strings are owned by the vector. */
struct attributes {
    struct strv words;
    const char *type, *dest, *name, *compression;
    bool keep_times; /* rewrite-timestamp=false */
};

static int split_attributes(const char *word, struct attributes *out, struct err *err)
{
    for (const char *p = word; p != NULL;) {
        size_t len = strcspn(p, ",");
        strv_addn(&out->words, p, len);
        const char *pair = out->words.items[out->words.len - 1];
        if (strncmp(pair, "type=", 5) == 0)
            out->type = pair + 5;
        else if (strncmp(pair, "dest=", 5) == 0)
            out->dest = pair + 5;
        else if (strncmp(pair, "name=", 5) == 0)
            out->name = pair + 5;
        else if (strncmp(pair, "compression=", 12) == 0)
            out->compression = pair + 12;
        else if (strcmp(pair, "rewrite-timestamp=false") == 0)
            out->keep_times = true;
        else if (strcmp(pair, "rewrite-timestamp=true") != 0)
            return wrong(word, "an attribute is not understood", err);
        p = p[len] == ',' ? p + len + 1 : NULL;
    }
    return 0;
}

static bool is_short(const char *word)
{
    return strncmp(word, "type=", 5) != 0 && strstr(word, ",type=") == NULL;
}

static int parse_one(const char *word, const char *compression, int64_t clamp_mtime_s,
                     struct output *out, struct err *err)
{
    struct export_options fresh = EXPORT_OPTIONS_INIT;
    struct attributes a = {0};
    int r = 0;
    out->options = fresh;
    if (strcmp(word, "-") == 0)
        a.type = "tar", a.dest = "-";
    else if (is_short(word))
        a.type = "local", a.dest = word;
    else
        r = split_attributes(word, &a, err);
    if (r == 0 && !outputs_parse_format(a.type, &out->options.format))
        r = wrong(word, "unknown type", err);
    bool folder = out->options.format == ARCHIVE_OCI_DIR ||
                  out->options.format == ARCHIVE_ROOTFS_DIR;
    if (r == 0 && (a.dest == NULL || a.dest[0] == '\0') && !folder)
        a.dest = "-"; /* as docker: a tar without a destination goes to stdout */
    if (r == 0 && (a.dest == NULL || (folder && strcmp(a.dest, "-") == 0)))
        r = wrong(word, "dest=DIR is missing", err);
    if (r == 0)
        r = outputs_parse_compression(
            a.compression != NULL ? a.compression : compression, out->options.format,
            &out->options.compression, err);
    if (r == 0) {
        out->dest = xstrdup(a.dest);
        out->name = a.name != NULL ? xstrdup(a.name) : NULL;
        out->options.clamp_mtime_s = a.keep_times ? -1 : clamp_mtime_s;
    }
    strv_free(&a.words);
    return r;
}

int outputs_parse(const struct strv *words, const char *compression,
                  int64_t clamp_mtime_s, struct outputs *out, struct err *err)
{
    enum compression checked;
    int r = outputs_parse_compression(compression, ARCHIVE_OCI_TAR, &checked, err);
    out->items = xcalloc(words->len, sizeof *out->items);
    for (size_t i = 0; i < words->len && r == 0; i++) {
        out->len++;
        r = parse_one(words->items[i], compression, clamp_mtime_s, &out->items[i], err);
    }
    return r;
}

void outputs_free(struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->len; i++) {
        free(outputs->items[i].dest);
        free(outputs->items[i].name);
    }
    free(outputs->items);
    *outputs = (struct outputs){0};
}

bool outputs_use_stdout(const struct strv *words)
{
    struct outputs outputs = {0};
    bool found = false;
    if (outputs_parse(words, NULL, -1, &outputs, NULL) == 0)
        for (size_t i = 0; i < outputs.len; i++)
            found |= strcmp(outputs.items[i].dest, "-") == 0;
    outputs_free(&outputs);
    return found;
}

int outputs_write(const struct outputs *outputs, struct store *store, const char *ref,
                  const char *name, struct err *err)
{
    for (size_t i = 0; i < outputs->len; i++) {
        struct output *output = &outputs->items[i];
        output->options.name = output->name != NULL ? output->name : name;
        fflush(stdout); /* the archive may go to the same descriptor */
        int r = image_export(store, ref, output->dest, &output->options, err);
        if (r < 0)
            return err_wrap(err, "output %s", output->dest);
    }
    return 0;
}
