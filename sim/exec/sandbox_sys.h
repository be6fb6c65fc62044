/* SPDX-License-Identifier: MIT */
/*
 * System calls the C library of older distributions has no function for, or only one
 * that is unsafe after a bare clone (setresuid of glibc wants to tell other threads).
 */
#ifndef SIM_EXEC_SANDBOX_SYS_H
#define SIM_EXEC_SANDBOX_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { UMOUNT_DETACH = 2 }; /* MNT_DETACH of <sys/mount.h>, which collides */

static inline pid_t sys_clone3(struct clone_args *args)
{
    return (pid_t)syscall(SYS_clone3, args, sizeof *args);
}

static inline int sys_mount(const char *source, const char *target, const char *type,
                            unsigned long flags, const void *data)
{
    return (int)syscall(SYS_mount, source, target, type, flags, data);
}

static inline int sys_fsopen(const char *type)
{
    return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

static inline int sys_fsconfig(int fs, unsigned command, const char *key,
                               const char *value)
{
    return (int)syscall(SYS_fsconfig, fs, command, key, value, 0);
}

static inline int sys_fsmount(int fs, unsigned attrs)
{
    return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs);
}

/* A detached copy of what is mounted at path. */
static inline int sys_clone_tree(int dir, const char *path, unsigned flags)
{
    return (int)syscall(SYS_open_tree, dir, path,
                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

static inline int sys_attach(int mount, int dir, const char *path)
{
    return (int)syscall(SYS_move_mount, mount, "", dir, path,
                        MOVE_MOUNT_F_EMPTY_PATH |
                            (path[0] == '\0' ? MOVE_MOUNT_T_EMPTY_PATH : 0));
}

static inline int sys_set_attrs(int mount, uint64_t attrs)
{
    struct mount_attr attr = {.attr_set = attrs};
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | AT_RECURSIVE,
                        &attr, sizeof attr);
}

static inline int sys_openat2(int dir, const char *path, uint64_t flags,
                              uint64_t resolve)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};
    return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
    return (int)syscall(SYS_close_range, first, last, flags);
}

/* Brings up the loopback device of the thread's network namespace. */
static inline int sys_raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int rc = ioctl(fd, SIOCGIFFLAGS, &request);
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    if (rc == 0)
        rc = ioctl(fd, SIOCSIFFLAGS, &request);
    int saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

#endif
