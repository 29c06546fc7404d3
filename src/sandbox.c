/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#define READY_MS 10000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* their shadow memory does not fit into any limit */
#else
#define SANITIZED 0
#endif

/* ---- the filter ------------------------------------------------------------------ */

#ifdef ARCH
#define FIELD(f) ((uint32_t)offsetof(struct seccomp_data, f))
#define LOAD(f)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(f))
/* The low half: offset 0 on the little-endian machines that we know. */
#define LOAD_ARG(n)    LOAD(args[n])
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_##action)
/* At this call, the next two instructions decide; else they are passed over. */
#define AT(call)          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 4)
#define ONLY_IF_EQUAL(k)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 1, 0), RETURN(KILL_PROCESS), RETURN(ALLOW)
#define ONLY_IF_CLEAR(k)  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (k), 0, 1), RETURN(KILL_PROCESS), RETURN(ALLOW)
#define ALLOW(call)       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 1), RETURN(ALLOW)

/* Each AT is followed by four instructions. None changes the call's number
 * before it is compared again, as all of them return. */
static struct sock_filter filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
    RETURN(KILL_PROCESS),
    LOAD(nr),
#ifdef __x86_64__
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), /* the x32 names of the same calls */
    RETURN(KILL_PROCESS),
#endif
    AT(read), LOAD_ARG(0), ONLY_IF_EQUAL(VEIL_SANDBOX_FD),
    AT(write), LOAD_ARG(0), ONLY_IF_EQUAL(VEIL_SANDBOX_FD),
    AT(mmap), LOAD_ARG(2), ONLY_IF_CLEAR(PROT_EXEC),
    AT(mprotect), LOAD_ARG(2), ONLY_IF_CLEAR(PROT_EXEC),
    ALLOW(munmap),
    ALLOW(mremap),
    ALLOW(madvise),
    ALLOW(brk),
    ALLOW(futex),
    ALLOW(exit_group),
#if SANITIZED
    ALLOW(sched_yield),
    ALLOW(gettid),
    ALLOW(getpid),
    ALLOW(sigaltstack),
    ALLOW(rt_sigprocmask),
    ALLOW(clock_gettime),
#endif
    RETURN(KILL_PROCESS),
};

static int set_filter(void)
{
    const struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -ENOSYS : 0;
}
#else
static int set_filter(void)
{
    return -ENOSYS; /* nobody has looked at the system calls of this machine */
}
#endif

/* ---- the child -------------------------------------------------------------------- */

