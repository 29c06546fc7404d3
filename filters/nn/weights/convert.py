#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert facedet.npz (see own.md) into a veil weights file (see ../file.h).

usage: convert.py facedet.npz own.veilnn

Needs the standard library only. The graph below is the one place that knows
how the layers of the .npz are joined; the engine learns it from the file.
"""
import ast
import struct
import sys
import zipfile

CONV3, DW3, PW, POOL2, UPADD = 1, 2, 3, 4, 5
NONE = 0xFFFF


def read_npz(path):
    """All arrays as {name: (shape, bytes)}; float32, C order, as numpy.savez writes them."""
    arrays = {}
    with zipfile.ZipFile(path) as z:
        for name in z.namelist():
            data = z.read(name)
            if data[:6] != b"\x93NUMPY":
                sys.exit(f"{path}: '{name}' is no numpy array")
            size, start = (struct.unpack_from("<H", data, 8)[0], 10) if data[6] == 1 else (
                struct.unpack_from("<I", data, 8)[0], 12)
            head = ast.literal_eval(data[start:start + size].decode("latin1"))
            if head["descr"] != "<f4" or head["fortran_order"]:
                sys.exit(f"{path}: '{name}' is not float32 in C order")
            arrays[name.removesuffix(".npy")] = (head["shape"], data[start + size:])
    return arrays


class Net:
    def __init__(self, arrays):
        self.arrays = arrays
        self.body = b""
        self.channels = [1]  # of each tensor; 0 is the picture

    def add(self, op, name, a, b=NONE, relu=True, stride=1):
        """Append a layer; returns its tensor."""
        data, channels = b"", self.channels[a]
        if name:
            (shape, weights), (_, bias) = self.arrays[name + ".w"], self.arrays[name + ".b"]
            data, channels = weights + bias, shape[0]
        self.body += struct.pack("<6H", op, int(relu), stride, channels, a, b) + data
        self.channels.append(channels)
        return len(self.channels) - 1

    def ds(self, name, x, stride=1):
        """Depthwise, then 1x1, with the input added where shapes agree."""
        t = self.add(DW3, name + ".dw", x, stride=stride)
        shape = self.arrays[name + ".pw.w"][0]
        same = stride == 1 and shape[0] == self.channels[x]
        return self.add(PW, name + ".pw", t, x if same else NONE)


def build(arrays):
    n = Net(arrays)
    f4 = n.ds("s4.1", n.ds("s4.0", n.add(CONV3, "stem", 0, stride=2), 2))
    f8 = n.ds("s8.2", n.ds("s8.1", n.ds("s8.0", f4, 2)))
    f16 = n.ds("s16.2", n.ds("s16.1", n.ds("s16.0", f8, 2)))
    f32 = n.ds("s32.1", n.ds("s32.0", f16, 2))
    p32 = n.add(PW, "lat32", f32)
    p16 = n.ds("fuse16", n.add(UPADD, None, n.add(PW, "lat16", f16), p32, relu=False))
    p8 = n.ds("fuse8", n.add(UPADD, None, f8, p16, relu=False))
    p4 = n.ds("fuse4", n.add(UPADD, None, f4, n.add(PW, "td8", p8, relu=False), relu=False))
    heads = [n.add(PW, f"out{s}", n.ds(f"head{s}", p), relu=False)
             for s, p in ((4, p4), (8, p8), (16, p16), (32, p32))]
    return n, heads


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    net, heads = build(read_npz(sys.argv[1]))
    tail = struct.pack(f"<{len(heads)}H", *heads)
    size = 44 + len(net.body) + len(tail)
    head = b"VEILNN\0\1" + struct.pack("<IHHffhhhhffHH", size, 1, 128, 128.0, 1 / 128, 0, -1, 1, 5, 0.5, 0.4,
                                       len(net.channels) - 1, len(heads))
    with open(sys.argv[2], "wb") as f:
        f.write(head + net.body + tail)


main()
