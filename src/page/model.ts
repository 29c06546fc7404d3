// SPDX-License-Identifier: GPL-3.0-or-later
// What a tracks file says, and every change that a person can make to it. All functions are pure: a change returns a new
// document that shares all unchanged tracks with the old one, so undo is a list of documents and "is it changed" is ===.

export type Origin = 'd' | 'f' | 'e' | 'm';
export type Action = 'cover' | 'keep' | 'seal';
/** frame, x, y, w, h in pixels of the frame as stored, origin, score 0..1 */
export type Box = readonly [number, number, number, number, number, Origin, number];
export type Rect = readonly [x: number, y: number, w: number, h: number];
export type Point = readonly [number, number];

export interface Track {
  readonly id: number;
  readonly action: Action;
  readonly reason: string;
  readonly note: string;
  readonly consent: string;
  readonly boxes: readonly Box[]; // by rising frame, at most one a frame
}
export interface Zone {
  readonly id: number;
  readonly from: number; // seconds; `to` is not in it
  readonly to: number;
  readonly points: readonly Point[];
  readonly reason: string;
  readonly note: string;
}
export interface Mute {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}
export interface Doc {
  readonly tracks: readonly Track[];
  readonly zones: readonly Zone[];
  readonly mutes: readonly Mute[];
}

export interface Reason { readonly code: string; readonly text: string; readonly basis: string; readonly keeps: boolean }
export interface Consent {
  readonly id: string; readonly subject: string; readonly state: string; readonly purpose?: string;
  readonly expires?: string; readonly track?: number;
}
/** What may keep a face visible. */
export interface Rules { readonly reasons: readonly Reason[]; readonly consents: readonly Consent[] }

const tenth = (v: number): number => Math.round(v * 10) / 10;

// ---- asking --------------------------------------------------------------------------------

