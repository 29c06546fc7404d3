#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips with exact face boxes from photographs that the clips of $VEIL_TEST_MEDIA/exposure do not show, to tell
what was tuned from what holds. Six kinds of stress, named as there. Then: CLIPS=FOLDER tests/bench/exposure.sh
usage: VEIL_TEST_MEDIA=... holdout.py FOLDER [SEED]
Needs Python 3 with numpy and OpenCV, and ffmpeg. About 40 s for all six.

Each frame is an affine view of a wall of stills, so a box is as exact as the annotation of its still: the upright box
around the turned ellipse inscribed in the annotated box. Columns as the README of the exposure clips says."""
import csv
import glob
import json
import math
import os
import subprocess
import sys
import xml.etree.ElementTree

import cv2
import numpy

# What the exposure clips show of images/wider_val200 was found by matching SIFT points with every 20th frame (6th of
# `cuts`), and is left out; so are five photographs of thousands of people, most of them without a box.
CROWDS = """0_Parade_Parade_0_102 0_Parade_Parade_0_266 0_Parade_Parade_0_478 0_Parade_Parade_0_72
0_Parade_marchingband_1_653 0_Parade_marchingband_1_746 1_Handshaking_Handshaking_1_664
2_Demonstration_Demonstration_Or_Protest_2_586 2_Demonstration_Demonstration_Or_Protest_2_813
2_Demonstration_Demonstration_Or_Protest_2_895 2_Demonstration_Demonstrators_2_546 2_Demonstration_Protesters_2_163
5_Car_Accident_Car_Crash_5_574 6_Funeral_Funeral_6_572""".split()
GROUPS = """2_Demonstration_Demonstration_Or_Protest_2_430 2_Demonstration_Political_Rally_2_867
2_Demonstration_Protesters_2_1033 2_Demonstration_Protesters_2_345 2_Demonstration_Protesters_2_796
2_Demonstration_Protesters_2_826 3_Riot_Riot_3_199 4_Dancing_Dancing_4_922 6_Funeral_Funeral_6_690
7_Cheering_Cheering_7_530""".split()
MASKS = "10 14 169 190 196 211 224 236 244 249 289 299 341 347 370 383 395 432 443 454 456 480 485 493".split()
RATE = 25
MARGIN = 8  # between stills, canvas pixels


def wider(folder, name, height):
    """@return picture of `height` with its aspect restored, and its faces: x, y, w, h, ignore, height in the still"""
    known = json.load(open(os.path.join(folder, "wider_val200_gt416_dev.json")))[name + ".jpg"]
    width = round(height * known["orig_wh"][0] / known["orig_wh"][1])
    picture = cv2.resize(cv2.imread(os.path.join(folder, "wider_val200", name + ".jpg")), (width, height),
                         interpolation=cv2.INTER_CUBIC)
    sx, sy = width / 416, height / 416
    return picture, [(f["x"] * sx, f["y"] * sy, f["w"] * sx, f["h"] * sy, not f["sets"], f["h"]) for f in known["faces"]]


def mask(folder, number, height):
    root = os.path.join(folder, "facemask_kaggle_cc0")
    name = "maksssksksss" + number
    picture = cv2.imread(glob.glob(os.path.join(root, "**", name + ".png"), recursive=True)[0])
    boxes = xml.etree.ElementTree.parse(glob.glob(os.path.join(root, "**", name + ".xml"), recursive=True)[0])
    s = height / picture.shape[0]
    faces = []
    for b in boxes.iter("bndbox"):
        x, y, right, bottom = (int(b.find(k).text) for k in ("xmin", "ymin", "xmax", "ymax"))
        faces.append((x * s, y * s, (right - x) * s, (bottom - y) * s, False, bottom - y))
    return cv2.resize(picture, None, fx=s, fy=s, interpolation=cv2.INTER_CUBIC), faces


def wall(stills, width):
    """Stills in rows of about `width`. @return canvas and faces: id, x, y, w, h, ignore, source height, place of the still"""
    rows, row, used = [], [], 0
    for still in stills:
        row.append(still)
        used += still[0].shape[1] + MARGIN
        if used >= width:
            rows.append(row)
            row, used = [], 0
    if row:
        rows.append(row)
    wide = max(sum(s[0].shape[1] + MARGIN for s in r) for r in rows)
    canvas = numpy.full((sum(r[0][0].shape[0] + MARGIN for r in rows), wide, 3), 60, numpy.uint8)
    faces, top = [], 0
    for row in rows:
        left = 0
        for picture, found in row:
            h, w = picture.shape[:2]
            canvas[top:top + h, left:left + w] = picture
            faces += [(len(faces) + k + 1, left + f[0], top + f[1], *f[2:], (left, top, w, h)) for k, f in enumerate(found)]
            left += w + MARGIN
        top += row[0][0].shape[0] + MARGIN
    return canvas, faces


def view(x, y, zoom, degrees, size):
    """@return matrix from canvas to frame that shows canvas point x, y in the middle"""
    m = cv2.getRotationMatrix2D((x, y), degrees, zoom)
    m[0, 2] += size[0] / 2 - x
    m[1, 2] += size[1] / 2 - y
    return m


ROUND = numpy.array([(r * math.cos(a), r * math.sin(a)) for r in (0.2, 0.5, 0.8, 0.98)
                     for a in numpy.arange(0, 2 * math.pi, math.pi / 8)]) / 2


def rows_of(frame, faces, m, size, moved):
    """Ground truth of one frame"""
    zoom = math.hypot(m[0, 0], m[0, 1])
    for face, x, y, w, h, ignore, source, (left, top, wide, high) in faces:
        points = ROUND * (w, h) + (x + w / 2, y + h / 2)
        inside = ((points >= (left, top)) & (points < (left + wide, top + high))).all(1)
        seen = points @ m[:, :2].T + m[:, 2]
        inside &= ((seen >= 0) & (seen < size)).all(1)
        if not inside.any():
            continue
        cx, cy = m[:, :2] @ (x + w / 2, y + h / 2) + m[:, 2]
        c, s = m[0, 0] / zoom, m[0, 1] / zoom
        fw, fh = zoom * math.hypot(w * c, h * s), zoom * math.hypot(w * s, h * c)
        yield (frame, "%.4f" % (frame / RATE), face, "%.2f" % (cx - fw / 2), "%.2f" % (cy - fh / 2), "%.2f" % fw, "%.2f" % fh,
               "%.3f" % inside.mean(), "%.1f" % source, "%.1f" % moved, int(ignore))


def smooth(points, n):
    """`n` views through waypoints of (x, y, zoom, degrees), slow at each"""
    points = numpy.array(points, float)
    for i in range(n):
        t = i * (len(points) - 1) / n
        k, f = int(t), t - int(t)
        yield points[k] + (points[k + 1] - points[k]) * (3 * f * f - 2 * f ** 3)


def tour(random, canvas, size, zoom, n, stops, degrees=0.0):
    """Through places less than a picture apart, about as fast as in the exposure clips"""
    room = [(size[k] / zoom[0] / 2, canvas.shape[1 - k] - size[k] / zoom[0] / 2) for k in (0, 1)]
    at = [random.uniform(min(r), max(r)) for r in room]
    path = []
    for _ in range(stops):
        path.append((*at, random.uniform(*zoom), random.uniform(-degrees, degrees)))
        at = [numpy.clip(at[k] + random.uniform(-0.6, 0.6) * size[k] / zoom[1], min(room[k]), max(room[k])) for k in (0, 1)]
    return list(smooth(path, n))


def shaken(random, path):
    offset = numpy.zeros(2)
    for x, y, zoom, degrees in path:
        offset = offset * 0.6 + random.normal(0, 4, 2)
        offset = numpy.clip(offset, -30, 30)
        yield x + offset[0] / zoom, y + offset[1] / zoom, zoom, degrees + random.normal(0, 0.4)


def darker(random, frame, i, n):
    """Light fades to 9 % with growing noise; the last two fifths are over-exposed and grey"""
    if i < n * 3 // 5:
        light = max(0.09, 1 - 1.2 * i / (n * 0.5))
        noise = 2 + 5 * (1 - light)
        return numpy.clip(frame * light + random.normal(0, noise, frame.shape), 0, 255).astype(numpy.uint8)
    grey = frame.mean(2, keepdims=True) * 1.5 + 30
    return numpy.clip(numpy.repeat(grey, 3, 2) + random.normal(0, 9, frame.shape[:2] + (1,)), 0, 255).astype(numpy.uint8)


def write(folder, name, size, frames):
    """`frames` gives picture, faces, matrix, movement"""
    out = os.path.join(folder, name)
    ffmpeg = subprocess.Popen(["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "%dx%d" % size,
                               "-r", str(RATE), "-i", "-", "-c:v", "libx264", "-crf", "24", "-g", "50", "-pix_fmt", "yuv420p",
                               out + ".mp4"], stdin=subprocess.PIPE)
    with open(out + ".csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow("frame pts face_id x y w h visible_fraction source_face_h motion_px ignore".split())
        for i, (picture, faces, m, moved) in enumerate(frames):
            ffmpeg.stdin.write(picture.tobytes())
            table.writerows(rows_of(i, faces, m, size, moved))
    ffmpeg.stdin.close()
    if ffmpeg.wait():
        sys.exit("holdout: ffmpeg could not write '%s.mp4'" % out)


def shown(random, canvas, faces, path, size, after=None):
    before = None
    for i, (x, y, zoom, degrees) in enumerate(path):
        m = view(x, y, zoom, degrees, size)
        middle = numpy.array((x, y)) * zoom
        moved = 0 if before is None else float(numpy.hypot(*(middle - before))) / 2
        before = middle
        frame = cv2.warpAffine(canvas, m, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(60, 60, 60))
        frame = after(frame, i) if after else \
            numpy.clip(frame + random.normal(0, 2, frame.shape[:2] + (1,)), 0, 255).astype(numpy.uint8)
        yield frame, faces, m, moved


def scenes(random, stills, size, n):
    """Hard cuts: scenes of 4 to 34 frames, each fifth one a return to an earlier one"""
    walls, first = [], 1
    for still in stills:
        canvas, faces = wall([still], 1)
        walls.append((canvas, [(first + k, *f[1:]) for k, f in enumerate(faces)]))
        first += len(faces)
    done, k = 0, 0
    while done < n:
        canvas, faces = walls[(k - 4 if k % 5 == 4 else k) % len(walls)]
        h, w = canvas.shape[:2]
        zoom = max(size[0] / w, size[1] / h) * random.uniform(1, 1.3)
        length = min(int(random.integers(4, 35)), n - done)
        end = (w / 2 + random.uniform(-20, 20), h / 2 + random.uniform(-20, 20), zoom * 1.05, 0)
        yield from shown(random, canvas, faces, smooth([(w / 2, h / 2, zoom, 0), end], length), size)
        done += length
        k += 1


def main():
    media = os.path.join(os.environ.get("VEIL_TEST_MEDIA", ""), "images")
    if len(sys.argv) not in (2, 3) or not os.path.isdir(os.path.join(media, "wider_val200")):
        sys.exit("usage: VEIL_TEST_MEDIA=... %s FOLDER [SEED]; the media must have images/wider_val200" % sys.argv[0])
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    random = numpy.random.default_rng(int(sys.argv[2]) if len(sys.argv) == 3 else 1)
    crowds = [wider(media, k, 640) for k in random.permutation(CROWDS)]
    groups = [wider(media, k, 640) for k in random.permutation(GROUPS)]
    masks = [mask(media, k, 640) for k in random.permutation(MASKS)]
    hd, full = (1280, 720), (1920, 1080)
    mixed = [s for k in zip(groups, crowds, masks) for s in k]

    canvas, faces = wall(mixed[:18], 3600)
    write(folder, "shake", hd, shown(random, canvas, faces, shaken(random, tour(random, canvas, hd, (0.7, 1.2), 175, 3)), hd,
                                     lambda f, i: cv2.GaussianBlur(f, (3, 3), 0.8)))
    canvas, faces = wall(mixed[12:30], 3600)
    write(folder, "panzoom", hd, shown(random, canvas, faces, tour(random, canvas, hd, (0.6, 1.6), 200, 4), hd))
    canvas, faces = wall(groups[:6] + masks[:12] + crowds[:4], 3600)
    write(folder, "roll", hd, shown(random, canvas, faces, tour(random, canvas, hd, (0.7, 1.4), 200, 5, 25), hd))
    canvas, faces = wall(groups[6:] + masks[12:20] + crowds[4:8], 3600)
    write(folder, "dark_ir", hd, shown(random, canvas, faces, tour(random, canvas, hd, (0.7, 1.1), 225, 3), hd,
                                       lambda f, i: darker(random, f, i, 225)))
    canvas, faces = wall(crowds + groups[:4] + masks[20:], 4400)
    write(folder, "crowd1080", full, shown(random, canvas, faces, tour(random, canvas, full, (0.5, 0.8), 150, 3), full))
    write(folder, "cuts", hd, scenes(random, mixed[:20], hd, 200))


main()
