/* SPDX-License-Identifier: MIT */
/*
 * Builds a scenario on a real builder. Beside it runs the model, under the builder's
 * own cache rules: it knows what the twins' stand-ins have to do, and what the script
 * is told. A fresh machine is new twins, because a builder's cache is also that of its
 * owner's other work: no command here empties it.
 */
#include "bench/engine_real.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/engine_image.h"
#include "bench/engine_log.h"
#include "bench/engine_steps.h"
#include "bench/engine_tool.h"
#include "bench/environment.h"
#include "bench/process.h"
#include "bench/twin.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/base/path.h"

enum { HELP_MS = 300000 }; /* load, save, remove: beside the measured build */

struct session {
    struct engine_options options;
    const struct engine_tool *tool;
    enum log_format format;
    void *model; /* session of engine_builtin; NULL: no twins */
    struct twins *twins;
    char *folder;
    struct store *images; /* of what was built: sizes of layers */
    struct strv names;    /* given to the builder, taken away at the end */
    unsigned builds;
    bool cold; /* without twins: the next build begins a machine */
    struct build_result result;
    const struct build_result *predicted; /* NULL: it failed, or there is no model */
};

/* ---- sessions ---- */

static int run_helper(const struct strv *argv, bool unhurried, struct err *err)
{
    AUTO_BUF said = BUF_INIT;
    struct process_options how = {.output = &said,
                                  .quiet = true,
                                  .timeout_ms = HELP_MS,
                                  .group = true,
                                  .unhurried = unhurried};
    int status = 0;
    int r = process_run((const char *const *)argv->items, &how, &status, err);
    if (r == 0 && status != 0)
        r = err_set(err, ERR_FAILED, "%s %s ended with status %d", argv->items[0],
                    argv->items[1], status);
    return r;
}

static void remove_names(struct session *s)
{
    for (size_t i = s->names.len; i-- > 0 && s->tool->remove != NULL;) {
        struct strv argv = STRV_INIT;
        s->tool->remove(s->names.items[i], &argv);
        run_helper(&argv, true, NULL); /* perhaps it was never made */
        strv_free(&argv);
    }
    strv_clear(&s->names);
}

void engine_real_close(void *session)
{
    struct session *s = session;
    if (s == NULL)
        return;
    remove_names(s);
    strv_free(&s->names);
    build_result_free(&s->result);
    engine_builtin.close(s->model);
    twins_free(s->twins);
    store_close(s->images);
    if (s->folder != NULL)
        file_remove_tree(s->folder, NULL);
    free(s->folder);
    free(s);
}

static int begin(struct session *s, enum semantics semantics, struct err *err)
{
    const char *tmp = environment_set("TMPDIR");
    int r = file_temp_folder(tmp != NULL ? tmp : "/tmp", "simbench", &s->folder, err);
    if (r < 0)
        return r;
    AUTO_FREE char *dir = path_join(s->folder, "images");
    r = store_open(dir, NULL, &s->images, err);
    if (r < 0 || s->options.real.own_images)
        return r;
    struct engine_options beside = s->options;
    beside.exec = EXEC_MODEL;
    beside.semantics = semantics;
    beside.listener = NULL;
    r = engine_builtin.open(&beside, &s->model, err);
    if (r < 0)
        return r;
    s->twins = twins_new(s->options.bases, s->folder, s->tool->archive);
    return twins_new_machine(s->twins, err);
}

int engine_real_open(const char *engine, enum semantics semantics,
                     const struct engine_options *options, void **session,
                     struct err *err)
{
    struct session *s = xcalloc(1, sizeof *s);
    s->options = *options;
    s->cold = true;
    int r = tool_choose(engine, &s->tool, &s->format, err);
    if (r == 0)
        r = begin(s, semantics, err);
    if (r < 0) {
        engine_real_close(s);
        return r;
    }
    *session = s;
    return 0;
}

int engine_real_fresh_machine(void *session, struct err *err)
{
    struct session *s = session;
    s->cold = true;
    if (s->model == NULL)
        return 0;
    remove_names(s);
    int r = engine_builtin.fresh_machine(s->model, err);
    return r == 0 ? twins_new_machine(s->twins, err) : r;
}

const struct build_result *engine_real_predicted(void *session)
{
    struct session *s = session;
    return s->predicted;
}

/* ---- what a real builder cannot be asked for ---- */