/** Index of the first box whose frame is `frame` or later. */
export function lowerBound(boxes: readonly Box[], frame: number): number {
  let lo = 0, hi = boxes.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (boxes[mid]![0] < frame) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

export function boxAt(track: Track, frame: number): Box | undefined {
  const box = track.boxes[lowerBound(track.boxes, frame)];
  return box && box[0] === frame ? box : undefined;
}

export const findTrack = (doc: Doc, id: number): Track | undefined => doc.tracks.find((t) => t.id === id);
export const firstFrame = (t: Track): number => t.boxes[0]?.[0] ?? 0;
export const lastFrame = (t: Track): number => t.boxes[t.boxes.length - 1]?.[0] ?? 0;

const nextId = (items: readonly { readonly id: number }[]): number => items.reduce((most, t) => Math.max(most, t.id), 0) + 1;

/** Why this track may not stay visible, or '' if it may. The program asks the same again when it renders. */
export function whyNotKept(track: Pick<Track, 'id' | 'reason' | 'consent'>, rules: Rules): string {
  if (track.consent) {
    const record = rules.consents.find((c) => c.id === track.consent);
    if (!record) return 'its consent record is not here';
    if (record.state !== 'valid') return `its consent record is ${record.state}`;
    return record.track && record.track !== track.id ? 'its consent record is for another track' : '';
  }
  if (!track.reason) return 'it needs a consent record or a reason';
  return rules.reasons.some((r) => r.code === track.reason && r.keeps) ? '' : 'its reason does not let a face stay visible';
}

// ---- changing tracks -----------------------------------------------------------------------

const withTrack = (doc: Doc, id: number, change: (t: Track) => Track): Doc =>
  ({ ...doc, tracks: doc.tracks.map((t) => (t.id === id ? change(t) : t)) });

const dropEmpty = (doc: Doc): Doc => ({ ...doc, tracks: doc.tracks.filter((t) => t.boxes.length > 0) });

const mix = (a: Box, b: Box, at: Box): Box => {
  const k = (at[0] - a[0]) / (b[0] - a[0]);
  const m = (i: 1 | 2 | 3 | 4): number => tenth(a[i] + (b[i] - a[i]) * k);
  return [at[0], m(1), m(2), m(3), m(4), at[5], at[6]];
};

const isGuess = (b: Box | undefined): boolean => b !== undefined && (b[5] === 'f' || b[5] === 'e');

/** Boxes that were only filled in follow the box that a person has put right, up to the next one that was seen. */
function refill(boxes: Box[], at: number, step: 1 | -1, old: Box | undefined): void {
  const fixed = boxes[at]!;
  let end = at + step;
  while (isGuess(boxes[end]) && Math.abs(boxes[end]![0] - boxes[end - step]![0]) === 1) end += step;
  const stop = boxes[end];
  const joined = stop !== undefined && Math.abs(stop[0] - boxes[end - step]![0]) === 1;
  for (let i = at + step; i !== end; i += step) {
    const b = boxes[i]!;
    if (joined) boxes[i] = mix(fixed, stop, b);
    else if (old) boxes[i] = [b[0], tenth(b[1] + fixed[1] - old[1]), tenth(b[2] + fixed[2] - old[2]), fixed[3], fixed[4], b[5], b[6]];
  }
}

/** Put a track's box of one frame where a person wants it. */
export function setBox(doc: Doc, id: number, frame: number, rect: Rect): Doc {
  return withTrack(doc, id, (t) => {
    const boxes = [...t.boxes], at = lowerBound(boxes, frame), old = boxAt(t, frame);
    boxes.splice(at, old ? 1 : 0, [frame, tenth(rect[0]), tenth(rect[1]), Math.max(1, tenth(rect[2])), Math.max(1, tenth(rect[3])), 'm', 1]);
    refill(boxes, at, 1, old);
    refill(boxes, at, -1, old);
    return { ...t, boxes };
  });
}

export function addTrack(doc: Doc, boxes: readonly Box[]): { doc: Doc; id: number } {
  const id = nextId(doc.tracks);
  const track: Track = { id, action: 'cover', reason: '', note: '', consent: '', boxes };
  return { doc: { ...doc, tracks: [...doc.tracks, track] }, id };
}

const rank = (b: Box): number => (b[5] === 'm' ? 3 : b[5] === 'd' ? 2 : b[5] === 'f' ? 1 : 0) + b[6] / 2;

/** One box a frame; where both have one, the better founded: drawn by hand before detected before filled in. */
function joinBoxes(a: readonly Box[], b: readonly Box[]): Box[] {
  const out: Box[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const x = a[i], y = b[j];
    if (x && y && x[0] === y[0]) {
      out.push(rank(y) > rank(x) ? y : x);
      i++, j++;
    } else if (!y || (x && x[0] < y[0])) {
      out.push(x!);
      i++;
    } else {
      out.push(y);
      j++;
    }
  }
  return out;
}

/** Take over what following a box has found. Boxes that were seen with confidence or drawn stay; the rest gives way. */
export function takeFollowed(doc: Doc, id: number, found: readonly Box[], sure: number): Doc {
  return withTrack(doc, id, (t) => {
    const frames = new Set(found.map((b) => b[0]));
    const kept = t.boxes.filter((b) => !frames.has(b[0]) || b[5] === 'm' || (b[5] === 'd' && b[6] >= sure));
    const held = new Set(kept.map((b) => b[0]));
    return { ...t, boxes: joinBoxes(kept, found.filter((b) => !held.has(b[0]))) };
  });
}

export function removeTracks(doc: Doc, ids: ReadonlySet<number>): Doc {
  return { ...doc, tracks: doc.tracks.filter((t) => !ids.has(t.id)) };
}

/** Without the boxes of frames from..to, both included. */
export function removePart(doc: Doc, ids: ReadonlySet<number>, from: number, to: number): Doc {
  return dropEmpty({
    ...doc,
    tracks: doc.tracks.map((t) => (ids.has(t.id) ? { ...t, boxes: t.boxes.filter((b) => b[0] < from || b[0] > to) } : t)),
  });
}

/** Boxes from `frame` on become a track of their own. A consent was given for the first one, so the second is covered. */
export function splitTrack(doc: Doc, id: number, frame: number): { doc: Doc; id: number } | undefined {
  const t = findTrack(doc, id), at = t ? lowerBound(t.boxes, frame) : 0;
  if (!t || at === 0 || at === t.boxes.length) return undefined;
  const other: Track = { ...t, id: nextId(doc.tracks), boxes: t.boxes.slice(at), ...(t.consent ? { action: 'cover', consent: '' } : {}) };
  const tracks = doc.tracks.flatMap((x) => (x.id === id ? [{ ...x, boxes: x.boxes.slice(0, at) }, other] : [x]));
  return { doc: { ...doc, tracks }, id: other.id };
}

/** One track of several, under the first id. Unless all agree on what is to be done, the result is covered. */
export function mergeTracks(doc: Doc, ids: readonly number[]): Doc {
  const parts = ids.map((id) => findTrack(doc, id)).filter((t) => t !== undefined);
  const [first, ...rest] = parts;
  if (!first || rest.length === 0) return doc;
  const agree = rest.every((t) => t.action === first.action && t.reason === first.reason && t.consent === first.consent);
  const note = [...new Set(parts.map((t) => t.note).filter(Boolean))].join('\n');
  const merged: Track = {
    ...first, note, boxes: rest.reduce<readonly Box[]>((all, t) => joinBoxes(all, t.boxes), first.boxes),
    ...(agree ? {} : { action: 'cover', consent: '' }),
  };
  const gone = new Set(rest.map((t) => t.id));
  return { ...doc, tracks: doc.tracks.filter((t) => !gone.has(t.id)).map((t) => (t.id === first.id ? merged : t)) };
}

export type TrackPatch = Partial<Pick<Track, 'action' | 'reason' | 'note' | 'consent'>>;

/** Change what is to become of tracks. Whoever may not stay visible under the rules is covered, whatever was asked for. */
export function patchTracks(doc: Doc, ids: ReadonlySet<number>, patch: TrackPatch, rules: Rules): Doc {
  return {
    ...doc,
    tracks: doc.tracks.map((t) => {
      if (!ids.has(t.id)) return t;
      const next: Track = { ...t, ...patch };
      return next.action === 'keep' && whyNotKept(next, rules) ? { ...next, action: 'cover' } : next;
    }),
  };
}

/** "Everyone but this person": these stay visible, all others are covered (those sealed stay sealed). */
export function everyoneBut(doc: Doc, ids: ReadonlySet<number>, reason: string, rules: Rules): Doc {
  const others = new Set(doc.tracks.filter((t) => !ids.has(t.id) && t.action === 'keep').map((t) => t.id));
  const mayStay = (t: Track): boolean => !whyNotKept(t, rules);
  const asIs = new Set(doc.tracks.filter((t) => ids.has(t.id) && mayStay(t)).map((t) => t.id));
  const reasoned = new Set([...ids].filter((id) => !asIs.has(id)));
  let next = patchTracks(doc, others, { action: 'cover', consent: '' }, rules);
  next = patchTracks(next, asIs, { action: 'keep' }, rules);
  return patchTracks(next, reasoned, { action: 'keep', reason, consent: '' }, rules);
}

/** "Only this person": these are covered, all others stay visible for `reason`. */
export function onlyThese(doc: Doc, ids: ReadonlySet<number>, reason: string, rules: Rules): Doc {
  const others = new Set(doc.tracks.filter((t) => !ids.has(t.id) && t.action !== 'seal').map((t) => t.id));
  const hidden = new Set(doc.tracks.filter((t) => ids.has(t.id) && t.action === 'keep').map((t) => t.id));
  return everyoneBut(patchTracks(doc, hidden, { action: 'cover', consent: '' }, rules), others, reason, rules);
}

/** A person has looked at these frames and vouches for the boxes. */
export function confirmPart(doc: Doc, id: number, from: number, to: number): Doc {
  return withTrack(doc, id, (t) => ({
    ...t, boxes: t.boxes.map((b): Box => (b[0] >= from && b[0] <= to ? [b[0], b[1], b[2], b[3], b[4], 'm', 1] : b)),
  }));
}

// ---- zones and sound -----------------------------------------------------------------------

export function addZone(doc: Doc, points: readonly Point[], from: number, to: number): { doc: Doc; id: number } {
  const id = nextId(doc.zones);
  const rounded = points.map(([x, y]): Point => [tenth(x), tenth(y)]);
  return { doc: { ...doc, zones: [...doc.zones, { id, from, to, points: rounded, reason: '', note: '' }] }, id };
}

export function patchZone(doc: Doc, id: number, patch: Partial<Omit<Zone, 'id'>>): Doc {
  return { ...doc, zones: doc.zones.map((z) => (z.id === id ? { ...z, ...patch } : z)) };
}

export const removeZone = (doc: Doc, id: number): Doc => ({ ...doc, zones: doc.zones.filter((z) => z.id !== id) });

/** Ranges that touch become one, with the first reason given. */
export function addMute(doc: Doc, from: number, to: number, reason = ''): Doc {
  const mutes: Mute[] = [];
  for (const m of [...doc.mutes, { from, to, reason }].sort((a, b) => a.from - b.from)) {
    const last = mutes[mutes.length - 1];
    if (last && m.from <= last.to) mutes[mutes.length - 1] = { from: last.from, to: Math.max(last.to, m.to), reason: last.reason || m.reason };
    else mutes.push(m);
  }
  return { ...doc, mutes };
}

export const removeMute = (doc: Doc, index: number): Doc => ({ ...doc, mutes: doc.mutes.filter((_, i) => i !== index) });
export const patchMute = (doc: Doc, index: number, patch: Partial<Mute>): Doc =>
  ({ ...doc, mutes: doc.mutes.map((m, i) => (i === index ? { ...m, ...patch } : m)) });
