/* SPDX-License-Identifier: MIT */
/*
 * Scenario files, one Lua state each, so that they may run on threads of their own.
 * With one job output is written while it happens; with several each file's output is
 * kept until its turn.
 */
#include "bench/run_files.h"

#include <fnmatch.h>
#include <pthread.h>
#include <string.h>

#include "bench/growth.h"
#include "bench/interrupt.h"
#include "sim/base/mem.h"

/* ---- loading ----------------------------------------------------------------------
 */

static void log_line(void *payload, const char *line)
{
    (void)payload;
    AUTO_BUF safe = BUF_INIT;
    report_escape_terminal(line, &safe);
    fprintf(stderr, "%s\n", buf_str(&safe));
}

static int load_one(const char *path, const char *filter, struct scenario_file *out,
                    struct err *err)
{
    struct script_options options = SCRIPT_OPTIONS_INIT;
    options.log = log_line;
    out->path = path;
    int r = script_new(&options, &out->script, err);
    if (r == 0)
        r = script_load(out->script, path, err);
    if (r < 0)
        return r;
    size_t total = script_scenario_count(out->script);
    out->scenarios = xcalloc(total, sizeof *out->scenarios);
    for (size_t i = 0; i < total; i++)
        if (filter == NULL ||
            fnmatch(filter, script_scenario(out->script, i)->name, 0) == 0)
            out->scenarios[out->count++] = i;
    return 0;
}

int run_files_load(const char *const *paths, size_t count, const char *filter,
                   struct scenario_files *out, struct err *err)
{
    out->items = xcalloc(count, sizeof *out->items);
    for (size_t i = 0; i < count; i++) {
        out->len++;
        int r = load_one(paths[i], filter, &out->items[i], err);
        if (r == 0)
            r = interrupt_check(err);
        if (r < 0)
            return r;
        out->items[i].first = out->chosen;
        out->chosen += out->items[i].count;
    }
    return 0;
}

void run_files_free(struct scenario_files *files)
{
    for (size_t i = 0; i < files->len; i++) {
        script_free(files->items[i].script);
        script_free(files->items[i].before);
        free(files->items[i].before_scenarios);
        free(files->items[i].scenarios);
    }
    free(files->items);
    *files = (struct scenario_files){0};
}

/* ---- running ----------------------------------------------------------------------
 */

struct turn {
    char *text; /* what it wrote, until it is printed */
    size_t len;
    struct failures failures;
    bool done;
};

struct pool {
    const struct scenario_files *files;
    struct results *results, *again;
    const struct run_files_options *options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t next;             /* file to take */
    struct layer_memo *memo; /* shared: modelled layers are hashed once in a process */
    struct turn *turns;
};

static void run_file(const struct pool *pool, size_t at, FILE *out)
{
    const struct scenario_file *file = &pool->files->items[at];
    struct runner_options runner = pool->options->runner;
    runner.memo = pool->memo;
    for (size_t i = 0; i < file->count && !interrupt_pending(); i++) {
        size_t place = file->first + i;
        struct runner_target to = {
            .result = &pool->results->scenarios[place],
            .again = pool->again != NULL ? &pool->again->scenarios[place] : NULL,
            .before = file->before,
            .before_scenario = file->before != NULL ? file->before_scenarios[i] : 0,
            .out = out,
            .failures = &pool->turns[at].failures,
        };
        if (pool->options->former &&
            (to.before == NULL || to.before_scenario == SIZE_MAX))
            to.again = NULL;
        runner_run(&runner, file->script, file->scenarios[i], &to);
    }
    if (runner.show_tables)
        growth_show(&pool->results->scenarios[file->first], file->count, out);
}

static size_t take(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t at = pool->next < pool->files->len ? pool->next++ : pool->files->len;
    pthread_mutex_unlock(&pool->lock);
    return at;
}

static void *work(void *payload)
{
    struct pool *pool = payload;
    for (size_t at = take(pool); at < pool->files->len; at = take(pool)) {
        struct turn *turn = &pool->turns[at];
        FILE *out = open_memstream(&turn->text, &turn->len);
        if (out != NULL) {
            run_file(pool, at, out);
            fclose(out);
        } else {
            struct err err = ERR_INIT;
            err_set(&err, ERR_FAILED, "out of memory");
            failures_add(&turn->failures, &err);
        }
        pthread_mutex_lock(&pool->lock);
        turn->done = true;
        pthread_cond_signal(&pool->changed);
        pthread_mutex_unlock(&pool->lock);
    }
    return NULL;
}

static int finish_turn(const struct pool *pool, struct turn *turn)
{
    const struct run_files_options *options = pool->options;
    if (turn->text != NULL)
        fwrite(turn->text, 1, turn->len, options->out);
    for (size_t i = 0; i < turn->failures.len; i++)
        options->print_failure(options->payload, &turn->failures.items[i]);
    int code = failures_exit_code(&turn->failures);
    free(turn->text);
    failures_free(&turn->failures);
    return code;
}

static int worse(int a, int b)
{
    return a > b ? a : b;
}

static int run_in_order(struct pool *pool)
{
    int code = 0;
    for (size_t i = 0; i < pool->files->len; i++) {
        run_file(pool, i, pool->options->out);
        code = worse(code, finish_turn(pool, &pool->turns[i]));
    }
    return code;
}

static int run_threads(struct pool *pool, size_t jobs)
{
    int code = 0;
    AUTO_FREE pthread_t *threads = xcalloc(jobs, sizeof *threads);
    size_t started = 0;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    while (started < jobs && pthread_create(&threads[started], NULL, work, pool) == 0)
        started++;
    if (started == 0)
        work(pool);
    for (size_t i = 0; i < pool->files->len; i++) {
        pthread_mutex_lock(&pool->lock);
        while (!pool->turns[i].done)
            pthread_cond_wait(&pool->changed, &pool->lock);
        pthread_mutex_unlock(&pool->lock);
        code = worse(code, finish_turn(pool, &pool->turns[i]));
    }
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    return code;
}

static void declare(struct results *results, const struct script_scenario *s)
{
    struct result_scenario *to =
        results_add_scenario(results, s->name, s->lesson, s->file);
    for (size_t i = 0; i < s->point_len; i++)
        result_add_axis(to, s->scan, s->point[i].name, s->point[i].value);
}

int run_files(const struct scenario_files *files, struct results *results,
              struct results *again, const struct run_files_options *options)
{
    struct pool pool = {
        .files = files, .results = results, .again = again, .options = options};
    AUTO_FREE struct turn *turns = xcalloc(files->len, sizeof *turns);
    pool.turns = turns;
    /* All scenarios are declared before any runs: their places then stay put. */
    for (size_t i = 0; i < files->len; i++)
        for (size_t j = 0; j < files->items[i].count; j++) {
            const struct script_scenario *s =
                script_scenario(files->items[i].script, files->items[i].scenarios[j]);
            declare(results, s);
            if (options->keep_sources)
                results->scenarios[results->scenario_count - 1].source = xstrdup(
                    script_text(files->items[i].script, files->items[i].scenarios[j]));
            if (again != NULL)
                declare(again, s);
        }
    pool.memo = layer_memo_new();
    size_t jobs = options->jobs < files->len ? options->jobs : files->len;
    int code = jobs <= 1 ? run_in_order(&pool) : run_threads(&pool, jobs);
    layer_memo_free(pool.memo);
    return code;
}
