/* SPDX-License-Identifier: MIT */
/* The program: everything is in the library, so that tests can link it. */
#include "bench/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
