// SPDX-License-Identifier: GPL-3.0-or-later
// What the page tells from the boxes: stretches of one origin, places to look at, begins and ends inside the picture.
// Computed once a track, as tracks never change in place.
import { firstFrame, lastFrame, type Box, type Doc, type Origin, type Track } from './model.js';

/** Scores below this are uncertain. */
export const SURE = 0.5;
/** Frames between two searches that are filled in as a matter of course; longer gaps were really lost sight of. */
const SHORT_GAP = 5;
/** A face that was out of sight for longer than this is worth a look. */
const LONG_GAP = 12;
/** Doubtful frames this close belong to one place to look at. */
const NEAR = 12;

export interface Stretch { readonly from: number; readonly to: number; readonly origin: Origin; readonly low: boolean }

/** What is added before the first and after the last sighting is cover to spare; what a person drew is sure. */
export const isDoubtful = (b: Box): boolean => (b[5] === 'd' || b[5] === 'f') && b[6] < SURE;

function rawStretches(boxes: readonly Box[]): Stretch[] {
  const out: Stretch[] = [];
  for (const b of boxes) {
    const last = out[out.length - 1], low = isDoubtful(b);
    if (last && last.to === b[0] - 1 && last.origin === b[5] && last.low === low) out[out.length - 1] = { ...last, to: b[0] };
    else out.push({ from: b[0], to: b[0], origin: b[5], low });
  }
  return out;
}

/** What was filled in between two searches counts as what stands on both sides. */
function joinShort(raw: readonly Stretch[]): Stretch[] {
  const out: Stretch[] = [];
  for (let i = 0; i < raw.length; i++) {
    const s = raw[i]!, last = out[out.length - 1], next = raw[i + 1];
    const short = s.origin === 'f' && s.to - s.from < SHORT_GAP;
    const between = last !== undefined && next !== undefined && last.to === s.from - 1 && next.from === s.to + 1;
    const t: Stretch = short && between && next.origin !== 'f' ? { ...s, origin: last.origin } : s;
    if (last && last.to === t.from - 1 && last.origin === t.origin && last.low === t.low) out[out.length - 1] = { ...last, to: t.to };
    else out.push(t);
  }
  return out;
}

const stretchCache = new WeakMap<readonly Box[], readonly Stretch[]>();

export function stretches(track: Track): readonly Stretch[] {
  let found = stretchCache.get(track.boxes);
  if (!found) stretchCache.set(track.boxes, (found = joinShort(rawStretches(track.boxes))));
  return found;
}

const doubtCache = new WeakMap<readonly Box[], readonly Stretch[]>();

/** Stretches that a person should look at: found with a low score, or long out of sight. */
export function doubts(track: Track): readonly Stretch[] {
  let found = doubtCache.get(track.boxes);
  if (found) return found;
  const out: Stretch[] = [];
  for (const s of stretches(track)) {
    if (!s.low && !(s.origin === 'f' && s.to - s.from >= LONG_GAP)) continue;
    const last = out[out.length - 1];
    if (last && s.from - last.to <= NEAR) out[out.length - 1] = { ...last, to: s.to };
    else out.push(s);
  }
  doubtCache.set(track.boxes, (found = out));
  return found;
}

export interface Place { readonly track: number; readonly from: number; readonly to: number }

let placesOf: { tracks: Doc['tracks']; places: readonly Place[] } | undefined;

/** All places to look at, by time. */
export function allDoubts(doc: Doc): readonly Place[] {
  if (placesOf?.tracks === doc.tracks) return placesOf.places;
  const places = doc.tracks.flatMap((t) => doubts(t).map((s) => ({ track: t.id, from: s.from, to: s.to })));
  places.sort((a, b) => a.from - b.from || a.track - b.track);
  placesOf = { tracks: doc.tracks, places };
  return places;
}

/** Does this box leave room to all sides, so that a face could not have come in or gone out there? */
function isInside(b: Box, width: number, height: number): boolean {
  const rx = b[3] * 0.3, ry = b[4] * 0.3;
  return b[1] > rx && b[2] > ry && b[1] + b[3] < width - rx && b[2] + b[4] < height - ry;
}

let edgesOf: { tracks: Doc['tracks']; places: readonly Place[] } | undefined;

/** Where a track begins or ends inside the picture, by time: faces do not come from nowhere. */
export function allEdges(doc: Doc, width: number, height: number, frames: number): readonly Place[] {
  if (edgesOf?.tracks === doc.tracks) return edgesOf.places;
  const places: Place[] = [];
  for (const t of doc.tracks) {
    const a = t.boxes[0], b = t.boxes[t.boxes.length - 1];
    if (!a || !b) continue;
    if (a[0] > 0 && isInside(a, width, height)) places.push({ track: t.id, from: a[0], to: a[0] });
    if (b[0] < frames - 1 && isInside(b, width, height)) places.push({ track: t.id, from: b[0], to: b[0] });
  }
  places.sort((x, y) => x.from - y.from || x.track - y.track);
  edgesOf = { tracks: doc.tracks, places };
  return places;
}

/** The next place after (or before) a frame and track, in the order of the list; wraps round. */
export function nextPlace(places: readonly Place[], frame: number, track: number, step: 1 | -1): Place | undefined {
  const after = (p: Place): boolean => p.from > frame || (p.from === frame && p.track > track);
  const before = (p: Place): boolean => p.from < frame || (p.from === frame && p.track < track);
  if (step > 0) return places.find(after) ?? places[0];
  return [...places].reverse().find(before) ?? places[places.length - 1];
}

/** Ids of tracks that have a box in a frame; what is not on screen is passed over quickly. */
export function tracksAt(doc: Doc, frame: number): Track[] {
  return doc.tracks.filter((t) => t.boxes.length > 0 && firstFrame(t) <= frame && lastFrame(t) >= frame);
}
