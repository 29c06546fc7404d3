# SPDX-License-Identifier: GPL-3.0-or-later
"""edwards25519, and on it ristretto255 (RFC 9496), Ed25519 (RFC 8032) and
X25519 (RFC 7748). Written for clarity, not for speed or secrecy: it makes
test vectors from public values, nothing else."""
import hashlib

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)  # X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z


def scalar(n):
    return (n % Q).to_bytes(32, "little")


def number(b):
    return int.from_bytes(b, "little")


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0])
    b = (p[1] + p[0]) * (q[1] + q[0])
    c = 2 * p[3] * q[3] * D
    d = 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def negate(p):
    return -p[0] % P, p[1], p[2], -p[3] % P


def mul(n, p):
    r = IDENTITY
    for bit in bin(n)[2:]:
        r = add(r, r)
        if bit == "1":
            r = add(r, p)
    return r


def is_odd(x):
    return x % P & 1


def absolute(x):
    return -x % P if is_odd(x) else x % P


def sqrt_ratio(u, v):
    """(was u/v a square, the non-negative root of u/v or of i*u/v)"""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    if check in (-u % P, -u * SQRT_M1 % P):
        r = r * SQRT_M1 % P
    return check in (u % P, -u % P), absolute(r)


# ---- ristretto255 ----------------------------------------------------------
INVSQRT_A_MINUS_D = sqrt_ratio(1, -1 - D)[1]
# RFC 9496 section 4.1 fixes this root of a*d - 1
SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235
assert SQRT_AD_MINUS_ONE**2 % P == (-D - 1) % P


def encode(p):
    x0, y0, z0, t0 = p
    u1 = (z0 + y0) * (z0 - y0) % P
    u2 = x0 * y0 % P
    inv = sqrt_ratio(1, u1 * u2 * u2)[1]
    den1, den2 = inv * u1 % P, inv * u2 % P
    z_inv = den1 * den2 * t0 % P
    if is_odd(t0 * z_inv):
        x, y, den = y0 * SQRT_M1, x0 * SQRT_M1, den1 * INVSQRT_A_MINUS_D
    else:
        x, y, den = x0, y0, den2
    if is_odd(x * z_inv):
        y = -y
    return absolute(den * (z0 - y)).to_bytes(32, "little")


def decode(b):
    s = number(b)
    if s >= P or s & 1:
        raise ValueError("not canonical")
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    square, inv = sqrt_ratio(1, v * u2 * u2)
    x = absolute(2 * s * inv * u2)
    y = u1 * inv * inv * u2 * v % P
    t = x * y % P
    if not square or is_odd(t) or y == 0:
        raise ValueError("not a point")
    return x, y, 1, t


def one_map(b):
    t = number(b) % 2**255 % P
    r = SQRT_M1 * t * t % P
    u = (r + 1) * (1 - D * D) % P
    v = (-1 - r * D) * (r + D) % P
    square, s = sqrt_ratio(u, v)
    c = -1
    if not square:
        s, c = -absolute(s * t) % P, r
    n = (c * (r - 1) * (D - 1) ** 2 - v) % P
    w0, w1, w2, w3 = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def from_hash(b):
    return add(one_map(b[:32]), one_map(b[32:]))


G = decode(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))


# ---- Ed25519 ---------------------------------------------------------------
def ed_compress(p):
    z = pow(p[2], -1, P)
    return (p[1] * z % P | (p[0] * z % P & 1) << 255).to_bytes(32, "little")


def ed_base():
    y = 4 * pow(5, -1, P) % P
    x = sqrt_ratio(y * y - 1, D * y * y + 1)[1]  # the even root
    return x, y, 1, x * y % P


ED_BASE = ed_base()


def ed_expand(seed):
    h = hashlib.sha512(seed).digest()
    a = number(h[:32]) & ~7 & ~(1 << 255) | 1 << 254
    return a, h[32:]


def ed_public(seed):
    return ed_compress(mul(ed_expand(seed)[0], ED_BASE))


def ed_sign(seed, message):
    a, prefix = ed_expand(seed)
    public = ed_compress(mul(a, ED_BASE))
    r = number(hashlib.sha512(prefix + message).digest()) % Q
    big_r = ed_compress(mul(r, ED_BASE))
    k = number(hashlib.sha512(big_r + public + message).digest()) % Q
    return big_r + scalar(r + k * a)


def ed_decompress(b):
    y, sign = number(b) % 2**255, b[31] >> 7
    square, x = sqrt_ratio(y * y - 1, D * y * y + 1)
    if not square or y >= P:
        raise ValueError("not a point")
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


def ed_verify(public, message, signature):
    k = number(hashlib.sha512(signature[:32] + public + message).digest()) % Q
    right = add(ed_decompress(signature[:32]), mul(k, ed_decompress(public)))
    return ed_compress(mul(number(signature[32:]), ED_BASE)) == ed_compress(right)


# ---- X25519 ----------------------------------------------------------------
def x25519(secret, u=(9).to_bytes(32, "little")):
    k = number(secret) & ~7 & ~(1 << 255) | 1 << 254
    x1 = number(u) % 2**255
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, -1, P) % P).to_bytes(32, "little")
