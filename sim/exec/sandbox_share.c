/* SPDX-License-Identifier: MIT */
/*
 * Our share of the processors, from inside the new processes: that it stays what the
 * builder was given, and how long we waited for it. System calls only.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include "sim/exec/sandbox_cell.h"

/* Where the kernel groups processes by session (autogroup), a nice value counts within
 * the group only, and a new session's group begins at 0. */
void cell_keep_share(void)
{
    int nice = getpriority(PRIO_PROCESS, 0);
    unsigned size = (unsigned)(nice < 0 ? -nice : nice);
    char text[3] = {nice < 0 ? '-' : '+', (char)('0' + size / 10),
                    (char)('0' + size % 10)};
    int fd = nice != 0 ? open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    (void)!write(fd, text, sizeof text);
    close(fd);
}

uint64_t cell_waited_ns(pid_t pid)
{
    char path[32] = "/proc/", text[64], digits[12];
    size_t at = 6, n = 0;
    for (long rest = pid; rest > 0; rest /= 10)
        digits[n++] = (char)('0' + rest % 10);
    while (n > 0)
        path[at++] = digits[--n];
    const char *name = "/schedstat";
    while (*name != '\0')
        path[at++] = *name++;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0)
        return 0;
    text[got] = '\0';
    char *end; /* time on a processor, time waiting for one, turns */
    strtoull(text, &end, 10);
    return strtoull(end, NULL, 10);
}
