/* SPDX-License-Identifier: MIT */
/* Lints the Dockerfile a build would use. */
#include "bench/build_check.h"

#include <string.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"
#include "sim/context/context.h"
#include "sim/dockerfile/dockerfile.h"

static const char *dockerfile_name(const struct build_values *values)
{
    return values->file != NULL ? values->file : "Dockerfile";
}

static bool is_excluded(void *payload, const char *path)
{
    return ignore_excluded(payload, path, NULL);
}

/* A base image's variables, where the image is here or modelled. */
static bool image_env(void *payload, const char *name, struct strv *env)
{
    const struct build_setup *setup = payload;
    const struct base_source *bases = setup->options.bases;
    struct base_image image = {0};
    if (bases->resolve(bases->self, setup->store, name, &image, NULL) != 0)
        return false;
    strv_copy(env, &image.config->env);
    base_image_free(&image);
    return true;
}

static int load_text(const struct build_values *values, const char *context,
                     struct buf *out, struct err *err)
{
    AUTO_FREE char *path =
        values->file != NULL ? xstrdup(values->file) : path_join(context, "Dockerfile");
    int r = file_read(path, DOCKERFILE_LIMIT, out, err);
    if (r != ERR_NOT_FOUND)
        return r;
    err_set(err, ERR_INPUT, "no such file");
    err_at(err, path, 0);
    return err_hint(err, "name the Dockerfile with -f FILE");
}

int bench_lint(const struct build_values *values, const char *context,
               struct build_setup *setup, struct lint_report *out, struct err *err)
{
    AUTO_BUF loaded = BUF_INIT;
    struct dockerfile *df = NULL;
    struct ignore *ignored = NULL;
    bool given = setup->options.dockerfile_text != NULL;
    int r = given ? 0 : load_text(values, context, &loaded, err);
    const struct buf *source = given ? &setup->dockerfile : &loaded;
    if (r == 0)
        r = dockerfile_parse(dockerfile_name(values), buf_str(source), source->len, &df,
                             err);
    if (r == 0)
        r = context_ignore(context, given ? NULL : values->file, &ignored, err);
    struct lint_options options = {
        .excluded = ignored != NULL ? is_excluded : NULL,
        .payload = ignored,
        .image_env = image_env,
        .image_payload = setup,
        .build_args = &setup->build_args,
    };
    if (r == 0)
        r = dockerfile_lint(df, &options, out, err);
    ignore_free(ignored);
    dockerfile_free(df);
    return r;
}

void bench_print_lint(const struct build_values *values,
                      const struct lint_report *report, FILE *out)
{
    for (size_t i = 0; i < report->len; i++) {
        const struct lint_warning *w = &report->warnings[i];
        AUTO_BUF line = BUF_INIT;
        AUTO_BUF safe = BUF_INIT;
        buf_addf(&line, "%s:%u: %s: %s", dockerfile_name(values), w->line, w->rule,
                 w->message);
        report_escape_terminal(line.data, &safe);
        fprintf(out, "%s\n", buf_str(&safe));
    }
}
