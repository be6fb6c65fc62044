/* SPDX-License-Identifier: MIT */
/*
 * From the command line to a command: which one is meant, its options, its help; the
 * one place where errors are printed and the exit code is made.
 */
#include "bench/cli.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cmd.h"
#include "bench/interrupt.h"
#include "bench/options.h"
#include "bench/version.h"
#include "sim/base/file.h"
#include "sim/base/mem.h"
#include "sim/exec/sandbox.h"

static const struct option_spec common_options[] = {
    {"store", 0, OPTION_TEXT, offsetof(struct common_values, store), "DIR",
     "the store (default: $SIMBENCH_STORE, $XDG_DATA_HOME/simbench)", 0},
    {"color", 0, OPTION_CHOICE, offsetof(struct common_values, color),
     "auto|always|never", "colour on terminals (NO_COLOR is honoured)", 0},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct common_values, quiet), NULL, "say less",
     0},
    {"verbose", 'v', OPTION_FLAG, offsetof(struct common_values, verbose), NULL,
     "say more", 0},
    {"help", 'h', OPTION_FLAG, offsetof(struct common_values, help), NULL,
     "show help and stop", 0},
    {"version", 0, OPTION_FLAG, offsetof(struct common_values, version), NULL,
     "show the version and stop", 0},
};
enum { COMMON_COUNT = sizeof common_options / sizeof *common_options };

/* ---- printing ---------------------------------------------------------------------
 */

/* Each line escaped by itself: a traceback keeps its lines. */
static void print_lines(FILE *stream, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        AUTO_FREE char *line = xstrndup(text, len);
        AUTO_BUF safe = BUF_INIT;
        report_escape_terminal(line, &safe);
        fprintf(stream, "%s\n", buf_str(&safe));
        text += len;
        if (*text == '\n')
            text++;
    }
}

static void print_label(const struct cli *cli, const char *label)
{
    if (cli->err_style.color)
        fprintf(stderr, "\033[1;31m%s\033[0m ", label);
    else
        fprintf(stderr, "%s ", label);
}

void print_err(const struct cli *cli, const struct err *err)
{
    if (err->msg[0] == '\0')
        return;
    fflush(stdout); /* keep the order where both go to one place */
    print_label(cli, "simbench:");
    AUTO_BUF text = BUF_INIT;
    if (err->file[0] != '\0')
        buf_addf(&text, "%s:", err->file);
    if (err->file[0] != '\0' && err->line != 0)
        buf_addf(&text, "%u:", err->line);
    if (text.len != 0)
        buf_addc(&text, ' ');
    buf_adds(&text, err->msg);
    print_lines(stderr, text.data);
    if (err->hint[0] == '\0')
        return;
    if (strncmp(err->hint, "stack traceback", 15) != 0)
        fputs("hint: ", stderr);
    print_lines(stderr, err->hint);
}

void print_warning(const struct cli *cli, const char *text)
{
    fflush(stdout);
    print_label(cli, "simbench: warning:");
    print_lines(stderr, text);
}

void print_text(const struct cli *cli, const char *text)
{
    if (!cli->out_tty) {
        fputs(text, stdout);
        return;
    }
    AUTO_BUF safe = BUF_INIT;
    report_escape_terminal(text, &safe);
    fputs(buf_str(&safe), stdout);
}

/* ---- help -------------------------------------------------------------------------
 */

static void print_program_help(void)
{
    AUTO_BUF out = BUF_INIT;
    buf_adds(&out, "simbench " SIMBENCH_VERSION
                   ": what a container build reuses, what it runs again, and what that "
                   "costs\n\n"
                   "usage: simbench [run] [OPTIONS] SCENARIO.lua...\n"
                   "       simbench COMMAND [OPTIONS] [OPERANDS]\n\ncommands:\n");
    for (const struct command *const *c = bench_commands(); *c != NULL; c++)
        buf_addf(&out, "  %-14s%s\n", (*c)->name, (*c)->summary);
    buf_addf(&out, "  %-14s%s\n", "help", "help for a command: simbench help COMMAND");
    buf_adds(&out, "\noptions of every command:\n");
    options_describe(common_options, COMMON_COUNT, &out);
    buf_adds(&out, "\nexit status: 0 done; 1 the work failed; 2 wrong usage or "
                   "unreadable input;\n3 something asked for is missing on this "
                   "machine\n");
    fputs(out.data, stdout);
}

