#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the vector files of PROTOCOL section 8, sets 8, 10, 11 and 12: a whole
vault, notes and cosignatures, Merkle trees, and a request with its releases.
Shares no line with keys/. With --check, compare instead."""
import hashlib
import json
import pathlib
import struct
import sys

import veil
from cipher import box_seal, chacha20, hchacha20, pad16, poly1305, xor
from curve import ed_public, ed_sign, encode, mul, x25519, G, scalar
from generate import A, GROUP, X, hexed
from veil import HB32, Hs, b64, le32, le64, sha256

HERE = pathlib.Path(__file__).parent
DASH = "\u2014 "


# ---- notes ------------------------------------------------------------------
def key_id(name, kind, public):
    return sha256(name.encode() + b"\n" + bytes([kind]) + public)[:4]


def sign_line(name, seed, text):
    public = ed_public(seed)
    return "%s%s %s\n" % (DASH, name, b64(key_id(name, 1, public) + ed_sign(seed, text.encode())))


def note(text, *signers):
    return text + "\n" + "".join(sign_line(name, seed, text) for name, seed in signers)


def cosign_line(name, seed, text, time):
    message = "cosignature/v1\ntime %d\n%s" % (time, text)
    raw = key_id(name, 4, ed_public(seed)) + struct.pack(">Q", time) + ed_sign(seed, message.encode())
    return "%s%s %s\n" % (DASH, name, b64(raw))


def vkey(name, kind, public):
    return "%s+%s+%s" % (name, key_id(name, kind, public).hex(), b64(bytes([kind]) + public))


def set_10():
    log, witness = b"\xA1" * 32, b"\xA2" * 32
    text = "example.org/log\n5\n%s\n" % b64(root([b"leaf %d" % i for i in range(5)]))
    checkpoint = note(text, ("example.org/log", log)) + cosign_line("w1", witness, text, 1777650000)
    # The example of Go's golang.org/x/mod/sumdb/note, which C2SP signed-note describes
    go = dict(vkey="PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
              note="If you think cryptography is the answer to your problem,\n"
                   "then you don't know what your problem is.\n\n"
                   + DASH + "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotp"
                   "RZb6KE6RyyBwJnAM=\n")
    return dict(checkpoint=checkpoint, log=vkey("example.org/log", 1, ed_public(log)),
                witness=vkey("w1", 4, ed_public(witness)), log_key=ed_public(log), witness_key=ed_public(witness),
                time=1777650000, example=go)


# ---- RFC 6962 ---------------------------------------------------------------
def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    k = split(len(leaves))
    return sha256(b"\1" + root(leaves[:k]) + root(leaves[k:]))


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return path(m, leaves[:k]) + [root(leaves[k:])]
    return path(m - k, leaves[k:]) + [root(leaves[:k])]


def consistency(m, leaves, whole=True):
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return consistency(m, leaves[:k], whole) + [root(leaves[k:])]
    return consistency(m - k, leaves[k:], False) + [root(leaves[:k])]


def set_11():
    # the eight leaves of the Certificate Transparency test suite
    leaves = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                         "606162636465666768696a6b6c6d6e6f")]
    sizes = range(len(leaves) + 1)
    return dict(leaves=leaves, roots=[root(leaves[:n]) for n in sizes],
                inclusion=[dict(index=i, size=n, proof=path(i, leaves[:n])) for n in sizes for i in range(n)],
                consistency=[dict(old=m, size=n, proof=consistency(m, leaves[:n])) for n in sizes
                             for m in range(1, n + 1)])


# ---- the vault --------------------------------------------------------------
def secretstream(key, header, messages, ad):
    sub, inonce, out = hchacha20(key, header[:16]), header[16:], []
    for i, m in enumerate(messages):
        nonce = struct.pack("<I", 1 + i) + inonce
        block = bytes([3 if i + 1 == len(messages) else 0]) + bytes(63)
        block = xor(block, chacha20(sub, nonce, 1, 64))
        c = xor(m, chacha20(sub, nonce, 2, len(m)))
        authed = pad16(ad) + block + c + bytes(len(m) % 16) + le64(len(ad)) + le64(64 + len(m))
        mac = poly1305(chacha20(sub, nonce, 0, 64)[:32], authed)
        out.append(block[:1] + c + mac)
        inonce = xor(inonce, mac[:8])
    return out


POLICY = b"\x22" * 32
OPERATOR = b"\x0F" * 32
START = "2026-05-01T14:02:00Z"


def header():
    return "".join((
        "veil/v1/vault\nsuite tdh2-ristretto255-blake2b\ngid %s\n" % GROUP.gid.hex(),
        "group %s\nmin-k 2\npolicy 1 %s\n" % ((b"\x77" * 32).hex(), POLICY.hex()),
        "operator %s\nnonce %s\n" % (b64(ed_public(OPERATOR)), b64(b"\x88" * 32)),
        "start %s\nsegment-ms 10000\nchunk 16384\nvideo 1920 1080 25 1\n" % START))


def unit(vid, track, seg):
    name = b"%d.%d" % (track, seg)
    uid, K = sha256(b"uid " + name)[:16], sha256(b"key " + name)
    r, s = Hs("veil/v1/test", b"r " + name), Hs("veil/v1/test", b"s " + name)
    L = veil.label(GROUP, POLICY, vid, uid, track, seg, 0)
    ct = veil.seal(GROUP, L, K, r, s)
    records = b"records of " + name
    plain = (le64(len(records)) + records).ljust(16384, b"\0")
    stream = hashlib.blake2b(b"", digest_size=32, key=K, salt=le64(1) + bytes(8),
                             person=b"veilstrm" + bytes(8)).digest()
    head = sha256(b"head " + name)[:24]
    chunks = b"".join(secretstream(stream, head, [plain], L))
    entry = uid + le32(track) + le32(seg) + le32(0) + le32(1)
    entry += b"".join(ct[k] for k in ("c", "kc", "R", "Rbar", "e", "f")) + head + sha256(chunks)
    return dict(track=track, seg=seg, uid=uid, L=L, ct=ct, r=r, records=records, entry=entry, chunks=chunks)


def frame(kind, body):
    return bytes([kind]) + le32(len(body)) + body


def vault():
    """Two tracks by two segments: file, vid, root and units."""
    text = header().encode()
    vid, chain = HB32("veil/v1/vault", text), sha256(b"veil/v1/chain\n")
    out, units, leaves = b"VEILVLT1", [], []

    def put(f):
        nonlocal out, chain
        out += f
        chain = sha256(chain + f)

    def seal(state, video):
        put(frame(4 if video != "-" else 3, note(
            "veil/v1/seal\nvid %s\nstate %s\nunits %d\nroot %s\nchain %s\nvideo %s\n" % (
                vid.hex(), state, len(units), b64(root(leaves)), chain.hex(), video),
            ("operator-sign", OPERATOR)).encode()))

    put(frame(1, text))
    for seg in (0, 1):
        for track in (1, 2):
            u = unit(vid, track, seg)
            units.append(u)
            leaves.append(b"veil/v1/unit-entry\n" + u["entry"])
            put(frame(2, u["entry"] + u["chunks"]))
        seal("open", "-")
    seal("final", (b"\x99" * 32).hex())
    return out, vid, root(leaves), units


VAULT, VID, ROOT, UNITS = vault()


def set_08():
    return dict(file="08-vault.veil", sha256=sha256(VAULT), vid=VID, root=ROOT, policy=POLICY,
                units=[dict(track=u["track"], seg=u["seg"], L=u["L"], records=u["records"]) for u in UNITS])


# ---- request and releases ---------------------------------------------------
def set_12():
    requester, secret = b"\x41" * 32, b"\x42" * 32
    box = x25519(secret)
    warrant = "".join((
        "veil/v1/warrant\nlog example.org/log\ngroup %s\npolicy 1 %s\n" % (GROUP.gid.hex(), POLICY.hex()),
        "salt %s\ncourt district-court\ncase %s\nreason assault\naction view\n" % (b64(b"\x43" * 32), b64(b"\x44" * 32)),
        "requester-sign %s\nrequester-box %s\ndeliver-box %s\n" % (b64(ed_public(requester)), b64(box), b64(box)),
        "not-before 2026-05-02T00:00:00Z\nnot-after 2026-05-09T00:00:00Z\nunseal-by 2027-05-02T00:00:00Z\n",
        "vault %s %s\nscope 1 0 1\nend\n" % (VID.hex(), b64(ROOT))))
    wid = HB32("veil/v1/warrant", warrant.encode())
    request = note("veil/v1/request\nwid %s\nid %s\ntime 2026-05-02T12:00:00Z\n" % (wid.hex(), b64(b"\x45" * 32)),
                   ("requester-sign", requester))
    releases = []
    for i in (1, 2):
        body = b"veil/v1/shares" + wid + le32(i) + le32(0) + box + le32(2)
        for u in UNITS:
            if u["track"] == 1:
                share = veil.partial(GROUP, i, X[i], u["L"], wid, u["ct"], mul(u["r"], G), b"\x46" * 32)
                body += u["uid"] + share["D"] + share["e"] + share["f"]
        blob = box_seal(body, box, bytes([0x50 + i]) * 32)
        releases.append(dict(i=i, blob=blob))
    return dict(warrant=warrant, wid=wid, request=request, deliver_secret=secret, deliver=box, releases=releases,
                opened=[dict(track=u["track"], seg=u["seg"], records=u["records"]) for u in UNITS if u["track"] == 1])


SETS = {"08-vault": set_08, "10-notes": set_10, "11-merkle": set_11, "12-open": set_12}


def main():
    wrong = []
    for name, make in SETS.items():
        files = {name + ".json": (json.dumps(hexed(dict(set=name, **make())), indent=1) + "\n").encode()}
        if name == "08-vault":
            files["08-vault.veil"] = VAULT
        for file, data in files.items():
            if "--check" not in sys.argv:
                (HERE / file).write_bytes(data)
            elif (HERE / file).read_bytes() != data:
                wrong.append(file)
    for name in wrong:
        print("%s differs from what court.py makes" % name)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
