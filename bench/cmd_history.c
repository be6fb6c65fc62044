/* SPDX-License-Identifier: MIT */
/* simbench history: laid out as `docker history`, one row an instruction, and with whom
 * a layer is shared. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "bench/age.h"
#include "bench/cmd.h"
#include "bench/columns.h"
#include "bench/images.h"
#include "bench/json_text.h"
#include "bench/sharing.h"
#include "reports/text.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"

struct history_values {
    bool no_trunc;
    int format;
};
enum { FORMAT_TABLE, FORMAT_JSON, CREATED_BY_WIDTH = 45 };

static const struct option_spec options[] = {
    {"no-trunc", 0, OPTION_FLAG, offsetof(struct history_values, no_trunc), NULL,
     "show whole instructions and IDs", 0},
    {"format", 0, OPTION_CHOICE, offsetof(struct history_values, format), "table|json",
     "json: one object a row", 0},
};

struct row {
    const struct image_history *history; /* NULL: a layer without history */
    const struct layer *layer;           /* NULL: no layer */
};

/* The rows oldest first; the caller frees. Layers belong, in order, to the history
 * entries that are not marked empty; what is left over gets rows of its own. */
static struct row *make_rows(const struct loaded_image *image, size_t *len)
{
    const struct image_config *c = image->config;
    struct row *rows = xcalloc(c->history_count + c->diff_id_count, sizeof *rows);
    size_t layer = 0, n = 0;
    for (size_t i = 0; i < c->history_count; i++) {
        rows[n].history = &c->history[i];
        if (!c->history[i].empty_layer && layer < c->diff_id_count)
            rows[n].layer = image->layers[layer++];
        n++;
    }
    for (; layer < c->diff_id_count; layer++)
        rows[n++].layer = image->layers[layer];
    *len = n;
    return rows;
}

static const char *text_of(const char *s)
{
    return s != NULL ? s : "";
}

/* Other images that hold the layer. */
static size_t others(const struct sharing *sharing, const struct row *row)
{
    size_t holders =
        row->layer != NULL ? sharing_count(sharing, &row->layer->diff_id) : 0;
    return holders > 0 ? holders - 1 : 0;
}

static void add_shared(struct columns *t, const struct sharing *sharing,
                       const struct row *row)
{
    size_t n = others(sharing, row);
    AUTO_FREE char *text = n == 0   ? xstrdup(row->layer != NULL ? "-" : "")
                           : n == 1 ? xstrdup("1 image")
                                    : xasprintf("%zu images", n);
    columns_add(t, text);
}

/* What is shown, and how. */
struct shown {
    const struct cli *cli;
    const struct history_values *values;
    const struct loaded_image *image;
    const struct sharing *sharing;
    const struct row *rows;
    size_t len;
    unsigned created_by; /* columns it may take */
    bool comments;
};

/* A terminal's lines are not to wrap: there CREATED BY takes what the others leave, and
 * COMMENT, which tells least, goes where it does not fit. */
static void fit_terminal(struct shown *s)
{
    enum { OTHERS = 56, COMMENT = 26, LEAST = 24 };
    unsigned columns = s->cli->style.columns;
    s->created_by = s->values->no_trunc ? UINT_MAX : CREATED_BY_WIDTH;
    s->comments = true;
    if (!s->cli->out_tty || s->values->no_trunc)
        return;
    s->comments = columns >= OTHERS + COMMENT + LEAST;
    unsigned taken = OTHERS + (s->comments ? COMMENT : 0);
    s->created_by = columns > taken + LEAST ? columns - taken : LEAST;
}

static void add_row(struct columns *t, const struct shown *s, const struct row *row)
{
    AUTO_BUF age = BUF_INIT;
    AUTO_BUF by = BUF_INIT;
    AUTO_BUF cut = BUF_INIT;
    const struct image_history *h = row->history;
    age_add(&age, h != NULL ? h->created_s : INT64_MIN, clock_realtime_s());
    report_escape_terminal(h != NULL ? text_of(h->created_by) : "", &by);
    report_text_fit(buf_str(&by), s->created_by, s->cli->style.utf8, &cut);
    columns_add(t, buf_str(&age));
    columns_add(t, buf_str(&cut));
    columns_add_bytes(t, row->layer != NULL ? row->layer->size : 0);
    add_shared(t, s->sharing, row);
    if (s->comments)
        columns_add(t, h != NULL ? text_of(h->comment) : "");
}

static void print_table(const struct shown *s)
{
    struct columns t;
    char id[DIGEST_TEXT + 1], short_id[SHORT_ID + 1];
    digest_text(&s->image->image.id, id);
    bench_image_short_id(&s->image->image.id, short_id);
    columns_begin(&t, s->comments ? "IMAGE|CREATED|CREATED BY|>SIZE|SHARED WITH|COMMENT"
                                  : "IMAGE|CREATED|CREATED BY|>SIZE|SHARED WITH");
    for (size_t i = s->len; i > 0; i--) {
        const char *name = s->values->no_trunc ? id : short_id;
        columns_add(&t, i == s->len ? name : "<missing>");
        add_row(&t, s, &s->rows[i - 1]);
    }
    columns_end(&t, stdout);
}

static void print_json(const struct shown *s)
{
    for (size_t i = s->len; i > 0; i--) {
        const struct row *row = &s->rows[i - 1];
        const struct image_history *h = row->history;
        char created[32] = "";
        if (h != NULL && h->created_s != INT64_MIN)
            image_format_time(h->created_s, created);
        AUTO_BUF out = BUF_INIT;
        buf_adds(&out, "{\"id\":");
        if (i == s->len)
            json_text_digest(&out, &s->image->image.id);
        else
            buf_adds(&out, "\"<missing>\"");
        buf_adds(&out, ",\"created\":");
        json_text_string(&out, created[0] != '\0' ? created : NULL);
        buf_adds(&out, ",\"created_by\":");
        json_text_string(&out, h != NULL ? h->created_by : NULL);
        buf_addf(&out, ",\"size\":%" PRIu64 ",\"diff_id\":",
                 row->layer != NULL ? row->layer->size : 0);
        if (row->layer != NULL)
            json_text_digest(&out, &row->layer->diff_id);
        else
            buf_adds(&out, "null");
        buf_addf(&out, ",\"shared_with\":%zu,\"comment\":", others(s->sharing, row));
        json_text_string(&out, h != NULL ? h->comment : NULL);
        printf("%s}\n", out.data);
    }
}

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    const struct history_values *values = in->values;
    struct loaded_image image = {0};
    struct sharing sharing = {0};
    AUTO_STORE *store = NULL;
    int r = cli_open_store(cli, &store, err);
    if (r == 0)
        r = bench_image_load(store, in->operands[0], &image, err);
    if (r == 0)
        r = sharing_load(store, &sharing, err);
    if (r == 0) {
        struct shown shown = {
            .cli = cli, .values = values, .image = &image, .sharing = &sharing};
        AUTO_FREE struct row *rows = make_rows(&image, &shown.len);
        shown.rows = rows;
        fit_terminal(&shown);
        if (values->format == FORMAT_JSON)
            print_json(&shown);
        else
            print_table(&shown);
    }
    sharing_free(&sharing);
    bench_image_unload(&image);
    return r;
}

const struct command bench_command_history = {
    .name = "history",
    .operands = "IMAGE",
    .summary = "how an image was made: one row an instruction, newest first",
    COMMAND_OPTIONS(options),
    .values_size = sizeof(struct history_values),
    .least_operands = 1,
    .most_operands = 1,
    .run = run,
};
