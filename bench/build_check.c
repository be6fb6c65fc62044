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

/* `# check=skip=…;error=true` */
static bool warnings_are_errors(const struct dockerfile *df)
{
    for (size_t i = 0; i < df->directive_count; i++) {
        if (strcmp(df->directives[i].name, "check") != 0)
            continue;
        for (const char *p = df->directives[i].value; *p != '\0'; p++) {
            p += strspn(p, "; \t");
            size_t len = strcspn(p, ";");
            if (strncmp(p, "error=true", 10) == 0 && strspn(p + 10, " \t") + 10 == len)
                return true;
            p += len;
            if (*p == '\0')
                break;
        }
    }
    return false;
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
               const struct buf *text, struct lint_report *out, bool *fatal,
               struct err *err)
{
    AUTO_BUF loaded = BUF_INIT;
    struct dockerfile *df = NULL;
    struct ignore *ignored = NULL;
    int r = 0;
    if (text == NULL)
        r = load_text(values, context, &loaded, err);
    const struct buf *source = text != NULL ? text : &loaded;
    if (r == 0)
        r = dockerfile_parse(dockerfile_name(values), buf_str(source), source->len, &df,
                             err);
    if (r == 0) {
        *fatal = warnings_are_errors(df);
        const char *beside = values->file != NULL && strcmp(values->file, "-") != 0
                                 ? values->file
                                 : NULL;
        r = context_ignore(context, beside, &ignored, err);
    }
    if (r == 0)
        r = dockerfile_lint(df, ignored != NULL ? is_excluded : NULL, ignored, out,
                            err);
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
