/* SPDX-License-Identifier: MIT */
/* The machine's fingerprint, from /proc/cpuinfo, sysconf and uname. Processors that
 * this process may not use do not count: a container has what it is given. */
#include "bench/machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sim/base/digest.h"
#include "sim/base/mem.h"

enum { ID_DIGITS = 12, GIB_SHIFT = 30 };

/* The first "model name" (x86) or "CPU part" (arm) of /proc/cpuinfo. */
static void add_processor(struct buf *out)
{
    char line[512];
    FILE *f = fopen("/proc/cpuinfo", "re");
    size_t before = out->len;
    while (f != NULL && out->len == before && fgets(line, sizeof line, f) != NULL) {
        const char *value = strchr(line, ':');
        if (value != NULL && (strncmp(line, "model name", 10) == 0 ||
                              strncmp(line, "CPU part", 8) == 0)) {
            value += 1 + strspn(value + 1, " \t");
            buf_add(out, value, strcspn(value, "\r\n"));
        }
    }
    if (f != NULL)
        fclose(f);
    if (out->len == before)
        buf_adds(out, "unknown processor");
}

static int usable_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

void machine_describe(struct buf *id, struct buf *text)
{
    struct utsname name = {0};
    AUTO_BUF what = BUF_INIT;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    /* Rounded: the kernel's own share differs from boot to boot. */
    double gib = (double)pages * (double)page / (double)(1L << GIB_SHIFT);
    uname(&name);
    add_processor(&what);
    buf_addf(&what, ", %d processors, %.0f GiB, %s", usable_processors(), gib,
             name.machine);
    struct digest digest = digest_of(what.data, what.len);
    char hex[DIGEST_HEX + 1];
    digest_hex(&digest, hex);
    buf_add(id, hex, ID_DIGITS);
    buf_addf(text, "%s, %s %s", what.data, name.sysname, name.release);
}