static int refuse(const struct session *s, const char *what, struct err *err)
{
    err_set(err, ERR_INPUT, "%s cannot be done on engine %s", what, s->tool->engine);
    return err_hint(err, "it would touch the builder's cache of other work: run this "
                         "scenario with --engine builtin");
}

int engine_real_prune(void *session, const struct prune_options *options,
                      struct err *err)
{
    (void)options;
    return refuse(session, "prune()", err);
}

int engine_real_cache_to(void *session, const char *name, bool all, struct err *err)
{
    (void)name;
    (void)all;
    return refuse(session, "cache_to()", err);
}

int engine_real_cache_from(void *session, const char *name, struct err *err)
{
    (void)name;
    return refuse(session, "cache_from()", err);
}

/* ---- bases ---- */

static int load_twin(struct session *s, struct twin *twin, struct err *err)
{
    struct strv argv = STRV_INIT;
    int r = 0;
    twin->loaded = true;
    if (s->tool->load != NULL) {
        strv_add(&s->names, twin->name);
        s->tool->load(twin->archive, &argv);
        r = run_helper(&argv, false, err);
        strv_free(&argv);
    }
    return r < 0 ? err_wrap(err, "twin of %s", twin->token) : 0;
}

/* Loads what a build needs; *fetched gets the lines' tokens that were not here before.
 */
