// SPDX-License-Identifier: GPL-3.0-or-later
// The tracks file as text. What a scan found out stands at its head and goes back to the byte; a track that did not
// change is not printed anew, so saving an hour with 500 tracks does not hold up the page.
import type { Box, Doc, Mute, Track, Zone } from './model.js';

export interface Source {
  readonly width: number; readonly height: number; readonly rotation: number; readonly frames: number;
}
export interface TracksText { readonly doc: Doc; readonly source: Source; readonly head: string; readonly revision: number }

interface Whole { format: string; version: number; revision: number; source: Source; tracks: Track[]; zones?: Zone[]; mutes?: Mute[] }

export class FormatError extends Error {}

/** Everything before "tracks", if the file is laid out as veil writes it. */
function headOf(text: string, whole: Whole): string {
  const at = text.indexOf('"tracks"');
  const head = at > 0 ? text.slice(0, at) : '';
  try {
    const again = JSON.parse(`${head}"tracks":[]}`) as Whole;
    if (JSON.stringify(again.source) === JSON.stringify(whole.source)) return head;
  } catch { /* laid out in another way */ }
  const { tracks: _t, zones: _z, mutes: _m, ...rest } = whole;
  return `${JSON.stringify(rest).slice(0, -1)},`;
}

export function parseTracks(text: string): TracksText {
  const whole = JSON.parse(text) as Whole;
  if (whole.format !== 'veil-tracks' || whole.version !== 1) throw new FormatError('this is no tracks file of version 1');
  const text_of = (t: Track): Track =>
    ({ id: t.id, action: t.action, reason: t.reason ?? '', note: t.note ?? '', consent: t.consent ?? '', boxes: t.boxes });
  const doc: Doc = {
    tracks: whole.tracks.map(text_of),
    zones: (whole.zones ?? []).map((z) => ({ ...z, reason: z.reason ?? '', note: z.note ?? '' })),
    mutes: (whole.mutes ?? []).map((m) => ({ ...m, reason: m.reason ?? '' })),
  };
  return { doc, source: whole.source, head: headOf(text, whole), revision: whole.revision };
}

const boxesText = new WeakMap<readonly Box[], string>();

function printTrack(t: Track): string {
  let boxes = boxesText.get(t.boxes);
  if (boxes === undefined) boxesText.set(t.boxes, (boxes = JSON.stringify(t.boxes)));
  const { boxes: _, ...rest } = t;
  return `${JSON.stringify(rest).slice(0, -1)},"boxes":${boxes}}`;
}

/** In parts, for a Blob. */
export function printTracks(doc: Doc, head: string): string[] {
  const parts = [head, '"tracks":['];
  doc.tracks.forEach((t, i) => parts.push(i ? ',\n' : '\n', printTrack(t)));
  parts.push('],\n"zones":', JSON.stringify(doc.zones), ',\n"mutes":', JSON.stringify(doc.mutes), '}\n');
  return parts;
}

// ---- what differs between two documents: the journal that outlives a reload ---------------------

export interface Patch {
  readonly order: readonly number[];
  readonly tracks: readonly Track[];
  readonly zones: readonly Zone[];
  readonly mutes: readonly Mute[];
}

export function diff(from: Doc, to: Doc): Patch {
  const had = new Set(from.tracks);
  return { order: to.tracks.map((t) => t.id), tracks: to.tracks.filter((t) => !had.has(t)), zones: to.zones, mutes: to.mutes };
}

export function applyPatch(doc: Doc, patch: Patch): Doc {
  const byId = new Map([...doc.tracks, ...patch.tracks].map((t) => [t.id, t]));
  const tracks = patch.order.map((id) => byId.get(id)).filter((t) => t !== undefined);
  return { tracks, zones: patch.zones, mutes: patch.mutes };
}
