/* SPDX-License-Identifier: MIT */
/*
 * Private to sim/layer: libarchive, loaded when it is first needed. Most builds write
 * and read no tar that needs it, and linking it (with libxml2, ICU and the C++ library
 * behind it) would cost each of them 2 ms, as much as a small build itself.
 */
#ifndef SIM_LAYER_LIBARCHIVE_H
#define SIM_LAYER_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#include "sim/base/err.h"

/* Every function that is used. */
#define LIBARCHIVE_FUNCTIONS(X)                                                        \
    X(archive_entry_clear)                                                             \
    X(archive_entry_filetype)                                                          \
    X(archive_entry_free)                                                              \
    X(archive_entry_gid)                                                               \
    X(archive_entry_hardlink)                                                          \
    X(archive_entry_mtime)                                                             \
    X(archive_entry_mtime_nsec)                                                        \
    X(archive_entry_new)                                                               \
    X(archive_entry_pathname)                                                          \
    X(archive_entry_perm)                                                              \
    X(archive_entry_rdevmajor)                                                         \
    X(archive_entry_rdevminor)                                                         \
    X(archive_entry_set_gid)                                                           \
    X(archive_entry_set_hardlink)                                                      \
    X(archive_entry_set_mode)                                                          \
    X(archive_entry_set_mtime)                                                         \
    X(archive_entry_set_pathname)                                                      \
    X(archive_entry_set_rdevmajor)                                                     \
    X(archive_entry_set_rdevminor)                                                     \
    X(archive_entry_set_size)                                                          \
    X(archive_entry_set_symlink)                                                       \
    X(archive_entry_set_uid)                                                           \
    X(archive_entry_size)                                                              \
    X(archive_entry_sparse_count)                                                      \
    X(archive_entry_symlink)                                                           \
    X(archive_entry_uid)                                                               \
    X(archive_entry_xattr_add_entry)                                                   \
    X(archive_entry_xattr_next)                                                        \
    X(archive_entry_xattr_reset)                                                       \
    X(archive_error_string)                                                            \
    X(archive_filter_bytes)                                                            \
    X(archive_read_data)                                                               \
    X(archive_read_data_block)                                                         \
    X(archive_read_free)                                                               \
    X(archive_read_new)                                                                \
    X(archive_read_next_header)                                                        \
    X(archive_read_open2)                                                              \
    X(archive_read_support_filter_bzip2)                                               \
    X(archive_read_support_filter_gzip)                                                \
    X(archive_read_support_filter_xz)                                                  \
    X(archive_read_support_filter_zstd)                                                \
    X(archive_read_support_format_tar)                                                 \
    X(archive_set_error)                                                               \
    X(archive_write_data)                                                              \
    X(archive_write_finish_entry)                                                      \
    X(archive_write_free)                                                              \
    X(archive_write_header)                                                            \
    X(archive_write_new)                                                               \
    X(archive_write_open2)                                                             \
    X(archive_write_set_bytes_in_last_block)                                           \
    X(archive_write_set_bytes_per_block)                                               \
    X(archive_write_set_format_pax_restricted)                                         \
    X(archive_write_set_options)

struct libarchive {
#define LIBARCHIVE_MEMBER(name) __typeof__(name) *name;
    LIBARCHIVE_FUNCTIONS(LIBARCHIVE_MEMBER)
#undef LIBARCHIVE_MEMBER
};

/* Fills in all members; the library stays loaded as long as the process lives.
 * ERR_ENVIRONMENT if it is not on this machine. */
int libarchive_load(struct libarchive *out, struct err *err);

#endif
