#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the `hog` matcher on generated streets: writes filters/match_hog_weights.h.

    MATCH_DUMP=FOLDER build/tests/bench/match hog own .02 STREETS     # what it measures, a file a look
    tests/bench/hogtrain.py FOLDER > filters/match_hog_weights.h

Fisher's linear discriminant: directions in which people differ much and looks at one person, portrait or street,
differ little. Principal components first, as there are fewer people than a full covariance needs. The weights are
kept as bytes.
"""
import glob
import hashlib
import re
import sys

import numpy as np

QUALITY, COMPONENTS, LENGTH, RIDGE = 0.08, 120, 12, 0.3


def read(folder):
    """{person: portrait}, {person: [looks]}"""
    portraits, looks = {}, {}
    for path in sorted(glob.glob(folder + "/*.feature")):
        kind, person, quality = re.search(r"(probe|track)-(\d+)-\d+-(\d+)-", path).groups()
        values = np.array(open(path).read().split(), float)
        if kind == "probe":
            portraits[person] = values
        elif int(quality) >= 1000 * QUALITY:
            looks.setdefault(person, []).append(values)
    return portraits, looks


def discriminant(portraits, looks):
    people = sorted(portraits)
    all_rows = np.array([portraits[p] for p in people] + [x for p in people for x in looks.get(p, [])])
    mean, spread = all_rows.mean(0), all_rows.std(0) + 1e-3
    base = np.linalg.svd((all_rows - mean) / spread, full_matrices=False)[2][:COMPONENTS].T
    reduce = lambda rows: ((np.atleast_2d(rows) - mean) / spread) @ base
    within, middles = np.zeros((COMPONENTS, COMPONENTS)), []
    for p in people:
        if p in looks:
            portrait, seen = reduce(portraits[p])[0], reduce(looks[p])
            off, rest = portrait - seen.mean(0), seen - seen.mean(0)
            within += 0.5 * np.outer(off, off) + 0.3 * rest.T @ rest / len(rest)
            middles.append((portrait + seen.mean(0)) / 2)
    within /= len(middles)
    within += RIDGE * np.trace(within) / COMPONENTS * np.eye(COMPONENTS)
    between = 0.5 * np.cov(np.array(middles).T) + 0.5 * np.cov(reduce([portraits[p] for p in people]).T)
    values, vectors = np.linalg.eigh(within)
    white = vectors / np.sqrt(values)
    gain, turn = np.linalg.eigh(white.T @ between @ white)
    best = np.argsort(gain)[::-1][:LENGTH]
    weights = base @ white @ turn[:, best] * np.sqrt(gain[best] / (1 + gain[best]))
    return mean, weights / spread[:, None], len(people), len(middles)


def main():
    mean, weights, people, seen = discriminant(*read(sys.argv[1]))
    scale = np.abs(weights).max(0) / 127
    bytes_ = np.rint(weights / scale).astype(int)
    digest = hashlib.sha256(repr((mean.round(5).tolist(), bytes_.tolist(), scale.tolist())).encode()).hexdigest()
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
    print("/** @file Weights of the `hog` matcher, by tests/bench/hogtrain.py: %d portraits, %d of them seen in a street. */"
          % (people, seen))
    print("#ifndef VEIL_FILTERS_MATCH_HOG_WEIGHTS_H\n#define VEIL_FILTERS_MATCH_HOG_WEIGHTS_H\n")
    print("#define HOG_LENGTH  %d ///< of an embedding\n#define HOG_TRAINED \"%s\"\n" % (LENGTH, digest[:16]))
    print("static const float hog_scale[HOG_LENGTH] = {%s};" % ", ".join("%.6gf" % v for v in scale))
    print("static const float hog_mean[] = {\n%s};" % wrap(mean))
    print("static const signed char hog_weight[][HOG_LENGTH] = {")
    for row in bytes_:
        print("{%s}," % ",".join(map(str, row)))
    print("};\n\n#endif /* VEIL_FILTERS_MATCH_HOG_WEIGHTS_H */")


def wrap(values):
    words = ["%.5ff" % v for v in values]
    return "".join(", ".join(words[i:i + 12]) + ",\n" for i in range(0, len(words), 12))


main()
