/* SPDX-License-Identifier: MIT */
/* The process environment: nothing else in simbench asks for it. */
#ifndef BENCH_ENVIRONMENT_H
#define BENCH_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "reports/report.h"
#include "sim/base/err.h"

/* NULL if the variable is unset; borrowed. */
const char *environment_get(const char *name);
/* As environment_get, but an empty value counts as unset. */
const char *environment_set(const char *name);
/* The whole of it, for child processes. */
char **environment_all(void);

/* Folder of the store: $SIMBENCH_STORE, $XDG_DATA_HOME/simbench or
 * ~/.local/share/simbench. The caller frees. ERR_ENVIRONMENT if none is set. */
int environment_store(char **out, struct err *err);
/* SOURCE_DATE_EPOCH; *out is -1 where it is unset; ERR_INPUT for what is no number. */
int environment_source_date_epoch(int64_t *out, struct err *err);
/* Reads the number in `text`, of the variable or of a build argument. */
int source_date_epoch_parse(const char *text, int64_t *out, struct err *err);

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
/* Whether the terminal can move its cursor: TERM is set, and not to dumb. */
bool environment_can_move(void);
/* Width, colour and characters that suit a stream. */
struct report_style environment_style(FILE *stream, enum color_choice color);

#endif