static size_t address_space(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (f && fscanf(f, "%lu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int set_limit(int what, size_t value)
{
    const struct rlimit r = { value, value };

    return setrlimit(what, &r) < 0 ? -errno : 0;
}

static int set_limits(const VeilSandboxLimits *l)
{
    const size_t now = address_space();
    int ret;

    if ((ret = set_limit(RLIMIT_CPU, l->cpu_s)) < 0 || (ret = set_limit(RLIMIT_FSIZE, 0)) < 0 ||
        (ret = set_limit(RLIMIT_CORE, 0)) < 0)
        return ret;
    if (!SANITIZED && (!now || (ret = set_limit(RLIMIT_AS, now + l->memory)) < 0))
        return now ? ret : -ENOENT;
    /* Last: what is open stays so, and nothing more can be opened. */
    return set_limit(RLIMIT_NOFILE, 0);
}

/* Nothing but our socket, under a number that the filter knows. */
static int keep_only(int fd)
{
    if (fd == VEIL_SANDBOX_FD ? fcntl(fd, F_SETFD, 0) < 0 : dup2(fd, VEIL_SANDBOX_FD) < 0)
        return -errno;
    if (syscall(SYS_close_range, 0, VEIL_SANDBOX_FD - 1, 0) < 0 ||
        syscall(SYS_close_range, VEIL_SANDBOX_FD + 1, ~0U, 0) < 0)
        return -errno;
    return 0;
}

static int shut_in(const VeilSandboxLimits *limits, pid_t parent)
{
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
    int ret;

    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL); /* a handler of ours would do what the filter forbids */
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        signal(ignored[i], SIG_IGN); /* who stops us stops the parent, which then ends this child */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    if (getppid() != parent)
        return -ESRCH; /* it died before we asked to die with it */
    if ((ret = set_limits(limits)) < 0)
        return ret;
    return set_filter();
}

static _Noreturn void run_child(const VeilSandboxLimits *limits, int fd, pid_t parent, VeilSandboxBody body,
                                void *opaque)
{
    int32_t ret = keep_only(fd);

    if (ret >= 0)
        ret = shut_in(limits, parent);
    if (veil_sandbox_send(&ret, sizeof(ret)) < 0 || ret < 0)
        _exit(1);
    _exit(body(opaque));
}

static int transfer(bool out, void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        const ssize_t n = out ? write(VEIL_SANDBOX_FD, (char *)bytes + done, len - done)
                              : read(VEIL_SANDBOX_FD, (char *)bytes + done, len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? -errno : -EPIPE;
        done += (size_t)n;
    }
    return 0;
}

int veil_sandbox_receive(void *bytes, size_t len)
{
    return transfer(false, bytes, len);
}

int veil_sandbox_send(const void *bytes, size_t len)
{
    return transfer(true, (void *)bytes, len);
}

/* ---- our end ----------------------------------------------------------------------- */

int veil_sandbox_start(VeilSandbox *s, const VeilSandboxLimits *limits, VeilSandboxBody body, void *opaque)
{
    const pid_t self = getpid();
    int pair[2], ret;
    int32_t ready;

    *s = (VeilSandbox){ .fd = -1 };
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    fflush(NULL); /* or the child would hold what we have not written yet */
    if ((s->pid = fork()) == 0)
        run_child(limits, pair[1], self, body, opaque);
    ret = s->pid < 0 ? -errno : 0;
    close(pair[1]);
    s->fd = pair[0];
    if (ret < 0 || fcntl(s->fd, F_SETFL, O_NONBLOCK) < 0) {
        s->pid = ret < 0 ? 0 : s->pid;
        ret = ret < 0 ? ret : -errno;
    } else if ((ret = veil_sandbox_read(s, &ready, sizeof(ready), READY_MS)) >= 0) {
        ret = ready;
    }
    if (ret < 0)
        veil_sandbox_stop(s);
    return ret;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int wait_for(int fd, short events, int64_t until)
{
    struct pollfd p = { .fd = fd, .events = events };
    const int64_t left = until - now_ms();
    const int n = left > 0 ? poll(&p, 1, (int)left) : 0;

    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    return n ? 0 : -ETIMEDOUT;
}

static int exchange(const VeilSandbox *s, bool out, void *bytes, size_t len, int timeout_ms)
{
    const int64_t until = now_ms() + timeout_ms;
    int ret;

    for (size_t done = 0; done < len;) {
        char *at = (char *)bytes + done;
        const ssize_t n = out ? send(s->fd, at, len - done, MSG_NOSIGNAL) : recv(s->fd, at, len - done, 0);

        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno == ECONNRESET || errno == EPIPE)
            return -EPIPE;
        else if (errno == EAGAIN || errno == EINTR)
            ret = wait_for(s->fd, out ? POLLOUT : POLLIN, until);
        else
            return -errno;
        if (n < 0 && ret < 0)
            return ret;
    }
    return 0;
}

int veil_sandbox_write(const VeilSandbox *s, const void *bytes, size_t len, int timeout_ms)
{
    return exchange(s, true, (void *)bytes, len, timeout_ms);
}

int veil_sandbox_read(const VeilSandbox *s, void *bytes, size_t len, int timeout_ms)
{
    return exchange(s, false, bytes, len, timeout_ms);
}

int veil_sandbox_stop(VeilSandbox *s)
{
    int status = 0;

    if (s->pid > 0) {
        kill(s->pid, SIGKILL); /* nothing, if it has ended of itself */
        while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    if (s->pid && s->fd >= 0)
        close(s->fd);
    *s = (VeilSandbox){ .fd = -1 };
    return status;
}
