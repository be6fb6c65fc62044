/* SPDX-License-Identifier: MIT */
/* Reads and checks the options of a build before any work is done. */
#include "bench/build_setup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/environment.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/dockerfile/dockerfile.h"

enum { SECRET_LIMIT = 500 * 1024 /* as docker */ };

int bench_check_context(const char *dir, struct err *err)
{
    struct stat st;
    if (stat(dir, &st) != 0) {
        err_set(err, ERR_INPUT, "context '%s': %s", dir, strerror(errno));
        return err_hint(err, "the context is the folder whose files COPY sees");
    }
    if (!S_ISDIR(st.st_mode)) {
        err_set(err, ERR_INPUT, "context '%s' is no folder", dir);
        return err_hint(err, "give the folder; name another Dockerfile with -f FILE");
    }
    if (access(dir, R_OK | X_OK) != 0)
        return err_set(err, ERR_INPUT, "context '%s': %s", dir, strerror(errno));
    return 0;
}

int bench_read_stdin(size_t limit, struct buf *out, struct err *err)
{
    while (out->len <= limit) {
        buf_reserve(out, 65536);
        ssize_t n = read(STDIN_FILENO, out->data + out->len, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_INPUT, "cannot read standard input: %s",
                           strerror(errno));
        if (n == 0)
            break;
        out->len += (size_t)n;
        out->data[out->len] = '\0';
    }
    return 0;
}

/* A copy that lives as long as the setup. */
static const char *keep(struct build_setup *setup, const char *s, size_t n)
{
    strv_addn(&setup->words, s, n);
    return setup->words.items[setup->words.len - 1];
}

static int set_contexts(const struct build_values *values, const char *context,
                        struct build_setup *out, struct err *err)
{
    int r = bench_check_context(context, err);
    if (r < 0)
        return r;
    out->contexts = xcalloc(values->contexts.len + 1, sizeof *out->contexts);
    out->contexts[0].dir = context;
    for (size_t i = 0; i < values->contexts.len; i++) {
        const char *word = values->contexts.items[i], *equals = strchr(word, '=');
        if (equals == NULL || equals == word || equals[1] == '\0') {
            err_set(err, ERR_INPUT, "--build-context '%s': NAME=DIR is wanted", word);
            return ERR_INPUT;
        }
        if (strstr(equals, "://") != NULL) {
            err_set(err, ERR_INPUT, "--build-context '%s': only folders can be used",
                    word);
            return err_hint(err, "bring an image here with `simbench pull NAME`");
        }
        r = bench_check_context(equals + 1, err);
        if (r < 0)
            return r;
        out->contexts[i + 1].name = keep(out, word, (size_t)(equals - word));
        out->contexts[i + 1].dir = equals + 1;
    }
    out->options.contexts = out->contexts;
    out->options.context_count = values->contexts.len + 1;
    return 0;
}

static int set_dockerfile(const struct build_values *values, struct build_setup *out,
                          struct err *err)
{
    out->dockerfile_name = values->file != NULL ? values->file : "Dockerfile";
    out->options.dockerfile = values->file;
    if (values->file == NULL || strcmp(values->file, "-") != 0)
        return 0;
    int r = bench_read_stdin(DOCKERFILE_LIMIT, &out->dockerfile, err);
    if (r < 0)
        return r;
    out->options.dockerfile_text = buf_str(&out->dockerfile);
    out->options.dockerfile_len = out->dockerfile.len;
    return 0;
}

/* `--build-arg K` takes K from the environment and means nothing if it is unset. */
static int set_build_args(const struct build_values *values, struct build_setup *out,
                          struct err *err)
{
    int r = environment_source_date_epoch(&out->options.source_date_epoch, err);
    for (size_t i = 0; i < values->build_args.len && r == 0; i++) {
        const char *word = values->build_args.items[i];
        if (word[0] == '=' || word[0] == '\0')
            return err_set(err, ERR_INPUT, "--build-arg '%s' has no name", word);
        const char *value = strchr(word, '=') != NULL ? NULL : environment_get(word);
        if (strchr(word, '=') != NULL)
            strv_add(&out->build_args, word);
        else if (value != NULL)
            env_set(&out->build_args, word, value);
    }
    const char *epoch = env_get(&out->build_args, "SOURCE_DATE_EPOCH");
    if (r == 0 && epoch != NULL && epoch[0] != '\0')
        r = source_date_epoch_parse(epoch, &out->options.source_date_epoch, err);
    out->options.build_args = &out->build_args;
    return r;
}

