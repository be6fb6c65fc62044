/* SPDX-License-Identifier: MIT */
/* simbench export and import: images out of the store and into it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/cmd.h"
#include "bench/outputs.h"
#include "sim/image/archive.h"

/* ---- export -----------------------------------------------------------------------
 */

struct export_values {
    const char *format, *compression, *name;
};

static const struct option_spec export_table[] = {
    {"format", 0, OPTION_TEXT, offsetof(struct export_values, format),
     "oci|oci-dir|docker|tar|local", "what to write (default: from DEST)", 0},
    {"compression", 0, OPTION_TEXT, offsetof(struct export_values, compression),
     "none|gzip|zstd", "of the layers", 0},
    {"name", 0, OPTION_TEXT, offsetof(struct export_values, name), "NAME[:TAG]",
     "name written into the archive (default: the image's)", 0},
};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* The format by the word, by a prefix as skopeo writes it (oci-archive:FILE), or by the
 * look of the name. *dest moves past the prefix. */
static int export_format(const char *word, const char **dest, enum archive_format *out,
                         struct err *err)
{
    static const struct {
        const char *prefix;
        enum archive_format format;
    } prefixes[] = {{"oci:", ARCHIVE_OCI_DIR},
                    {"oci-archive:", ARCHIVE_OCI_TAR},
                    {"docker-archive:", ARCHIVE_DOCKER}};
    if (word != NULL) {
        if (outputs_parse_format(word, out))
            return 0;
        err_set(err, ERR_INPUT, "--format knows no '%s'", word);
        return err_hint(err, "one of oci|oci-dir|docker|tar|local");
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t len = strlen(prefixes[i].prefix);
        if (strncmp(*dest, prefixes[i].prefix, len) == 0) {
            *dest += len;
            *out = prefixes[i].format;
            return 0;
        }
    }
    bool tar = strcmp(*dest, "-") == 0 || ends_with(*dest, ".tar");
    *out = tar ? ARCHIVE_OCI_TAR : ARCHIVE_OCI_DIR;
    return 0;
}

static int run_export(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct export_values *values = in->values;
    const char *dest = in->operands[1];
    struct export_options options = EXPORT_OPTIONS_INIT;
    struct store_image image = {0};
    AUTO_STORE *store = NULL;
    int r = export_format(values->format, &dest, &options.format, err);
    if (r == 0 && dest[0] == '\0')
        r = err_set(err, ERR_INPUT, "export: the destination is empty");
    if (r == 0)
        r = outputs_parse_compression(values->compression, options.format,
                                      &options.compression, err);
    if (r == 0)
        r = environment_source_date_epoch(&options.clamp_mtime_s, err);
    if (r == 0)
        r = cli_open_store(cli, &store, err);
    if (r == 0)
        r = store_image_find(store, in->operands[0], &image, err);
    if (r < 0)
        return r;
    options.name = values->name != NULL   ? values->name
                   : image.names.len != 0 ? image.names.items[0]
                                          : NULL;
    r = image_export(store, in->operands[0], dest, &options, err);
    store_image_free(&image);
    return r;
}

const struct command bench_command_export = {
    .name = "export",
    .operands = "IMAGE DEST",
    .summary = "write an image: OCI layout, docker-archive, root filesystem",
    .details =
        "Without --format: an OCI layout as a tar for DEST - or *.tar, else as a "
        "folder; oci:, oci-archive:\nand docker-archive: before DEST are "
        "understood. --format tar|local is the root filesystem alone.",
    COMMAND_OPTIONS(export_table),
    .values_size = sizeof(struct export_values),
    .least_operands = 2,
    .most_operands = 2,
    .run = run_export,
};

/* ---- import -----------------------------------------------------------------------
 */

struct import_values {
    const char *tag;
};

static const struct option_spec import_table[] = {
    {"tag", 't', OPTION_TEXT, offsetof(struct import_values, tag), "NAME[:TAG]",
     "name of the image (default: the archive's)", 0},
};

static int run_import(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct import_values *values = in->values;
    struct digest id;
    AUTO_STORE *store = NULL;
    if (access(in->operands[0], R_OK) != 0)
        return err_set(err, ERR_INPUT, "import '%s': %s", in->operands[0],
                       strerror(errno));
    int r = cli_open_store(cli, &store, err);
    if (r == 0)
        r = image_import(store, in->operands[0], values->tag, &id, err);
    if (r < 0)
        return r;
    char text[DIGEST_TEXT + 1];
    digest_text(&id, text);
    puts(text);
    return 0;
}

const struct command bench_command_import = {
    .name = "import",
    .operands = "SRC",
    .summary = "read an image: OCI layout, docker-archive, root filesystem tar",
    COMMAND_OPTIONS(import_table),
    .values_size = sizeof(struct import_values),
    .least_operands = 1,
    .most_operands = 1,
    .run = run_import,
};
