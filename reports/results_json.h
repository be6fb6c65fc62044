/* SPDX-License-Identifier: MIT */
/* What the two halves of the result model, memory and JSON, share with each other and
 * with nobody else. */
#ifndef REPORTS_RESULTS_JSON_H
#define REPORTS_RESULTS_JSON_H

#include <jansson.h>

#include "reports/results.h"

/* Empty elements; valid until the next add to the same array. */
struct result_build *result_new_build(struct result_variant *v);
struct result_step *result_new_step(struct result_build *b);
void result_new_layer(struct result_build *b, const char *diff_id, uint64_t size);
/* s as a JSON string; hidden characters are escapes. */
void result_quote_json(const char *s, struct buf *out);
/* First word of an instruction in upper case; the caller frees. */
char *result_word(const char *instruction);
/* Fills the miss_ members from the `miss` object; nothing for NULL or another type.
 * Borrows. */
void result_set_miss(struct result_step *step, const json_t *miss);
/* "cached", "ran", "meta", "depends"; the other way false for another word. */
const char *result_status_name(enum step_status status);
bool result_status_parse(const char *word, enum step_status *out);
/* RFC 3339 UTC; the other way false if malformed. */
void result_format_time(int64_t seconds, char out[32]);
bool result_parse_time(const char *text, int64_t *out);

#endif
