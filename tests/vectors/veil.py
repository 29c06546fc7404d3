# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of keys/PROTOCOL.md a second time, straight from its text."""
import base64
import hashlib
import struct

from cipher import box_seal, xchacha_poly_seal
from curve import G, IDENTITY, Q, add, ed_public, ed_sign, encode, from_hash, mul, number, scalar, x25519

SUITE = b"tdh2-ristretto255-blake2b"


def le32(n):
    return struct.pack("<I", n)


def le64(n):
    return struct.pack("<Q", n)


def sha256(b):
    return hashlib.sha256(b).digest()


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def b64(b):
    return base64.b64encode(b).decode()


# ---- section 1 -------------------------------------------------------------
def HB(tag, *fields):
    text = bytes([len(tag)]) + tag.encode()
    for f in fields:
        text += le32(len(f)) + f
    return hashlib.blake2b(text).digest()


def HB32(tag, *fields):
    return HB(tag, *fields)[:32]


def Hs(tag, *fields):
    return number(HB(tag, *fields)) % Q


def nonce(random32, secret, context):
    return Hs("veil/v1/nonce", random32, scalar(secret), context)


# ---- section 2 -------------------------------------------------------------
def poly(coefficients, x):
    return sum(a * x**m for m, a in enumerate(coefficients)) % Q


def lagrange(indices, at):
    value = 1
    for j in indices:
        if j != at:
            value = value * j * pow(j - at, -1, Q) % Q
    return value


class Group:
    def __init__(self, y, transcript, yi, k, epoch=0):
        self.y, self.transcript, self.yi, self.k, self.epoch = y, transcript, yi, k, epoch
        self.gid = HB32("veil/v1/group-id", SUITE, encode(y), transcript)
        self.gbar = from_hash(HB("veil/v1/gbar", self.gid))


def dkg_context(sid, n, k, members, refresh=()):
    return HB32("veil/v1/dkg-ctx", sid, SUITE, le32(n), le32(k), *[ed + box for ed, box in members], *refresh)


def dkg_message(ctx, i, coefficients, first, boxes, ephemerals, random32, seed):
    """first: power of the first commitment sent, 0, or 1 in a refresh"""
    sent = coefficients[first:]
    points = b"".join(encode(mul(a, G)) for a in sent)
    s = nonce(random32, sent[0], ctx + le32(i) + points)
    e = Hs("veil/v1/dkg-pop", ctx, le32(i), points, encode(mul(s, G)))
    body = le32(i) + points + scalar(e) + scalar(s + e * sent[0])
    for j, (box, ephemeral) in enumerate(zip(boxes, ephemerals), 1):
        body += box_seal(ctx + le32(i) + le32(j) + scalar(poly(coefficients, j)), box, ephemeral)
    return body + ed_sign(seed, ctx + body)


def dkg_transcript(ctx, messages):
    return sha256(b"veil/v1/dkg-transcript\n" + ctx + b"".join(messages))


def group_note(g, keygen, refresh, prev, members):
    """members: (org, Ed25519 public key)"""
    lines = ["veil/v1/group", "suite " + SUITE.decode(), "gid " + g.gid.hex(), "k %d" % g.k,
             "n %d" % len(g.yi), "epoch %d" % g.epoch, "keygen " + keygen, "Y " + b64(encode(g.y)),
             "transcript " + g.transcript.hex(), "refresh " + (refresh.hex() if refresh else "-"),
             "prev " + (prev.hex() if prev else "-")]
    for i, (org, ed) in enumerate(members, 1):
        lines.append("custodian %d %s %s %s" % (i, org, b64(encode(g.yi[i])), b64(ed)))
    return "".join(line + "\n" for line in lines).encode()


# ---- section 3.2 -----------------------------------------------------------
def label(g, policy, vid, uid, track, seg, part):
    return HB32("veil/v1/unit", g.gid, policy, vid, uid, le32(track), le32(seg), le32(part))


def seal(g, L, K, r, s):
    R, Rbar, Z = encode(mul(r, G)), encode(mul(r, g.gbar)), encode(mul(r, g.y))
    c = xor(K, HB32("veil/v1/kek", g.gid, L, R, Z))
    kc = HB32("veil/v1/commit", L, R, K)
    W, Wbar = encode(mul(s, G)), encode(mul(s, g.gbar))
    e = Hs("veil/v1/ct", g.gid, L, c, kc, R, Rbar, W, Wbar)
    return dict(c=c, kc=kc, R=R, Rbar=Rbar, e=scalar(e), f=scalar(s + e * r))


def padme(length):
    if length == 1:
        return 1
    e = length.bit_length() - 1
    s = e.bit_length()
    mask = (1 << e - s) - 1
    return length + mask & ~mask


# ---- section 6 -------------------------------------------------------------
def partial(g, i, x, L, wid, ct, r_point, random32):
    D = encode(mul(x, r_point))
    s = nonce(random32, x, L + wid + ct["R"] + ct["e"])
    U, H = encode(mul(s, r_point)), encode(mul(s, G))
    e = Hs("veil/v1/dleq", g.gid, le32(g.epoch), le32(i), wid, L, ct["R"], encode(g.yi[i]), D, U, H)
    return dict(i=i, D=D, e=scalar(e), f=scalar(s + e * x))


def combine(g, L, ct, points):
    """points: {i: D_i as a point}"""
    Z = IDENTITY
    for i, d in points.items():
        Z = add(Z, mul(lagrange(list(points), i), d))
    K = xor(ct["c"], HB32("veil/v1/kek", g.gid, L, ct["R"], encode(Z)))
    assert HB32("veil/v1/commit", L, ct["R"], K) == ct["kc"]
    return encode(Z), K


# ---- section 4 -------------------------------------------------------------
def minisign(seed, file, comment):
    sig = ed_sign(seed, hashlib.blake2b(file).digest())
    number8 = ed_public(seed)[:8]
    return ("untrusted comment: signature from veil secret key\n%s\ntrusted comment: %s\n%s\n" % (
        b64(b"ED" + number8 + sig), comment, b64(ed_sign(seed, sig + comment.encode())))).encode()


# ---- section 7 -------------------------------------------------------------
def key_file(role, index, epoch, gid, public, ops, mem, salt, nonce24, stretched, secret):
    head = (b"VEILKEY1" + bytes([role]) + le32(index) + le32(epoch) + gid + public + le64(ops) + le64(mem) +
            salt + nonce24)
    return head + xchacha_poly_seal(stretched, nonce24, secret, head)