static void print_command_help(const struct command *c)
{
    AUTO_BUF out = BUF_INIT;
    buf_addf(&out, "usage: simbench %s [OPTIONS]%s%s\n\n%s\n", c->name,
             c->operands[0] != '\0' ? " " : "", c->operands, c->summary);
    if (c->details != NULL)
        buf_addf(&out, "\n%s\n", c->details);
    if (c->option_count != 0)
        buf_adds(&out, "\noptions:\n");
    options_describe(c->options, c->option_count, &out);
    buf_adds(&out, "\noptions of every command:\n");
    options_describe(common_options, COMMON_COUNT, &out);
    fputs(out.data, stdout);
}

static int unknown_command(const char *word, struct err *err)
{
    const char *names[64] = {NULL};
    size_t n = 0;
    for (const struct command *const *c = bench_commands();
         *c != NULL && n + 2 < sizeof names / sizeof *names; c++)
        names[n++] = (*c)->name;
    const char *near = options_nearest(word, names);
    err_set(err, ERR_INPUT, "unknown command '%s'", word);
    if (near != NULL)
        return err_hint(err, "did you mean '%s'? simbench --help lists the commands",
                        near);
    return err_hint(err, "simbench --help lists the commands; a scenario file ends in "
                         ".lua");
}

/* ---- which command ----------------------------------------------------------------
 */

/* Whether an option takes the next word: names mean the same in all commands. */
static bool takes_next(const char *word)
{
    struct option_set set = {common_options, COMMON_COUNT, NULL};
    if (options_takes_next(&set, 1, word))
        return true;
    for (const struct command *const *c = bench_commands(); *c != NULL; c++) {
        set = (struct option_set){(*c)->options, (*c)->option_count, NULL};
        if (options_takes_next(&set, 1, word))
            return true;
    }
    return false;
}

/* Position of the first word that is no option, word_count if there is none. */
static size_t first_operand(const char *const *words, size_t word_count)
{
    for (size_t i = 0; i < word_count; i++) {
        if (strcmp(words[i], "--") == 0)
            return i + 1 < word_count ? i + 1 : word_count;
        if (words[i][0] != '-' || words[i][1] == '\0')
            return i;
        if (takes_next(words[i]))
            i++;
    }
    return word_count;
}

static bool is_scenario(const char *word)
{
    size_t len = strlen(word);
    return (len > 4 && strcmp(word + len - 4, ".lua") == 0) || file_exists(word);
}

/* The words less the one at position `at`; the caller frees. */
static const char **without(const char *const *words, size_t count, size_t at)
{
    const char **rest = xcalloc(count + 1, sizeof *rest);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (i != at)
            rest[n++] = words[i];
    return rest;
}

/* ---- running ----------------------------------------------------------------------
 */

static void prepare(struct cli *cli)
{
    cli->out_tty = isatty(STDOUT_FILENO);
    cli->err_tty = isatty(STDERR_FILENO);
    cli->style = environment_style(stdout, (enum color_choice)cli->common.color);
    cli->err_style = environment_style(stderr, (enum color_choice)cli->common.color);
}

static int check_operands(const struct command *c, const struct operands *operands,
                          struct err *err)
{
    if (operands->len < c->least_operands)
        err_set(err, ERR_INPUT, "%s: %s is missing", c->name, c->operands);
    else if (operands->len > c->most_operands)
        err_set(err, ERR_INPUT, "%s: unexpected '%s'", c->name,
                operands->items[c->most_operands]);
    else
        return 0;
    return err_hint(err, "usage: simbench %s [OPTIONS]%s%s", c->name,
                    c->operands[0] != '\0' ? " " : "", c->operands);
}

/* Runs a command, or shows its help. */
static int run_command(struct cli *cli, const struct command *c,
                       const char *const *words, size_t word_count, struct err *err)
{
    AUTO_FREE void *values = xcalloc(1, c->values_size);
    const struct option_set sets[] = {
        {c->options, c->option_count, values},
        {common_options, COMMON_COUNT, &cli->common},
    };
    struct operands operands = {0};
    int r = options_parse(sets, 2, words, word_count, &operands, err);
    prepare(cli);
    if (r < 0) {
        err_wrap(err, "%s", c->name);
    } else if (cli->common.help) {
        print_command_help(c);
    } else if (cli->common.version) {
        puts("simbench " SIMBENCH_VERSION);
    } else {
        struct invocation in = {values, operands.items, operands.len};
        r = check_operands(c, &operands, err);
        if (r == 0)
            r = c->run(cli, &in, err);
    }
    operands_free(&operands);
    options_free(&sets[0]);
    return r;
}

