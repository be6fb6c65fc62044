/* SPDX-License-Identifier: MIT */
/*
 * What a caller that builds again and again keeps between its builds: Dockerfiles that
 * were parsed and planned lately. Equal text, options and base images give an equal
 * plan, so a build that finds its own here does as one that makes it anew.
 */
#ifndef SIM_BUILD_MEMO_H
#define SIM_BUILD_MEMO_H

/* For builds with one base source whose images stay what they are as long as the memo
 * lives; one build at a time. Goes into struct build_options. */
struct build_memo;
struct build_memo *build_memo_new(void);
void build_memo_free(struct build_memo *memo); /* NULL is legal */

#endif