/* ---- secrets ----------------------------------------------------------------------
 */

struct secret_words { /* borrowed, NULL if not given */
    const char *id, *src, *env;
};

static int split_secret(struct build_setup *out, const char *word,
                        struct secret_words *parts, struct err *err)
{
    for (const char *p = word; p != NULL;) {
        size_t len = strcspn(p, ",");
        const char *pair = keep(out, p, len), *equals = strchr(pair, '=');
        size_t key = equals != NULL ? (size_t)(equals - pair) : 0;
        if (key == 2 && strncmp(pair, "id", 2) == 0)
            parts->id = equals + 1;
        else if ((key == 3 && strncmp(pair, "src", 3) == 0) ||
                 (key == 6 && strncmp(pair, "source", 6) == 0))
            parts->src = equals + 1;
        else if (key == 3 && strncmp(pair, "env", 3) == 0)
            parts->env = equals + 1;
        else if (strcmp(pair, "type=file") != 0 && strcmp(pair, "type=env") != 0)
            return err_set(err, ERR_INPUT, "--secret '%s': '%s' is not understood",
                           word, pair);
        p = p[len] == ',' ? p + len + 1 : NULL;
    }
    if (parts->id == NULL || parts->id[0] == '\0') {
        err_set(err, ERR_INPUT, "--secret '%s' has no id", word);
        return err_hint(err, "--secret id=NAME,src=FILE or id=NAME,env=VARIABLE");
    }
    return 0;
}

/* Docker's rule: without src and env, a variable of the id's name, then a file. */
static int load_secret(struct build_setup *out, const struct secret_words *parts,
                       struct build_secret *secret, struct err *err)
{
    const char *variable = parts->env;
    if (variable == NULL && parts->src == NULL && environment_get(parts->id) != NULL)
        variable = parts->id;
    secret->id = parts->id;
    if (variable != NULL) {
        secret->data = environment_get(variable);
        if (secret->data == NULL)
            return err_set(err, ERR_INPUT, "--secret id=%s: the variable %s is not set",
                           parts->id, variable);
        secret->len = strlen(secret->data);
        return 0;
    }
    struct buf data = BUF_INIT;
    const char *path = parts->src != NULL ? parts->src : parts->id;
    int r = file_read(path, SECRET_LIMIT, &data, err);
    secret->len = data.len;
    strv_take(&out->words, buf_steal(&data));
    secret->data = out->words.items[out->words.len - 1];
    if (r == ERR_NOT_FOUND)
        return err_set(err, ERR_INPUT, "--secret id=%s: no such file: %s", parts->id,
                       path);
    return r;
}

static int set_secrets(const struct build_values *values, struct build_setup *out,
                       struct err *err)
{
    out->secrets = xcalloc(values->secrets.len, sizeof *out->secrets);
    for (size_t i = 0; i < values->secrets.len; i++) {
        struct secret_words parts = {0};
        int r = split_secret(out, values->secrets.items[i], &parts, err);
        if (r == 0)
            r = load_secret(out, &parts, &out->secrets[i], err);
        if (r < 0)
            return r;
    }
    out->options.secrets = out->secrets;
    out->options.secret_count = values->secrets.len;
    return 0;
}

/* ---- what RUN gets ----------------------------------------------------------------
 */