/* `simbench --help`, `simbench --version`, and what names no command at all. */
static int run_bare(struct cli *cli, const char *const *words, size_t word_count,
                    struct err *err)
{
    const struct option_set sets[] = {
        {common_options, COMMON_COUNT, &cli->common},
    };
    struct operands operands = {0};
    struct err ignored = ERR_INIT;
    int r = options_parse(sets, 1, words, word_count, &operands, &ignored);
    operands_free(&operands);
    prepare(cli);
    if (cli->common.help) {
        print_program_help();
        return 0;
    }
    if (cli->common.version) {
        puts("simbench " SIMBENCH_VERSION);
        return 0;
    }
    if (r < 0 || word_count != 0)
        /* Options of run without a scenario: let run say what is wrong. */
        return run_command(cli, &bench_command_run, words, word_count, err);
    err_set(err, ERR_INPUT, "no scenario and no command was given");
    return err_hint(err, "simbench SCENARIO.lua runs a lesson; simbench --help lists "
                         "the commands");
}

static int run_help(struct cli *cli, const char *const *words, size_t word_count,
                    struct err *err)
{
    prepare(cli);
    for (size_t i = 0; i < word_count; i++) {
        if (words[i][0] == '-')
            continue;
        const struct command *c = bench_command_find(words[i]);
        if (c == NULL)
            return unknown_command(words[i], err);
        print_command_help(c);
        return 0;
    }
    print_program_help();
    return 0;
}

static int dispatch(struct cli *cli, const char *const *words, size_t word_count,
                    struct err *err)
{
    size_t at = first_operand(words, word_count);
    if (at == word_count)
        return run_bare(cli, words, word_count, err);
    const char *word = words[at];
    const struct command *c = bench_command_find(word);
    bool help = strcmp(word, "help") == 0;
    if (c == NULL && !help) {
        if (is_scenario(word))
            return run_command(cli, &bench_command_run, words, word_count, err);
        prepare(cli);
        return unknown_command(word, err);
    }
    AUTO_FREE const char **rest = without(words, word_count, at);
    if (help)
        return run_help(cli, rest, word_count - 1, err);
    return run_command(cli, c, rest, word_count - 1, err);
}

int cli_open_store(const struct cli *cli, struct store **out, struct err *err)
{
    AUTO_FREE char *dir = NULL;
    if (cli->common.store != NULL) {
        if (cli->common.store[0] == '\0')
            return err_set(err, ERR_INPUT, "--store: the name is empty");
        dir = xstrdup(cli->common.store);
    } else {
        int r = environment_store(&dir, err);
        if (r < 0)
            return r;
    }
    int r = store_open(dir, NULL, out, err);
    if (r == 0 && geteuid() != 0)
        store_set_remover(*out, sandbox_remove_tree);
    return r;
}

void cli_close_store(struct store **store)
{
    store_close(*store);
    *store = NULL;
}

/* A pipe whose reader is gone (`simbench … | head`). */
static bool reader_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* What could not be written is a failure too, unless nobody reads it any more. */
static int finish_output(const struct cli *cli, int code)
{
    bool gone = reader_gone(), failed = ferror(stdout) != 0;
    errno = 0;
    if (fclose(stdout) != 0)
        failed = true;
    if (!failed || gone || errno == EPIPE)
        return code;
    struct err err = ERR_INIT;
    if (errno != 0)
        err_errno(&err, errno, "cannot write to standard output");
    else
        err_set(&err, ERR_FAILED, "cannot write to standard output");
    print_err(cli, &err);
    return code != 0 ? code : 1;
}

int cli_main(int argc, char **argv)
{
    struct cli cli = {0};
    struct err err = ERR_INIT;
    interrupt_setup();
    size_t count = argc > 0 ? (size_t)argc - 1 : 0;
    int r = dispatch(&cli, (const char *const *)argv + (argc > 0), count, &err);
    if (r < 0)
        print_err(&cli, &err);
    return finish_output(&cli, err_exit_code(r));
}
