#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Can a face that veil covered be recognised again?

    VEIL_MODELS=... VEIL_TEST_MEDIA=... tests/bench/reid.py [STYLE[:CELLS] ...]

Faces of the identity set, cut out and set before a background of their own, are put into a video, covered by the real
program, and matched to clear pictures of the same people by a recognition network that is told where the eyes are: more
than an attacker knows. The background is drawn anew for each frame, so what is found can come from the face alone. Then
the obvious attacks:
  direct     the covered face as it is
  sharp      sharpened first
  average    a track of 12 jittered frames, averaged
  register   the same frames, each moved back by its true motion and averaged at twice the size
  parrot     the gallery is covered in the same way, and matched by the network
  pixels     the gallery is covered in the same way, and matched by the pixels inside the mask
Every line ends with whether rank-1 can be told from guessing (binomial, p < 0.01). `clear` is the control that the
matcher works at all. Exit 1 if a style that the program accepts is told from guessing in any attack.
"""
import glob
import math
import os
import subprocess
import sys
import tempfile

try:
    import cv2
    import numpy as np
except ImportError:
    print("tests/bench/reid.py: no python3-opencv here: skipped")
    sys.exit(0)

VEIL = os.environ.get("VEIL", "build/veil")
MODELS = os.environ.get("VEIL_MODELS", "")
MEDIA = os.environ.get("VEIL_TEST_MEDIA", "")
SIDE, SCALE, TRACK = 320, 1.6, 12
STYLES = ["solid", "ellipse", "mosaic:1", "mosaic:2", "mosaic:3", "mosaic:4", "blur:1", "blur:2", "blur:3", "blur:4"]
ATTACKS = ["direct", "sharp", "average", "register", "parrot", "pixels"]
# Where a 112x112 picture for the network has eyes, nose and mouth corners (the ArcFace template).
TEMPLATE = np.float32([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])


def find_model(pattern):
    found = glob.glob(os.path.join(MODELS, "**", pattern), recursive=True)
    return found[0] if MODELS and found else None


class Embedder:
    """MobileFaceNet: 128 numbers, picture and mirror image summed, of length 1."""

    def __init__(self, path):
        self.net = cv2.dnn.readNetFromONNX(path)

    def __call__(self, face):
        rgb = cv2.cvtColor(face, cv2.COLOR_BGR2RGB).astype(np.float32) / 255
        rgb = (rgb - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        total = np.zeros(128, np.float32)
        for picture in (rgb, rgb[:, ::-1]):
            self.net.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32))
            total += self.net.forward().ravel()
        return total / (np.linalg.norm(total) + 1e-9)


def landmarks(net, picture):
    """Five points of the best face by YuNet, or None."""
    net.setInput(cv2.dnn.blobFromImage(picture))
    names = ["%s_%d" % (kind, s) for s in (8, 16, 32) for kind in ("cls", "obj", "kps")]
    out = dict(zip(names, net.forward(names)))
    best, points = 0.3, None
    for s in (8, 16, 32):
        score = np.sqrt(np.clip(out["cls_%d" % s].ravel(), 0, 1) * np.clip(out["obj_%d" % s].ravel(), 0, 1))
        i = int(score.argmax())
        if score[i] > best:
            cols = picture.shape[1] // s
            cell = np.float32([i % cols, i // cols])
            best, points = score[i], (out["kps_%d" % s].reshape(-1, 5, 2)[i] + cell) * s
    return points


def place(image, dx=0.0, dy=0.0, zoom=1.0):
    """The matrix that puts the picture into the middle of a frame, and moves it."""
    s = SCALE * zoom
    h, w = image.shape[:2]
    return np.float32([[s, 0, SIDE / 2 - s * w / 2 + dx], [0, s, SIDE / 2 - s * h / 2 + dy]])


def background(rng):
    """Smooth patches, not the same twice."""
    coarse = rng.integers(0, 256, (rng.integers(3, 9), rng.integers(3, 9), 1), np.uint8).repeat(3, 2)
    return cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def cut_out(image, m, points, rng):
    """The face alone, an ellipse around its five points, before a background of its own."""
    frame = cv2.warpAffine(image, m, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
    eyes, middle = np.linalg.norm(points[1] - points[0]), points.mean(0)
    shape = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(shape, (tuple(float(v) for v in middle), (2.2 * float(eyes), 2.9 * float(eyes)), 0), 255, -1)
    soft = cv2.GaussianBlur(shape, (0, 0), 2).astype(np.float32)[..., None] / 255
    return (frame * soft + background(rng) * (1 - soft)).astype(np.uint8)


def run(command, **kwargs):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **kwargs).stdout


def cover(frames, style, folder):
    """The frames after a run of the real program; None for a frame in which nothing was covered."""
    source, out = os.path.join(folder, "in.mkv"), os.path.join(folder, "out.mkv")
    raw = np.stack(frames).tobytes()
    run(["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "%dx%d" % (SIDE, SIDE), "-r", "25",
         "-i", "-", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "yuv444p", source], input=raw)
    name, _, cells = style.partition(":")
    chain = "detect=size=0:every=1:threshold=0.2,cover=style=%s%s" % (name, ":cells=" + cells if cells else "")
    run([VEIL, "redact", source, "-o", out, "-f", "-q", "--chain", chain, "--crf", "4", "--preset", "ultrafast"])
    raw = run(["ffmpeg", "-v", "error", "-i", out, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"])
    return list(np.frombuffer(raw, np.uint8).reshape(-1, SIDE, SIDE, 3))


def changed(before, after):
    return (np.abs(before.astype(int) - after.astype(int)).max(2) > 24).astype(np.uint8)


def sharpen(picture):
    soft = cv2.GaussianBlur(picture, (0, 0), 3)
    return cv2.addWeighted(picture, 2.5, soft, -1.5, 0)


def registered(frames, moves, home):
    """Each frame moved back by its true motion, averaged at twice the size, and brought down again."""
    total = np.zeros((2 * SIDE, 2 * SIDE, 3), np.float32)
    for frame, m in zip(frames, moves):
        back = np.vstack([home, [0, 0, 1]]) @ np.linalg.inv(np.vstack([m, [0, 0, 1]]))
        twice = np.diag([2, 2, 1]) @ back
        total += cv2.warpAffine(frame, twice[:2], (2 * SIDE, 2 * SIDE), flags=cv2.INTER_LINEAR)
    return cv2.resize((total / len(frames)).clip(0, 255).astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_AREA)


class Face:
    """One picture of one person: its frame, its jittered track, and where its eyes are."""

    def __init__(self, person, image, yunet, rng):
        self.person, self.home = person, place(image)
        self.points = landmarks(yunet, cv2.warpAffine(image, self.home, (SIDE, SIDE), flags=cv2.INTER_CUBIC))
        if self.points is None:
            return
        self.frame = cut_out(image, self.home, self.points, rng)
        jitter = [(rng.uniform(-6, 6), rng.uniform(-6, 6), rng.uniform(0.9, 1.1)) for _ in range(TRACK)]
        self.moves = [place(image, *j) for j in jitter]
        self.track = [cut_out(image, m, self.moved(m), rng) for m in self.moves]

    def moved(self, m):
        """The five points in a frame where the picture was put by m."""
        to = np.vstack([m, [0, 0, 1]]) @ np.linalg.inv(np.vstack([self.home, [0, 0, 1]]))
        return self.points @ to[:2, :2].T + to[:2, 2]

    def aligned(self, picture):
        m, _ = cv2.estimateAffinePartial2D(self.points, TEMPLATE)
        return cv2.warpAffine(picture, m, (112, 112), flags=cv2.INTER_LINEAR)


def rank1(likeness, probes, gallery):
    """Share of probes whose most alike gallery picture shows the same person."""
    people = np.array([g.person for g in gallery])
    return np.mean([people[row.argmax()] == p.person for row, p in zip(likeness, probes)])


def mask_alone(before, after, side):
    """What is inside the mask, as large as its rectangle, and nothing else."""
    x, y, w, h = cv2.boundingRect(changed(before, after))
    if not w:
        return np.zeros((side, side, 3), np.uint8)
    return cv2.resize(after[y:y + h, x:x + w], (side, side), interpolation=cv2.INTER_AREA)


def told_from_guessing(rate, n, people):
    hits, p = round(rate * n), 1 / people
    tail = sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(hits, n + 1))
    return tail < 0.01


def measure(style, probes, gallery, clear, embed, folder):
    shown = cover([f.frame for f in probes + gallery], style, folder)
    missed = sum(not changed(f.frame, s).any() for f, s in zip(probes + gallery, shown))
    covered, parrots = shown[: len(probes)], shown[len(probes):]
    tracks = cover([t for f in probes for t in f.track], style, folder)
    tracks = [tracks[i * TRACK:(i + 1) * TRACK] for i in range(len(probes))]
    seen = {
        "direct": covered,
        "sharp": [sharpen(c) for c in covered],
        "average": [np.mean(t, axis=0).astype(np.uint8) for t in tracks],
        "register": [registered(t, f.moves, f.home) for t, f in zip(tracks, probes)],
    }
    rates = {}
    for attack, pictures in seen.items():
        rows = np.stack([embed(f.aligned(p)) for f, p in zip(probes, pictures)])
        rates[attack] = rank1(rows @ clear.T, probes, gallery)
    rows = np.stack([embed(mask_alone(f.frame, p, 112)) for f, p in zip(probes, covered)])
    cols = np.stack([embed(mask_alone(f.frame, p, 112)) for f, p in zip(gallery, parrots)])
    rates["parrot"] = rank1(rows @ cols.T, probes, gallery)
    rows = np.stack([mask_alone(f.frame, p, 28).ravel() / 255 for f, p in zip(probes, covered)])
    cols = np.stack([mask_alone(f.frame, p, 28).ravel() / 255 for f, p in zip(gallery, parrots)])
    rates["pixels"] = rank1(-((rows[:, None] - cols[None]) ** 2).sum(2), probes, gallery)
    return rates, missed


def load(yunet):
    rng, faces = np.random.default_rng(1), []
    for folder in sorted(glob.glob(os.path.join(MEDIA, "identity", "orl_att", "s*"))):
        for i in range(1, 11):
            image = cv2.imread(os.path.join(folder, "%d.pgm" % i))
            faces.append(Face(os.path.basename(folder), image, yunet, rng))
    found = [f for f in faces if f.points is not None]
    print("%d pictures of %d people; eyes found in %d" % (len(faces), len({f.person for f in faces}), len(found)))
    return found


def main():
    paths = find_model("face_detection_yunet_2023mar.onnx"), find_model("MobileFaceNet_cv46.onnx")
    if not all(paths) or not os.path.isdir(os.path.join(MEDIA, "identity", "orl_att")):
        print("tests/bench/reid.py: name the networks in VEIL_MODELS and the identity set in VEIL_TEST_MEDIA: skipped")
        return 0
    cv2.setNumThreads(1)
    faces, embed, bad = load(cv2.dnn.readNetFromONNX(paths[0])), Embedder(paths[1]), 0
    gallery, probes = faces[0::2], faces[1::2]
    people = len({f.person for f in gallery})
    clear = np.stack([embed(f.aligned(f.frame)) for f in gallery])
    rows = np.stack([embed(f.aligned(f.frame)) for f in probes])
    print("guessing %.3f, told from it above %.3f" % (1 / people, next(
        k for k in range(len(probes)) if told_from_guessing(k / len(probes), len(probes), people)) / len(probes)))
    print("reid.clear=%.3f" % rank1(rows @ clear.T, probes, gallery))
    with tempfile.TemporaryDirectory() as folder:
        for style in sys.argv[1:] or STYLES:
            rates, missed = measure(style, probes, gallery, clear, embed, folder)
            fails = [a for a in ATTACKS if told_from_guessing(rates[a], len(probes), people)]
            bad += bool(fails)
            print("reid.%s %s missed=%d %s" % (style.replace(":", ""), " ".join("%s=%.3f" % (a, rates[a]) for a in ATTACKS),
                                               missed, "FAILS " + ",".join(fails) if fails else "at chance"), flush=True)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
