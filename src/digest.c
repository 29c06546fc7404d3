/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>

#define CHUNK (1 << 20)

_Static_assert(VEIL_DIGEST_HEX == 2 * crypto_hash_sha256_BYTES + 1, "length of a SHA-256 in hex");

int veil_digest_file(const char *path, char hex[VEIL_DIGEST_HEX])
{
    crypto_hash_sha256_state state;
    uint8_t digest[crypto_hash_sha256_BYTES], *buffer = malloc(CHUNK);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    ssize_t got = -1;

    if (!buffer || fd < 0)
        got = buffer ? -errno : -ENOMEM;
    else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        got = -EINVAL;
    else {
        crypto_hash_sha256_init(&state);
        while ((got = read(fd, buffer, CHUNK)) > 0)
            crypto_hash_sha256_update(&state, buffer, (unsigned long long)got);
        got = got < 0 ? -errno : 0;
        crypto_hash_sha256_final(&state, digest);
        sodium_bin2hex(hex, VEIL_DIGEST_HEX, digest, sizeof(digest));
    }
    if (fd >= 0)
        close(fd);
    free(buffer);
    return (int)got;
}
