/* SPDX-License-Identifier: MIT */
/*
 * Docker's default profile in spirit: what its documentation lists as blocked ("Seccomp
 * security profiles for Docker", significant syscalls blocked) plus the newer calls of
 * the same kinds, each with the errno that a RUN of BuildKit 0.32 gets. Calls that are
 * not named are allowed: unlike an allow list this one need not know every harmless
 * call of kernels to come; capabilities and namespaces stand behind it.
 */
#include "sim/exec/sandbox_seccomp.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/mem.h"

/* Refused with EPERM. */
static const char *const refused[] = {
    /* mounts and roots */
    "mount", "umount", "umount2", "pivot_root", "fsopen", "fsconfig", "fsmount",
    "fspick", "move_mount", "open_tree", "mount_setattr",
    /* namespaces; clone below */
    "unshare", "setns",
    /* kernel and machine */
    "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "create_module", "query_module", "get_kernel_syms", "bpf",
    "perf_event_open", "iopl", "ioperm", "swapon", "swapoff", "acct", "nfsservctl",
    "syslog", "vhangup", "lookup_dcookie", "_sysctl", "sysfs", "ustat", "uselib",
    "vm86", "vm86old", "quotactl", "quotactl_fd", "fanotify_init", "io_uring_setup",
    "io_uring_enter", "io_uring_register",
    /* clocks */
    "clock_settime", "clock_settime64", "settimeofday", "stime",
    /* keys, handles, other processes */
    "add_key", "request_key", "keyctl", "open_by_handle_at", "kcmp", "pidfd_getfd",
    "process_madvise", "userfaultfd",
    /* memory placement */
    "mbind", "move_pages", "migrate_pages", "set_mempolicy", "get_mempolicy",
    "set_mempolicy_home_node"};

/* As if the kernel were older: its flags lie in memory, where a filter cannot look; C
 * libraries fall back to clone. */
static const char *const unknown[] = {"clone3"};

static const uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                   CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                   CLONE_NEWNET;

/* personality(2): PER_LINUX32 and UNAME26, alone or together, are allowed; 0xffffffff
 * asks. */
static const uint32_t personality_bits = 0x8 | 0x20000;
static const uint32_t asking_bit = UINT32_C(1) << 31;

#ifdef __s390x__
enum { CLONE_FLAGS = 1 }; /* there the stack comes first */
#else
enum { CLONE_FLAGS = 0 };
#endif

static int deny_names(scmp_filter_ctx ctx, const char *const *names, size_t count,
                      int errnum)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        int nr = seccomp_syscall_resolve_name(names[i]);
        if (nr == __NR_SCMP_ERROR)
            continue; /* libseccomp is older than the call */
        rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO((uint32_t)errnum), nr, 0);
        if (rc == -EDOM)
            rc = 0; /* not on this architecture */
    }
    return rc;
}

/* Denies a call where all bits of `mask` in an argument are as in `value`. */
static int deny_bits(scmp_filter_ctx ctx, int nr, unsigned arg, uint32_t mask,
                     uint32_t value)
{
    struct scmp_arg_cmp test = {
        .arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
    return seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), nr, 1, &test);
}

static int deny_arguments(scmp_filter_ctx ctx)
{
    static const uint32_t families[] = {AF_VSOCK, AF_ALG};
    int rc = 0;
    for (unsigned n = 0; n < 32 && rc == 0; n++) {
        uint32_t bit = UINT32_C(1) << n;
        if ((namespaces & bit) != 0)
            rc = deny_bits(ctx, SCMP_SYS(clone), CLONE_FLAGS, bit, bit);
        if (rc == 0 && (personality_bits & bit) == 0 && bit != asking_bit)
            rc = deny_bits(ctx, SCMP_SYS(personality), 0, bit | asking_bit, bit);
    }
    for (size_t i = 0; i < sizeof families / sizeof *families && rc == 0; i++)
        rc = deny_bits(ctx, SCMP_SYS(socket), 0, UINT32_MAX, families[i]);
    return rc;
}

/* A 32-bit program must not get around the filter. */
static int add_architectures(scmp_filter_ctx ctx)
{
    int rc = 0;
    if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
        rc = seccomp_arch_add(ctx, SCMP_ARCH_X86);
        if (rc == 0)
            rc = seccomp_arch_add(ctx, SCMP_ARCH_X32);
    } else if (seccomp_arch_native() == SCMP_ARCH_AARCH64) {
        rc = seccomp_arch_add(ctx, SCMP_ARCH_ARM);
    }
    return rc;
}

/* libseccomp before 2.6 writes programs to descriptors only. */
static int export_program(scmp_filter_ctx ctx, struct sock_fprog *out)
{
    AUTO_CLOSE int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0 || seccomp_export_bpf(ctx, fd) != 0)
        return -1;
    off_t len = lseek(fd, 0, SEEK_END);
    if (len <= 0 || (size_t)len / sizeof *out->filter > BPF_MAXINSNS)
        return -1;
    struct sock_filter *program = xmalloc((size_t)len);
    if (pread(fd, program, (size_t)len, 0) != len) {
        free(program);
        return -1;
    }
    out->filter = program;
    out->len = (unsigned short)((size_t)len / sizeof *program);
    return 0;
}

int sandbox_filter_new(struct sock_fprog *out, struct err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int rc = ctx == NULL ? -ENOMEM : add_architectures(ctx);
    if (rc == 0) /* a tree, not a list: a few comparisons a call */
        rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (rc == 0)
        rc = deny_names(ctx, refused, sizeof refused / sizeof *refused, EPERM);
    if (rc == 0)
        rc = deny_names(ctx, unknown, sizeof unknown / sizeof *unknown, ENOSYS);
    if (rc == 0)
        rc = deny_arguments(ctx);
    if (rc == 0)
        rc = export_program(ctx, out);
    if (ctx != NULL)
        seccomp_release(ctx);
    return rc == 0 ? 0 : err_set(err, ERR_FAILED, "cannot make the seccomp filter");
}
