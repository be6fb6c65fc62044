/* SPDX-License-Identifier: MIT */
/*
 * JUnit XML as CI services read it: a suite a scenario; a test case for every check,
 * for every build that failed, and for the scenario itself where an error stopped it.
 * Times are wall seconds of the builds, the only clock JUnit knows.
 */
#include "reports/export.h"
#include "reports/figures.h"
#include "reports/results_json.h"

static void attribute(const char *name, const char *value, struct buf *out)
{
    buf_addf(out, " %s=\"", name);
    report_escape_html(value, out);
    buf_addc(out, '"');
}

static void case_begin(const struct result_scenario *s, const char *name,
                       struct buf *out)
{
    buf_adds(out, "    <testcase");
    attribute("classname", s->name, out);
    attribute("name", name, out);
    if (s->file != NULL)
        attribute("file", s->file, out);
}

static void case_broken(const char *element, const char *message, const char *body,
                        struct buf *out)
{
    buf_addf(out, ">\n      <%s", element);
    attribute("message", message, out);
    buf_addc(out, '>');
    report_escape_html(body, out);
    buf_addf(out, "</%s>\n    </testcase>\n", element);
}

static void check_case(const struct result_scenario *s, const struct result_check *c,
                       struct buf *out)
{
    case_begin(s, report_str(c->message), out);
    if (c->line > 0)
        buf_addf(out, " line=\"%u\"", c->line);
    if (c->ok) {
        buf_adds(out, "/>\n");
        return;
    }
    AUTO_BUF where = BUF_INIT;
    buf_addf(&where, "%s:%u: check failed: %s", report_str(s->file), c->line,
             report_str(c->message));
    case_broken("failure", report_str(c->message), buf_str(&where), out);
}

static void build_cases(const struct result_scenario *s, struct buf *out)
{
    for (size_t v = 0; v < s->variant_count; v++) {
        const struct result_variant *variant = &s->variants[v];
        for (size_t b = 0; b < variant->build_count; b++) {
            const struct result_build *build = &variant->builds[b];
            if (!report_build_broke(s, build))
                continue;
            AUTO_BUF name = BUF_INIT;
            buf_adds(&name, "build ");
            report_variant_title(s, variant, &name);
            buf_addf(&name, ": %s", report_str(build->label));
            case_begin(s, buf_str(&name), out);
            case_broken("failure", "the build failed", build->error, out);
        }
    }
}

static double wall_of(const struct result_scenario *s)
{
    double sum = 0;
    for (size_t v = 0; v < s->variant_count; v++)
        for (size_t b = 0; b < s->variants[v].build_count; b++)
            sum += s->variants[v].builds[b].wall.median;
    return sum;
}

static void suite(const struct result_scenario *s, const char *started, struct buf *out)
{
    struct result_scenario alone = *s;
    struct results only = {.scenarios = &alone, .scenario_count = 1};
    struct report_totals t;
    report_count(&only, &t);
    size_t errors = s->error != NULL ? 1 : 0;
    buf_adds(out, "  <testsuite");
    attribute("name", s->name, out);
    buf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\"",
             t.checks + t.failed_builds + errors, t.failed_checks + t.failed_builds,
             errors);
    buf_addf(out, " timestamp=\"%s\" time=\"%.6f\">\n", started, wall_of(s));
    if (s->error != NULL) {
        case_begin(s, "scenario", out);
        case_broken("error", "an error stopped the scenario", s->error, out);
    }
    build_cases(s, out);
    for (size_t c = 0; c < s->check_count; c++)
        check_case(s, &s->checks[c], out);
    buf_adds(out, "  </testsuite>\n");
}

void report_junit(const struct results *r, struct buf *out)
{
    char started[32];
    struct report_totals t;
    result_format_time(r->started_s, started);
    report_count(r, &t);
    size_t errors = 0;
    for (size_t i = 0; i < r->scenario_count; i++)
        errors += r->scenarios[i].error != NULL;
    buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    buf_addf(out,
             "<testsuites name=\"simbench\" tests=\"%zu\" failures=\"%zu\" "
             "errors=\"%zu\">\n",
             t.checks + t.failed_builds + errors, t.failed_checks + t.failed_builds,
             errors);
    for (size_t i = 0; i < r->scenario_count; i++)
        suite(&r->scenarios[i], started, out);
    buf_adds(out, "</testsuites>\n");
}
