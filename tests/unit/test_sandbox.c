/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The sandbox: bodies that try to get out are killed at the attempt, each of
 * them; one that computes gets its answer through.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "src/sandbox.h"

static const VeilSandboxLimits limits = { (size_t)64 << 20, 1 };

/* ---- what a hostile child would try --------------------------------------------------- */

static char stray[64]; ///< a file that must not appear, or must keep what it holds

static int try_read_file(void *o) { (void)o; return open("/etc/passwd", O_RDONLY); }
static int try_make_file(void *o) { (void)o; return open(stray, O_WRONLY | O_CREAT, 0600); }
static int try_remove(void *o) { (void)o; return unlink("/tmp"); }
static int try_socket(void *o) { (void)o; return socket(AF_INET, SOCK_STREAM, 0); }
static int try_connect(void *o)
{
    const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = 80 };

    (void)o;
    return connect(VEIL_SANDBOX_FD, (const struct sockaddr *)&to, sizeof(to));
}
static int try_exec(void *o)
{
    char *argv[] = { "true", NULL };

    (void)o;
    return execv("/bin/true", argv);
}
static int try_fork(void *o) { (void)o; return fork(); }
static int try_kill(void *o) { (void)o; return kill(getppid(), 0); }
static int try_look(void *o) { (void)o; return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
static int try_memory_of_parent(void *o) { (void)o; return (int)syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0); }
static int try_dup(void *o) { (void)o; return dup(VEIL_SANDBOX_FD); }
static int try_write_elsewhere(void *o) { (void)o; return (int)write(2, "face", 4); }
static int try_read_elsewhere(void *o) { char c; (void)o; return (int)read(0, &c, 1); }
static int try_pass_descriptor(void *o) { struct msghdr m = { 0 }; (void)o; return (int)sendmsg(VEIL_SANDBOX_FD, &m, 0); }
static int try_code(void *o)
{
    (void)o;
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}
static int try_code_later(void *o)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)o;
    return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}
static int try_undo(void *o)
{
    (void)o;
    return (int)syscall(SYS_prctl, 22 /* PR_SET_SECCOMP */, 0, 0, 0, 0);
}
#ifdef __x86_64__
static int try_other_table(void *o) { (void)o; return (int)syscall(0x40000000 | SYS_write, 2, "face", 4); }
static int try_32_bit(void *o)
{
    long ret;

    (void)o;
    __asm__ volatile("int $0x80" : "=a"(ret) : "a"(5 /* open */), "b"(0), "c"(0), "d"(0) : "memory");
    return (int)ret;
}
#endif

static const struct {
    const char *name;
    VeilSandboxBody body;
} attempts[] = {
    { "read a file", try_read_file },
    { "make a file", try_make_file },
    { "remove a file", try_remove },
    { "make a socket", try_socket },
    { "connect", try_connect },
    { "run a program", try_exec },
    { "fork", try_fork },
    { "send a signal", try_kill },
    { "be traced", try_look },
    { "read another's memory", try_memory_of_parent },
    { "copy its descriptor", try_dup },
    { "write to another descriptor", try_write_elsewhere },
    { "read from another descriptor", try_read_elsewhere },
    { "pass a descriptor", try_pass_descriptor },
    { "map code", try_code },
    { "make data code", try_code_later },
    { "change its filter", try_undo },
#ifdef __x86_64__
    { "call by x32 numbers", try_other_table },
    { "call by the 32-bit gate", try_32_bit },
#endif
};

static void nothing_gets_out(void **state)
{
    (void)state;
    snprintf(stray, sizeof(stray), "/tmp/veil-sandbox-%d", (int)getpid());
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        VeilSandbox s;
        char c;
        int status;

        assert_int_equal(veil_sandbox_start(&s, &limits, attempts[i].body, NULL), 0);
        assert_int_equal(veil_sandbox_read(&s, &c, 1, 5000), -EPIPE);
        status = veil_sandbox_stop(&s);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("could %s: status %x", attempts[i].name, (unsigned)status);
    }
    assert_int_equal(access(stray, F_OK), -1);
}

/* ---- limits ---------------------------------------------------------------------------- */

static int be_greedy(void *o)
{
    void *p = malloc((size_t)1 << 30);
    const uint8_t got = p != NULL;

    (void)o;
    free(p);
    return veil_sandbox_send(&got, 1);
}

static void memory_ends(void **state)
{
    VeilSandbox s;
    uint8_t got = 1;

    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#endif
    assert_int_equal(veil_sandbox_start(&s, &limits, be_greedy, NULL), 0);
    assert_int_equal(veil_sandbox_read(&s, &got, 1, 5000), 0);
    assert_int_equal(got, 0);
    veil_sandbox_stop(&s);
}

static int loop(void *o)
{
    volatile unsigned n = 0;

    (void)o;
    while (n < 2)
        n = 0;
    return 0;
}

static void time_ends(void **state)
{
    VeilSandbox s;
    int status;
    char c;

    (void)state;
    assert_int_equal(veil_sandbox_start(&s, &limits, loop, NULL), 0);
    assert_int_equal(veil_sandbox_read(&s, &c, 1, 100), -ETIMEDOUT);
    assert_int_equal(veil_sandbox_read(&s, &c, 1, 60000), -EPIPE); /* one second of CPU time */
    status = veil_sandbox_stop(&s);
    assert_true(WIFSIGNALED(status));
}

/* ---- what it is for ---------------------------------------------------------------------- */

static int add_up(void *o)
{
    uint8_t in[4];
    uint32_t sum = *(const uint32_t *)o;

    while (veil_sandbox_receive(in, sizeof(in)) >= 0) {
        uint8_t *more = malloc(1 << 20); /* memory may be had */

        if (!more)
            return 1;
        memset(more, in[0], 1 << 20);
        sum += more[77] + in[1];
        free(more);
        if (veil_sandbox_send(&sum, sizeof(sum)) < 0)
            return 2;
    }
    return 0;
}

static void it_computes(void **state)
{
    const uint8_t in[4] = { 3, 4 };
    uint32_t sum = 100;
    VeilSandbox s;

    (void)state;
    assert_int_equal(veil_sandbox_start(&s, &limits, add_up, &sum), 0);
    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(veil_sandbox_write(&s, in, sizeof(in), 5000), 0);
        assert_int_equal(veil_sandbox_read(&s, &sum, sizeof(sum), 5000), 0);
        assert_int_equal(sum, 100 + 7 * i);
    }
    veil_sandbox_stop(&s);
    assert_int_equal(veil_sandbox_stop(&s), 0); /* there is none any more */
}

static int take_nothing(void *o)
{
    uint8_t c = 0;

    while (veil_sandbox_receive(&c, 1) >= 0)
        return loop(o);
    return 0;
}

static void writing_ends_too(void **state)
{
    static uint8_t much[8 << 20];
    VeilSandbox s;

    (void)state;
    assert_int_equal(veil_sandbox_start(&s, &limits, take_nothing, NULL), 0);
    assert_int_equal(veil_sandbox_write(&s, much, sizeof(much), 100), -ETIMEDOUT);
    kill(s.pid, SIGKILL);
    assert_int_equal(veil_sandbox_write(&s, much, sizeof(much), 5000), -EPIPE);
    veil_sandbox_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_gets_out), cmocka_unit_test(memory_ends),      cmocka_unit_test(time_ends),
        cmocka_unit_test(it_computes),      cmocka_unit_test(writing_ends_too),
    };

    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
