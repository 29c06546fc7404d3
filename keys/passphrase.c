/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "secmem.h"

void veil_passphrase_clear(VeilPassphrase *pass)
{
    veil_secret_free(pass->at);
    memset(pass, 0, sizeof(*pass));
}

static int read_line(VeilPassphrase *pass, int fd, VeilErr *err)
{
    for (;;) {
        const ssize_t n = read(fd, pass->at + pass->len, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return veil_err(err, -errno, "passphrase from file descriptor %d", fd);
        if (!n || pass->at[pass->len] == '\n')
            break;
        if (++pass->len > VEIL_PASSPHRASE_MAX)
            return veil_err(err, VEIL_E_KEYFILE, "passphrase of more than %d bytes", VEIL_PASSPHRASE_MAX);
    }
    pass->at[pass->len] = '\0';
    return pass->len ? 0 : veil_err(err, VEIL_E_KEYFILE, "passphrase is empty");
}

int veil_passphrase_from_fd(VeilPassphrase *pass, int fd, VeilErr *err)
{
    int ret;

    memset(pass, 0, sizeof(*pass));
    if (!(pass->at = veil_secret_new(VEIL_PASSPHRASE_MAX + 2)))
        return veil_err(err, VEIL_E_SECMEM, "passphrase");
    if ((ret = read_line(pass, fd, err)) < 0)
        veil_passphrase_clear(pass);
    return ret;
}

int veil_passphrase_ask(VeilPassphrase *pass, const char *prompt, VeilErr *err)
{
    const int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios before, quiet;
    int ret;

    memset(pass, 0, sizeof(*pass));
    if (fd < 0 || tcgetattr(fd, &before)) {
        if (fd >= 0)
            close(fd);
        return veil_err(err, -ENOTTY, "passphrase cannot be asked without a terminal; give --pass-fd N");
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    if (tcsetattr(fd, TCSAFLUSH, &quiet)) {
        ret = veil_err(err, -errno, "terminal echo could not be switched off");
    } else {
        dprintf(fd, "%s: ", prompt);
        ret = veil_passphrase_from_fd(pass, fd, err);
        dprintf(fd, "\n");
        tcsetattr(fd, TCSAFLUSH, &before);
    }
    close(fd);
    return ret;
}
