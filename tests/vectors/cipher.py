# SPDX-License-Identifier: GPL-3.0-or-later
"""XSalsa20-Poly1305 as crypto_box_seal uses it, and XChaCha20-Poly1305
(IETF). Slow and not constant-time: for test vectors only."""
import hashlib
import struct

from curve import x25519

SIGMA = b"expand 32-byte k"


def rotate(x, n):
    return (x << n | x >> 32 - n) & 0xFFFFFFFF


def words(b):
    return list(struct.unpack("<%dI" % (len(b) // 4), b))


def pack(w):
    return struct.pack("<%dI" % len(w), *[x & 0xFFFFFFFF for x in w])


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def salsa_rounds(x):
    x = list(x)
    columns = [(0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11)]
    rows = [(0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)]
    for _ in range(10):
        for a, b, c, d in columns + rows:
            x[b] ^= rotate(x[a] + x[d] & 0xFFFFFFFF, 7)
            x[c] ^= rotate(x[b] + x[a] & 0xFFFFFFFF, 9)
            x[d] ^= rotate(x[c] + x[b] & 0xFFFFFFFF, 13)
            x[a] ^= rotate(x[d] + x[c] & 0xFFFFFFFF, 18)
    return x


def salsa_state(key, block):
    s, k, n = words(SIGMA), words(key), words(block)
    return [s[0], *k[:4], s[1], *n, s[2], *k[4:], s[3]]


def hsalsa20(key, block):
    x = salsa_rounds(salsa_state(key, block))
    return pack([x[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)])


def xsalsa20(key, nonce, length):
    sub, out = hsalsa20(key, nonce[:16]), b""
    for counter in range(-(-length // 64)):
        state = salsa_state(sub, nonce[16:] + struct.pack("<Q", counter))
        out += pack([a + b for a, b in zip(state, salsa_rounds(state))])
    return out[:length]


def chacha_rounds(x):
    x = list(x)
    columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
    diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for _ in range(10):
        for a, b, c, d in columns + diagonals:
            for i, j, k, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[i] = x[i] + x[j] & 0xFFFFFFFF
                x[k] = rotate(x[k] ^ x[i], n)
    return x


def hchacha20(key, block):
    x = chacha_rounds(words(SIGMA + key + block))
    return pack(x[:4] + x[12:])


def chacha20(key, nonce, counter, length):
    out = b""
    for block in range(-(-length // 64)):
        state = words(SIGMA + key + struct.pack("<I", counter + block) + nonce)
        out += pack([a + b for a, b in zip(state, chacha_rounds(state))])
    return out[:length]


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for i in range(0, len(message), 16):
        acc = (acc + int.from_bytes(message[i:i + 16] + b"\1", "little")) * r % (2**130 - 5)
    return (acc + int.from_bytes(key[16:], "little") & 2**128 - 1).to_bytes(16, "little")


def box_seal(message, public, ephemeral_secret):
    """crypto_box_seal with the ephemeral key given"""
    ephemeral = x25519(ephemeral_secret)
    nonce = hashlib.blake2b(ephemeral + public, digest_size=24).digest()
    key = hsalsa20(x25519(ephemeral_secret, public), bytes(16))
    stream = xsalsa20(key, nonce, 32 + len(message))
    cipher = xor(message, stream[32:])
    return ephemeral + poly1305(stream[:32], cipher) + cipher


def pad16(b):
    return b + bytes(-len(b) % 16)


def xchacha_poly_seal(key, nonce, message, ad):
    """crypto_aead_xchacha20poly1305_ietf"""
    sub, short = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    cipher = xor(message, chacha20(sub, short, 1, len(message)))
    lengths = struct.pack("<QQ", len(ad), len(cipher))
    tag = poly1305(chacha20(sub, short, 0, 32), pad16(ad) + pad16(cipher) + lengths)
    return cipher + tag
