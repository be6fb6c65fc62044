/* SPDX-License-Identifier: MIT */
/* simbench parse: the syntax tree as JSON, contract section 4. */
#include <stdio.h>
#include <string.h>

#include "bench/build_setup.h"
#include "bench/cmd.h"
#include "sim/dockerfile/dockerfile.h"

static int run(struct cli *cli, const struct invocation *in, struct err *err)
{
    (void)cli;
    const char *path = in->operand_count != 0 ? in->operands[0] : "Dockerfile";
    struct dockerfile *df = NULL;
    int r;
    if (strcmp(path, "-") == 0) {
        AUTO_BUF text = BUF_INIT;
        r = bench_read_stdin(DOCKERFILE_LIMIT, &text, err);
        if (r == 0)
            r = dockerfile_parse("-", buf_str(&text), text.len, &df, err);
    } else {
        r = dockerfile_parse_file(path, &df, err);
    }
    if (r < 0)
        return r;
    AUTO_BUF out = BUF_INIT;
    dockerfile_to_json(df, &out);
    dockerfile_free(df);
    fwrite(out.data, 1, out.len, stdout);
    return 0;
}

const struct command bench_command_parse = {
    .name = "parse",
    .operands = "[FILE|-]",
    .summary = "the syntax tree of a Dockerfile as JSON",
    .details = "Syntax only: an unknown instruction is in the tree. Without FILE: "
               "Dockerfile in this folder.",
    .values_size = 1,
    .most_operands = 1,
    .run = run,
};
