/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A child process that can compute and answer, and nothing else: no file, no
 * network, no other process, no way to run a program. What reads outside
 * bytes with a large library (a video decoder) runs in one.
 *
 * The child is a fork, so it starts with a copy of our memory: start it before
 * any key is unlocked. It is shut in by no-new-privileges, resource limits and
 * a seccomp filter that kills it at any system call but those for memory and
 * for its one socket. The filter is written out in BPF here: it is 30
 * instructions over a fixed list, which is no reason for another library.
 */
#ifndef VEIL_SRC_SANDBOX_H
#define VEIL_SRC_SANDBOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct VeilSandbox {
    pid_t pid; ///< 0: none
    int fd;    ///< our end, to read and to write; never blocks
} VeilSandbox;

#define VEIL_SANDBOX_FD 3 ///< the child's only descriptor, open for reading and writing

typedef struct VeilSandboxLimits {
    size_t memory;  ///< bytes of address space beyond what we have at the fork
    unsigned cpu_s; ///< seconds of CPU time
} VeilSandboxLimits;

/** What the child does once it is shut in. @return its exit code */
typedef int (*VeilSandboxBody)(void *opaque);

/**
 * Fork and shut in. Waits until the child says that its filter is in place.
 * @param opaque for the body; the child has a copy of all it points at
 * @return 0; -ENOSYS where this system has no such filter; another negative errno. Prints nothing
 */
int veil_sandbox_start(VeilSandbox *s, const VeilSandboxLimits *limits, VeilSandboxBody body, void *opaque);

/**
 * Send bytes to the child, or receive them from it.
 * @param timeout_ms for all of the bytes
 * @return 0; -ETIMEDOUT; -EPIPE if the child has ended; another negative errno
 */
int veil_sandbox_write(const VeilSandbox *s, const void *bytes, size_t len, int timeout_ms);
int veil_sandbox_read(const VeilSandbox *s, void *bytes, size_t len, int timeout_ms);

/** Kill it and wait. @return how it ended, as waitpid() tells it; 0 if there was none. Accepts a zeroed struct */
int veil_sandbox_stop(VeilSandbox *s);

/* ---- for the body ------------------------------------------------------------- */

/** Blocking. @return 0; -EPIPE at the end; another negative errno */
int veil_sandbox_receive(void *bytes, size_t len);
int veil_sandbox_send(const void *bytes, size_t len);

#endif /* VEIL_SRC_SANDBOX_H */