static int set_hosts(const struct build_values *values, struct build_setup *out,
                     struct err *err)
{
    out->hosts = xcalloc(values->hosts.len, sizeof *out->hosts);
    for (size_t i = 0; i < values->hosts.len; i++) {
        const char *word = values->hosts.items[i];
        size_t len = strcspn(word, ":=");
        if (len == 0 || word[len] == '\0' || word[len + 1] == '\0')
            return err_set(err, ERR_INPUT, "--add-host '%s': NAME:ADDRESS is wanted",
                           word);
        out->hosts[i].name = keep(out, word, len);
        out->hosts[i].address = word + len + 1;
    }
    out->options.hosts = out->hosts;
    out->options.host_count = values->hosts.len;
    return 0;
}

static int set_rights(const struct build_values *values, struct build_setup *out,
                      struct err *err)
{
    for (size_t i = 0; i < values->allow.len; i++) {
        if (strcmp(values->allow.items[i], "security.insecure") != 0) {
            err_set(err, ERR_INPUT, "--allow knows no '%s'", values->allow.items[i]);
            return err_hint(err, "security.insecure; the network by --network host");
        }
        out->options.allow_insecure = true;
    }
    if (values->ssh == NULL)
        return 0;
    const char *socket = strncmp(values->ssh, "default=", 8) == 0
                             ? values->ssh + 8
                             : environment_set("SSH_AUTH_SOCK");
    if (strncmp(values->ssh, "default", 7) != 0 ||
        (values->ssh[7] != '\0' && values->ssh[7] != '='))
        return err_set(err, ERR_INPUT, "--ssh '%s': default[=SOCKET] is wanted",
                       values->ssh);
    if (socket == NULL || socket[0] == '\0') {
        err_set(err, ERR_ENVIRONMENT, "--ssh: no agent: SSH_AUTH_SOCK is not set");
        return err_hint(err, "start ssh-agent, or give --ssh default=SOCKET");
    }
    out->options.ssh_socket = socket;
    return 0;
}

static int set_executor(const struct build_values *values, struct build_setup *out,
                        struct err *err)
{
    enum exec_kind kind = (enum exec_kind)values->exec;
    const struct model_source *models = NULL;
    const struct base_source *modelled = NULL;
    int r = 0;
    if (kind == EXEC_MODEL) {
        struct script_options options = SCRIPT_OPTIONS_INIT;
        r = script_new(&options, &out->script, err);
        if (r < 0)
            return r;
        models = script_models(out->script, SCRIPT_STOCK);
        modelled = script_bases(out->script, SCRIPT_STOCK);
    }
    r = bench_exec_open(kind, out->store, models, &out->exec, err);
    out->options.executor = out->exec.executor;
    out->options.bases = bases_init(&out->bases, modelled);
    out->options.now_s = clock_realtime_s();
    return r;
}

int bench_build_setup(const struct cli *cli, const struct build_values *values,
                      const char *context, struct build_setup *out, struct err *err)
{
    static const char *const networks[] = {"none", "host"};
    struct build_options fresh = BUILD_OPTIONS_INIT;
    out->options = fresh;
    out->options.target = values->target;
    out->options.no_cache = values->no_cache;
    out->options.no_cache_filter = &values->no_cache_filter;
    out->options.semantics = (enum semantics)values->semantics;
    out->options.jobs = values->jobs;
    out->options.network = networks[values->network];
    out->options.against = values->against;
    out->options.pull = values->pull;
    int r = set_contexts(values, context, out, err);
    if (r == 0)
        r = set_dockerfile(values, out, err);
    if (r == 0)
        r = set_build_args(values, out, err);
    if (r == 0)
        r = set_secrets(values, out, err);
    if (r == 0)
        r = set_hosts(values, out, err);
    if (r == 0)
        r = set_rights(values, out, err);
    if (r == 0)
        r = cli_open_store(cli, &out->store, err);
    if (r < 0)
        return r;
    out->options.store = out->store;
    return set_executor(values, out, err);
}

void bench_build_setup_free(struct build_setup *setup)
{
    bench_exec_close(&setup->exec);
    script_free(setup->script);
    store_close(setup->store);
    free(setup->contexts);
    free(setup->secrets);
    free(setup->hosts);
    strv_free(&setup->words);
    strv_free(&setup->build_args);
    buf_free(&setup->dockerfile);
}
