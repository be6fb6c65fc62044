/* SPDX-License-Identifier: MIT */
/* What every command gets: the common options, the streams, the way to the store. */
#ifndef BENCH_CLI_H
#define BENCH_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/environment.h"
#include "reports/report.h"
#include "sim/base/err.h"
#include "sim/store/store.h"

struct common_values {
    const char *store;
    int color; /* enum color_choice */
    bool quiet, verbose, help, version;
};

struct cli {
    struct common_values common;
    struct report_style style;     /* standard output */
    struct report_style err_style; /* standard error */
    bool out_tty, err_tty;
};

/* Prints `simbench: FILE:LINE: what is wrong` and the hint to standard error, control
 * characters made harmless. Nothing where the error has no text. */
void print_err(const struct cli *cli, const struct err *err);
/* One line to standard error: `simbench: warning: …`. */
void print_warning(const struct cli *cli, const char *text);
/* Text that came from outside, to a terminal or file: escaped only on a terminal. */
void print_text(const struct cli *cli, const char *text);

/* Opens the store the options name. */
int cli_open_store(const struct cli *cli, struct store **out, struct err *err);

void cli_close_store(struct store **store);
#define AUTO_STORE __attribute__((cleanup(cli_close_store))) struct store

/* Runs the command line; the exit code of the contract. */
int cli_main(int argc, char **argv);

#endif
