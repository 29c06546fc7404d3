/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MOST_WORDS 62

/* What we ignore, a child must not inherit as ignored. */
static int default_signals(posix_spawnattr_t *attr, short more)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    posix_spawnattr_setsigdefault(attr, &set);
    return -posix_spawnattr_setflags(attr, (short)(POSIX_SPAWN_SETSIGDEF | more));
}

int veil_child_start(VeilChild *child, const char *const argv[], bool ours)
{
    const char *words[MOST_WORDS + 2] = { "veil" };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int fd[2] = { -1, -1 }, ret;

    *child = (VeilChild){ 0 };
    for (int i = 0; argv[i]; i++) {
        if (i == MOST_WORDS)
            return -E2BIG;
        words[i + 1] = argv[i];
    }
    if (!ours && pipe2(fd, O_CLOEXEC) < 0)
        return -errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!ours) {
        posix_spawn_file_actions_adddup2(&actions, fd[1], STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, fd[1], STDERR_FILENO);
    }
    if (!(ret = default_signals(&attr, 0)))
        ret = -posix_spawn(&child->pid, "/proc/self/exe", &actions, &attr, (char *const *)(uintptr_t)words, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    if (fd[1] >= 0)
        close(fd[1]);
    if (ret >= 0 && !ours && !(child->said = fdopen(fd[0], "r"))) {
        ret = -errno;
        kill(child->pid, SIGTERM);
        veil_child_wait(child);
    }
    if (ret < 0) {
        if (fd[0] >= 0)
            close(fd[0]);
        child->pid = 0;
    }
    return ret;
}

int veil_child_wait(VeilChild *child)
{
    int status, ret;

    if (child->said)
        fclose(child->said);
    child->said = NULL;
    while ((ret = waitpid(child->pid, &status, 0)) < 0 && errno == EINTR)
        ;
    child->pid = 0;
    if (ret < 0)
        return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int veil_child_launch(const char *const argv[])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    pid_t pid;
    int ret;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    /* A session of its own: Ctrl-C here ends the review, not the browser. */
    if (!(ret = default_signals(&attr, POSIX_SPAWN_SETSID)))
        ret = -posix_spawnp(&pid, argv[0], &actions, &attr, (char *const *)(uintptr_t)argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return ret;
}