static int load_twins(struct session *s, struct strv *fetched, struct err *err)
{
    size_t len = 0;
    struct twin *twins = s->twins != NULL ? twins_all(s->twins, &len) : NULL;
    for (size_t i = 0; i < len; i++) {
        if (!twins[i].needed || twins[i].loaded)
            continue;
        strv_add(fetched, twins[i].token);
        int r = load_twin(s, &twins[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}

int engine_real_pull(void *session, const char *image, uint64_t *ms, uint64_t *bytes,
                     struct err *err)
{
    struct session *s = session;
    size_t len;
    if (s->model == NULL)
        return refuse(s, "pull()", err);
    int r = engine_builtin.pull(s->model, image, ms, bytes, err);
    if (r == 0)
        r = twins_add(s->twins, image, image, err);
    struct twin *twins = r == 0 ? twins_all(s->twins, &len) : NULL;
    for (size_t i = 0; twins != NULL && i < len && r == 0; i++)
        if (strcmp(twins[i].token, image) == 0 && !twins[i].loaded)
            r = load_twin(s, &twins[i], err);
    return r;
}

/* ---- one build ---- */

struct job {
    struct session *s;
    const struct script_build *wanted;
    struct dockerfile *df;
    struct steps_source source;
    struct buf text, rewritten, plan;
    struct strv fetched; /* tokens of bases that were loaded for it */
    char *context, *dockerfile, *image, *archive;
    struct engine_log *log;
    struct strv argv, environment;
    struct tool_base *bases;
    struct tool_build build;
};

static void job_free(struct job *job)
{
    dockerfile_free(job->df);
    buf_free(&job->text);
    buf_free(&job->rewritten);
    buf_free(&job->plan);
    strv_free(&job->fetched);
    strv_free(&job->argv);
    strv_free(&job->environment);
    engine_log_free(job->log);
    free(job->context);
    free(job->dockerfile);
    free(job->image);
    free(job->archive);
    free(job->bases);
}

/* BuildKit takes a file of the same size and time for unchanged without reading it, and
 * the workspace's times are fixed: the digest goes into the fraction of a second. */
static int stamp_files(const char *dir, const struct tree *files, struct err *err)
{
    for (size_t i = 0; i < files->len; i++) {
        const struct entry *e = &files->entries[i];
        if (e->type != ENTRY_FILE)
            continue;
        AUTO_FREE char *path = path_join(dir, e->path);
        struct entry copy = *e;
        int r = entry_need_digest(&copy, err);
        if (r < 0)
            return r;
        long nanos = (copy.digest.bytes[0] << 16 | copy.digest.bytes[1] << 8 |
                      copy.digest.bytes[2]) *
                     50L;
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                    {e->mtime_ns / 1000000000, nanos}};
        if (utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) != 0)
            return err_errno(err, errno, "cannot set the time of %s", path);
    }
    return 0;
}

static int write_files(struct job *job, struct workspace *ws, struct err *err)
{
    struct session *s = job->s;
    const struct buf *text = job->rewritten.len > 0 ? &job->rewritten : &job->text;
    job->context = path_join(s->folder, "context");
    AUTO_FREE char *dir = path_join(s->folder, "dockerfile");
    int r = workspace_materialise(ws, job->context, err);
    if (r == 0)
        r = stamp_files(job->context, workspace_tree(ws), err);
    if (r == 0)
        r = file_make_folders(dir, err);
    if (s->tool->dockerfile_inside)
        job->dockerfile = path_join(job->context, "Dockerfile");
    else
        job->dockerfile = xasprintf("%s/Dockerfile.%u", dir, s->builds);
    if (r == 0)
        r = file_write(job->dockerfile, text->data, text->len, err);
    return r;
}

/* What the model makes of it, and what the stand-ins then have to do. A failure of the
 * model is no obstacle: the builder has to fail as well. */
static int predict(struct job *job, struct workspace *ws, struct err *err)
{
    struct session *s = job->s;
    struct err ignored = ERR_INIT;
    if (s->model == NULL)
        return 0;
    const struct build_result *result = NULL;
    int r = engine_builtin.build(s->model, ws, job->wanted, &result, &ignored);
    if (r == 0)
        s->predicted = result;
    if (r == ERR_CANCELLED) {
        *err = ignored;
        return r;
    }
    if (job->wanted->plan_only) {
        if (r < 0)
            *err = ignored;
        return r;
    }
    r = twins_rewrite(s->twins, job->df, &job->text, result, &job->rewritten, err);
    if (r == 0)
        r = twin_plan(engine_builtin_store(s->model), job->df, result,
                      s->options.real.time_scale, &job->plan, err);
    return r == 0 ? load_twins(s, &job->fetched, err) : r;
}

static void describe(struct job *job)
{
    struct session *s = job->s;
    size_t len = 0;
    struct twin *twins = s->twins != NULL ? twins_all(s->twins, &len) : NULL;
    job->bases = xcalloc(len + 1, sizeof *job->bases);
    for (size_t i = 0; i < len; i++)
        if (twins[i].needed)
            job->bases[job->build.base_count++] =
                (struct tool_base){twins[i].name, twins[i].archive, twins[i].digest};
    /* A name of this process and time, so that it is nobody else's. */
    job->image = xasprintf("simbench-%llx:%u", (unsigned long long)clock_monotonic_ns(),
                           s->builds);
    job->build.context = job->context;
    job->build.dockerfile = job->dockerfile;
    job->build.image = job->image;
    job->build.target = job->wanted->target;
    job->build.build_args = &job->wanted->build_args;
    job->build.no_cache_filter = &job->wanted->no_cache_filter;
    job->build.plan = s->model != NULL ? buf_str(&job->plan) : NULL;
    job->build.no_cache = job->wanted->no_cache || (s->model == NULL && s->cold);
    job->build.offline = s->model != NULL;
    job->build.bases = job->bases;
    job->build.format = s->format;
    s->cold = false;
}

static int hear(void *payload, const char *data, size_t len, struct err *err)
{
    return engine_log_feed(payload, data, len, clock_monotonic_ns(), err);
}

static int run_tool(struct job *job, int *status, double *seconds, struct err *err)
{
    struct session *s = job->s;
    strv_clear(&job->argv);
    strv_clear(&job->environment);
    s->tool->build(&job->build, &job->argv, &job->environment);
    unsigned limit = s->options.real.timeout_ms;
    struct process_options how = {.heard = hear,
                                  .heard_payload = job->log,
                                  .environment = &job->environment,
                                  .timeout_ms = limit,
                                  .group = true};
    uint64_t begun = clock_monotonic_ns();
    int r = process_run((const char *const *)job->argv.items, &how, status, err);
    *seconds = (double)(clock_monotonic_ns() - begun) / 1e9;
    engine_log_end(job->log, clock_monotonic_ns());
    if (r < 0 && r != ERR_CANCELLED && *seconds * 1000 >= limit)
        err_hint(err, "--engine-timeout says how long a build may take");
    return r;
}

/* Why a build that ended badly did. */
static int build_failed(const struct job *job, int status, struct err *err)
{
    const struct build_result *result = &job->s->result;
    size_t len;
    const struct log_step *steps = engine_log_steps(job->log, &len);
    const char *why = engine_log_complaint(job->log);
    for (size_t i = 0; i < len; i++)
        if (steps[i].error != NULL)
            why = steps[i].error;
    if (status > 128)
        err_set(err, ERR_FAILED, "%s was ended by signal %d: %.300s",
                job->s->tool->name, status - 128, why);
    else
        err_set(err, ERR_FAILED, "%s ended with status %d: %.300s", job->s->tool->name,
                status, why);
    if (result->step_count > 0)
        err_at(err, "Dockerfile", result->steps[result->step_count - 1].line);
    return ERR_FAILED;
}

static void mark_fetched(struct job *job)
{
    struct build_result *result = &job->s->result;
    for (unsigned i = 0; i < result->step_count; i++) {
        struct build_step *step = &result->steps[i];
        if (step->base_name != NULL && step->status == STEP_CACHED &&
            strv_contains(&job->fetched, step->base_name))
            step->status = STEP_RAN;
    }
}

/* Image ID and layers, outside the clock. */
static int read_image(struct job *job, struct err *err)
{
    struct session *s = job->s;
    int r = 0, status = 0;
    job->archive = xasprintf("%s/image-%u.tar", s->folder, s->builds);
    if (s->tool->save == NULL) {
        double ignored;
        engine_log_free(job->log);
        job->log = engine_log_new(s->format);
        job->build.output = job->archive;
        job->build.no_cache = false;
        r = run_tool(job, &status, &ignored, err);
        if (r == 0 && status != 0)
            r = build_failed(job, status, err);
    } else {
        struct strv argv = STRV_INIT;
        strv_add(&s->names, job->image);
        s->tool->save(job->image, job->archive, &argv);
        r = run_helper(&argv, false, err);
        strv_free(&argv);
    }
    if (r == 0)
        r = engine_image_read(s->images, job->archive, &job->source, &s->result, err);
    file_remove_tree(job->archive, NULL);
    if (r == 0 || r == ERR_CANCELLED)
        return r;
    err_recode(err, ERR_FAILED); /* whatever is wrong with it is no input of ours */
    return err_wrap(err, "the image that %s built", s->tool->name);
}

static void tell(const struct session *s)
{
    build_listener *listener = s->options.listener;
    struct build_event event = {.kind = BUILD_EVENT_BEGIN, .result = &s->result};
    if (listener == NULL)
        return;
    listener(s->options.listener_payload, &event);
    event.kind = BUILD_EVENT_STEP;
    for (unsigned i = 0; i < s->result.step_count; i++) {
        event.step = &s->result.steps[i];
        listener(s->options.listener_payload, &event);
    }
}

static int run_job(struct job *job, struct workspace *ws, struct err *err)
{
    struct session *s = job->s;
    int status = 0;
    int r = write_files(job, ws, err);
    if (r < 0)
        return r;
    describe(job);
    job->source = (struct steps_source){job->df, job->wanted->target, s->twins != NULL};
    job->log = engine_log_new(s->format);
    r = run_tool(job, &status, &s->result.wall_s, err);
    double seconds = s->result.wall_s;
    struct err unclear = ERR_INIT;
    int read = engine_steps_fill(&job->source, job->log, r == 0 && status == 0,
                                 &s->result, &unclear);
    s->result.wall_s = seconds;
    mark_fetched(job);
    if (r == 0 && status != 0)
        r = build_failed(job, status, err);
    if (r == 0 && read < 0) {
        *err = unclear;
        r = err_wrap(err, "%s", s->tool->name);
    }
    if (r == 0)
        r = read_image(job, err);
    tell(s);
    return r;
}

static int check_wanted(const struct session *s, const struct script_build *wanted,
                        struct err *err)
{
    bool filters = strcmp(s->tool->engine, "buildkit") == 0;
    if (wanted->no_cache_filter.len > 0 && !filters)
        return refuse(s, "no_cache_filter", err);
    if (wanted->plan_only && s->model == NULL)
        return refuse(s, "plan()", err);
    return 0;
}

int engine_real_build(void *session, struct workspace *ws,
                      const struct script_build *build, const struct build_result **out,
                      struct err *err)
{
    struct session *s = session;
    struct job job = {.s = s, .wanted = build};
    build_result_free(&s->result);
    *out = &s->result;
    s->builds++;
    int r = check_wanted(s, build, err);
    s->predicted = NULL;
    if (r == 0)
        r = engine_dockerfile(ws, &job.text, err);
    if (r == 0)
        r = dockerfile_parse("Dockerfile", buf_str(&job.text), job.text.len, &job.df,
                             err);
    if (r == 0)
        r = predict(&job, ws, err);
    if (r == 0 && build->plan_only)
        *out = s->predicted;
    else if (r == 0)
        r = run_job(&job, ws, err);
    job_free(&job);
    return r;
}
