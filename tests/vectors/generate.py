#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the vector files of PROTOCOL section 8, sets 1-7, 9, 13 and 14, from
veil.py, which shares no line with keys/. With --check, compare instead.

Argon2id is not in Python's standard library and takes 256 MiB here, so set 14
takes its 32 bytes from libsodium 1.0.18; the C test computes them again."""
import json
import pathlib
import sys

import veil
from curve import G, Q, ed_public, ed_verify, encode, mul, scalar, x25519
from veil import HB, HB32, Hs, b64, le32, sha256

HERE = pathlib.Path(__file__).parent
ARGON2ID = "4af70dfe23f9ddcda8e8e210405fdbf88eac7e688b2aefff35b40458fa7cf8e5"
# `minisign -S` 0.11 with the default (prehashed) algorithm, over the warrant of set 9
STOCK_PUBLIC = "RWQGrkttFaHRXrHXRk+/2SX1Mtml4HKmnO/hTVXC77kvUZ/WUcCF9CYv"
STOCK_SIGNATURE = (
    "untrusted comment: signature from minisign secret key\n"
    "RUQGrkttFaHRXoRWJlUbkcNpu9syjcoSQb4EYeoH6K+aI4EMntd4detF+pd6BNAvBaVHOEg/BzgJbTwOiBrHKZSU8UipHNgYsgs=\n"
    "trusted comment: veil/v1 warrant-issuer b8005e364d9fb1af6d5c7e7f93805c0669ee38edcaa9c9969e4f52f8c4dedf25\n"
    "Zg/5fhxyDgq81PL7PMXXXwAN4M9DF+iKQwd7yBJn0pn+DJjlzguGmzPJDkb0UVia7yfJCoUmcsBoTteNVdXBAg==\n"
)


def hexed(x):
    if isinstance(x, bytes):
        return x.hex()
    if isinstance(x, dict):
        return {k: hexed(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [hexed(v) for v in x]
    return x


# ---- the group and unit of Set A -------------------------------------------
A = [Hs("veil/v1/test", bytes([b])) for b in range(4)]
X = {i: veil.poly(A[:2], i) for i in (1, 2, 3)}
GROUP = veil.Group(mul(A[0], G), b"\x11" * 32, {i: mul(x, G) for i, x in X.items()}, 2)
UNIT = dict(policy=b"\x22" * 32, vid=b"\x33" * 32, uid=b"\x44" * 16, track=3, seg=7, part=0)
LABEL = veil.label(GROUP, **UNIT)
KEY, WID, RANDOM = b"\x66" * 32, b"\x55" * 32, b"\x77" * 32
CT = veil.seal(GROUP, LABEL, KEY, A[2], A[3])


def set_01():
    cases = []
    for tag, fields in (("veil/v1/test", []), ("veil/v1/test", [b""]), ("veil/v1/test", [b"\0"]),
                        ("veil/v1/unit", [b"abc", b"", b"\xff" * 40]), ("t", [b"a", b"bc"]), ("t", [b"ab", b"c"])):
        cases.append(dict(tag=tag, fields=fields, HB=HB(tag, *fields), HB32=HB32(tag, *fields),
                          Hs=scalar(Hs(tag, *fields))))
    return dict(cases=cases)


def set_02():
    cases = []
    for transcript, unit in ((b"\x11" * 32, UNIT), (sha256(b"another"), dict(UNIT, track=2**32 - 1, seg=0, part=9))):
        g = veil.Group(GROUP.y, transcript, GROUP.yi, 2)
        cases.append(dict(Y=encode(g.y), Yi=[encode(p) for p in g.yi.values()], T=transcript, gid=g.gid,
                          gbar=encode(g.gbar), **unit, L=veil.label(g, **unit)))
    return dict(cases=cases)


def set_03():
    return dict(K=KEY, r=scalar(A[2]), s=scalar(A[3]), **CT)


def set_04():
    shares = []
    for i, x in X.items():
        share = veil.partial(GROUP, i, x, LABEL, WID, CT, mul(A[2], G), RANDOM)
        shares.append(dict(share, x=scalar(x), Y=encode(GROUP.yi[i])))
    return dict(wid=WID, epoch=0, random32=RANDOM, shares=shares)


def set_05():
    cases = []
    for pair in ((1, 2), (1, 3), (2, 3)):
        z, key = veil.combine(GROUP, LABEL, CT, {i: mul(X[i] * A[2] % Q, G) for i in pair})
        cases.append(dict(custodians=pair, **{"lambda": [scalar(veil.lagrange(pair, i)) for i in pair]}, Z=z, K=key))
    return dict(cases=cases)


# ---- a ceremony of three, two of whom open ---------------------------------
SIGN_SEEDS = [bytes([0xA1 + i]) * 32 for i in range(3)]
BOX_SECRETS = [bytes([0xB1 + i]) * 32 for i in range(3)]
MEMBERS = [(ed_public(s), x25519(b)) for s, b in zip(SIGN_SEEDS, BOX_SECRETS)]


def coefficients(name, i, first):
    return [0] * first + [Hs("veil/v1/test", name, bytes([i, m])) for m in range(first, 2)]


def run_ceremony(name, ctx, first):
    """(coefficients, messages) of the three"""
    rows, messages = [], []
    for i in (1, 2, 3):
        row = coefficients(name, i, first)
        ephemerals = [sha256(name + bytes([i, j])) for j in (1, 2, 3)]
        rows.append(row)
        messages.append(veil.dkg_message(ctx, i, row, first, [box for _, box in MEMBERS], ephemerals,
                                         sha256(name + bytes([i])), SIGN_SEEDS[i - 1]))
    return rows, messages


def ceremony():
    sid = b"\x51" * 32
    ctx = veil.dkg_context(sid, 3, 2, MEMBERS)
    rows, messages = run_ceremony(b"dkg", ctx, 0)
    x = {j: sum(veil.poly(row, j) for row in rows) % Q for j in (1, 2, 3)}
    t = veil.dkg_transcript(ctx, messages)
    g = veil.Group(mul(sum(row[0] for row in rows) % Q, G), t, {j: mul(v, G) for j, v in x.items()}, 2)
    return sid, ctx, messages, x, t, g


def describe(sid, ctx, messages, x, t, g):
    return dict(sid=sid, sign_seeds=SIGN_SEEDS, box_secrets=BOX_SECRETS, members=[ed + box for ed, box in MEMBERS],
                ctx=ctx, messages=messages, round0=[sha256(m) for m in messages], x=[scalar(v) for v in x.values()],
                Y=encode(g.y), Yi=[encode(p) for p in g.yi.values()], T=t, gid=g.gid)


ORGS = [("org-%d" % i, ed) for i, (ed, _) in enumerate(MEMBERS, 1)]


def set_06():
    c = ceremony()
    return dict(k=2, n=3, **describe(*c), note=veil.group_note(c[5], "dkg", None, None, ORGS).decode())


def set_07():
    _, _, _, x, t, g = ceremony()
    note = veil.group_note(g, "dkg", None, None, ORGS)
    sid = b"\x52" * 32
    ctx = veil.dkg_context(sid, 3, 2, MEMBERS, (g.gid, le32(1)))
    rows, messages = run_ceremony(b"refresh", ctx, 1)
    new_x = {j: (x[j] + sum(veil.poly(row, j) for row in rows)) % Q for j in x}
    refresh_t = veil.dkg_transcript(ctx, messages)
    new = veil.Group(g.y, t, {j: mul(v, G) for j, v in new_x.items()}, 2, 1)
    assert new.gid == g.gid
    return dict(k=2, n=3, epoch=1, old_x=[scalar(v) for v in x.values()],
                **describe(sid, ctx, messages, new_x, refresh_t, new),
                note=veil.group_note(new, "dkg", refresh_t, sha256(note), ORGS).decode())


# ---- warrant ---------------------------------------------------------------
ISSUER_SEED = b"\xC1" * 32


def warrant():
    salt, requester_box = b"\x99" * 32, x25519(b"\xD1" * 32)
    return "".join(line + "\n" for line in (
        "veil/v1/warrant", "log log.example/veil", "group " + GROUP.gid.hex(), "policy 4 " + UNIT["policy"].hex(),
        "salt " + b64(salt), "court crown-court-7",
        "case " + b64(sha256(b"veil/v1/case\n" + salt + b"2026/117")), "reason missing-person", "action view",
        "requester-sign " + b64(ed_public(b"\xD2" * 32)), "requester-box " + b64(requester_box),
        "deliver-box " + b64(requester_box), "not-before 2026-11-01T00:00:00Z", "not-after 2026-11-08T00:00:00Z",
        "unseal-by 2027-05-01T00:00:00Z", "vault %s %s" % (UNIT["vid"].hex(), b64(b"\x88" * 32)), "scope 3 7 9",
        "scope 11 0 0", "end")).encode()


def set_09():
    text = warrant()
    wid, cm = HB32("veil/v1/warrant", text), sha256(b"veil/v1/warrant-commit\n" + text)
    comment = "veil/v1 warrant-issuer " + wid.hex()
    check_stock(text, comment)
    return dict(warrant=text.decode(), wid=wid, cm=cm, trusted_comment=comment, case_number="2026/117",
                issuer_seed=ISSUER_SEED, issuer=ed_public(ISSUER_SEED),
                minisig=veil.minisign(ISSUER_SEED, text, comment).decode(), stock_version="minisign 0.11",
                stock_public=STOCK_PUBLIC, stock_minisig=STOCK_SIGNATURE)


def check_stock(text, comment):
    import base64
    import hashlib
    public = base64.b64decode(STOCK_PUBLIC)[10:]
    lines = STOCK_SIGNATURE.splitlines()
    raw, second = base64.b64decode(lines[1]), base64.b64decode(lines[3])
    assert raw[:2] == b"ED" and lines[2] == "trusted comment: " + comment
    assert ed_verify(public, hashlib.blake2b(text).digest(), raw[10:])
    assert ed_verify(public, raw[10:] + comment.encode(), second)


def set_13():
    lengths = list(range(1, 34)) + [2**n + d for n in range(6, 20) for d in (-1, 0, 1)]
    return dict(cases=[[n, veil.padme(n)] for n in lengths])


def set_14():
    secret, salt, nonce24, argon2id = b"\xE1" * 32, b"\x5A" * 16, b"\x3C" * 24, bytes.fromhex(ARGON2ID)
    role = 2  # custodian-sign
    return dict(passphrase="correct horse battery", ops=3, mem=268435456, role="custodian-sign", secret=secret,
                argon2id=argon2id, public=ed_public(secret),
                file=veil.key_file(role, 0, 0, bytes(32), ed_public(secret), 3, 268435456, salt, nonce24, argon2id,
                                   secret))


SETS = {"01-hash": set_01, "02-label": set_02, "03-seal": set_03, "04-partial": set_04, "05-combine": set_05,
        "06-dkg": set_06, "07-refresh": set_07, "09-warrant": set_09, "13-padme": set_13, "14-keyfile": set_14}


def main():
    wrong = []
    for name, make in SETS.items():
        text = json.dumps(hexed(dict(set=name, **make())), indent=1) + "\n"
        path = HERE / (name + ".json")
        if "--check" not in sys.argv:
            path.write_text(text)
        elif path.read_text() != text:
            wrong.append(name)
    for name in wrong:
        print("%s differs from what generate.py makes" % name)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
