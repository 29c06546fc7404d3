// SPDX-License-Identifier: GPL-3.0-or-later
import { test } from 'node:test';
import assert from 'node:assert/strict';
import * as m from '../model.js';
import { History } from '../history.js';
import { allDoubts, allEdges, doubts, nextPlace, stretches } from '../derive.js';
import { applyPatch, diff, parseTracks, printTracks } from '../text.js';

const box = (frame: number, x: number, origin: m.Origin = 'd', score = 0.9): m.Box => [frame, x, 50, 40, 50, origin, score];
const run = (from: number, to: number, x: number, origin: m.Origin = 'd', score = 0.9): m.Box[] =>
  Array.from({ length: to - from + 1 }, (_, i) => box(from + i, x, origin, score));
const track = (id: number, boxes: m.Box[], more: Partial<m.Track> = {}): m.Track =>
  ({ id, action: 'cover', reason: '', note: '', consent: '', boxes, ...more });
const docOf = (...tracks: m.Track[]): m.Doc => ({ tracks, zones: [], mutes: [] });
const ids = (...list: number[]): Set<number> => new Set(list);
const rules: m.Rules = {
  reasons: [{ code: 'asked', text: '', basis: '', keeps: true }, { code: 'child', text: '', basis: '', keeps: false }],
  consents: [{ id: 'c1', subject: 'A', state: 'valid', track: 1 }, { id: 'c2', subject: 'B', state: 'withdrawn' }],
};

test('a box is found by its frame, or not at all', () => {
  const t = track(1, [box(3, 0), box(4, 1), box(9, 2)]);
  assert.equal(m.boxAt(t, 4)?.[1], 1);
  assert.equal(m.boxAt(t, 5), undefined);
  assert.equal(m.boxAt(t, 99), undefined);
});

test('keeping needs a valid consent of this track or a reason that keeps', () => {
  const kept = (more: m.TrackPatch, id = 1): m.Action =>
    m.patchTracks(docOf(track(id, run(0, 1, 0))), ids(id), { action: 'keep', ...more }, rules).tracks[0]!.action;
  assert.equal(kept({}), 'cover');
  assert.equal(kept({ reason: 'child' }), 'cover');
  assert.equal(kept({ reason: 'asked' }), 'keep');
  assert.equal(kept({ consent: 'c1' }), 'keep');
  assert.equal(kept({ consent: 'c1' }, 2), 'cover', 'a record of another track');
  assert.equal(kept({ consent: 'c2' }), 'cover', 'withdrawn');
  assert.equal(kept({ consent: 'c2', reason: 'asked' }), 'cover', 'a reason does not mend a bad consent');
  assert.equal(kept({ consent: 'nowhere' }), 'cover');
});

test('taking the reason away covers again', () => {
  const doc = m.patchTracks(docOf(track(1, run(0, 1, 0))), ids(1), { action: 'keep', reason: 'asked' }, rules);
  assert.equal(m.patchTracks(doc, ids(1), { reason: '' }, rules).tracks[0]!.action, 'cover');
});

test('a box set by hand pulls what was filled in beside it', () => {
  const t = track(1, [box(0, 0), box(1, 10, 'f'), box(2, 20, 'f'), box(3, 30), box(4, 40, 'f'), box(5, 50)]);
  const after = m.setBox(docOf(t), 1, 3, [60, 50, 40, 50]).tracks[0]!.boxes;
  assert.deepEqual(after.map((b) => b[1]), [0, 20, 40, 60, 55, 50]);
  assert.deepEqual(after[3], [3, 60, 50, 40, 50, 'm', 1]);
  assert.equal(after[1]![5], 'f');
});

test('an extended end moves along, and boxes never vanish in size', () => {
  const t = track(1, [box(0, 0), box(1, 0, 'e'), box(2, 5, 'e')]);
  const after = m.setBox(docOf(t), 1, 0, [10.04, 50, 0, 50]).tracks[0]!.boxes;
  assert.deepEqual(after.map((b) => b[1]), [10, 10, 15]);
  assert.equal(after[0]![3], 1);
});

test('a box set in a gap keeps the order', () => {
  const after = m.setBox(docOf(track(1, [box(0, 0), box(9, 9)])), 1, 5, [1, 2, 3, 4]).tracks[0]!.boxes;
  assert.deepEqual(after.map((b) => b[0]), [0, 5, 9]);
});

test('a split leaves all boxes, and consent with the first', () => {
  const parts = m.splitTrack(docOf(track(1, run(0, 9, 0), { action: 'keep', consent: 'c1' })), 1, 4)!;
  assert.equal(parts.id, 2);
  assert.deepEqual(parts.doc.tracks.map((t) => [t.id, m.firstFrame(t), m.lastFrame(t), t.action, t.consent]),
    [[1, 0, 3, 'keep', 'c1'], [2, 4, 9, 'cover', '']]);
  assert.equal(m.splitTrack(parts.doc, 1, 0), undefined, 'nothing before it');
  assert.equal(m.splitTrack(parts.doc, 1, 50), undefined, 'nothing after it');
});

test('merging keeps one box a frame, the better founded', () => {
  const doc = docOf(track(1, run(0, 3, 1, 'f')), track(2, run(2, 5, 2, 'd')), track(3, run(0, 0, 3)));
  const after = m.mergeTracks(doc, [1, 2]);
  assert.deepEqual(after.tracks.map((t) => t.id), [1, 3]);
  assert.deepEqual(after.tracks[0]!.boxes.map((b) => [b[0], b[1]]), [[0, 1], [1, 1], [2, 2], [3, 2], [4, 2], [5, 2]]);
  assert.equal(m.mergeTracks(doc, [1]), doc);
});

test('merging who is kept with who is covered covers', () => {
  const doc = docOf(track(1, run(0, 3, 1), { action: 'keep', reason: 'asked' }), track(2, run(4, 5, 2)));
  assert.equal(m.mergeTracks(doc, [1, 2]).tracks[0]!.action, 'cover');
});

test('deleting a part can leave a gap, or nothing', () => {
  const doc = docOf(track(1, run(0, 9, 0)), track(2, run(3, 5, 0)));
  const after = m.removePart(doc, ids(1, 2), 3, 6);
  assert.deepEqual(after.tracks.map((t) => t.boxes.map((b) => b[0])), [[0, 1, 2, 7, 8, 9]]);
});

test('following fills what was weak and leaves what was seen or drawn', () => {
  const t = track(1, [box(0, 0), box(1, 1, 'd', 0.3), box(2, 2, 'f'), box(3, 3, 'm', 1)]);
  const found = run(0, 5, 100, 'm', 0.8);
  assert.deepEqual(m.takeFollowed(docOf(t), 1, found, 0.5).tracks[0]!.boxes.map((b) => b[1]), [0, 100, 100, 3, 100, 100]);
});

test('everyone but this person, and only this person', () => {
  const doc = docOf(track(1, run(0, 1, 0)), track(2, run(0, 1, 0), { action: 'keep', reason: 'asked' }),
    track(3, run(0, 1, 0), { action: 'seal' }));
  const actions = (d: m.Doc): m.Action[] => d.tracks.map((t) => t.action);
  assert.deepEqual(actions(m.everyoneBut(doc, ids(1), 'asked', rules)), ['keep', 'cover', 'seal']);
  assert.deepEqual(actions(m.everyoneBut(doc, ids(1), 'child', rules)), ['cover', 'cover', 'seal'], 'no such reason');
  assert.deepEqual(actions(m.onlyThese(doc, ids(2), 'asked', rules)), ['keep', 'cover', 'seal']);
});

test('undo and redo go all the way, and a drag is one step', () => {
  const first = docOf(track(1, run(0, 3, 0))), h = new History(first);
  for (let i = 1; i <= 5; i++) h.push(m.setBox(h.doc, 1, 1, [i, 0, 10, 10]), 'move', 'drag 1');
  h.seal();
  h.push(m.removeTracks(h.doc, ids(1)), 'delete');
  for (let i = 0; i < 1000; i++) h.push(m.addMute(h.doc, i * 2, i * 2 + 1), 'mute');
  const last = h.doc;
  let n = 0;
  while (h.undo()) n++;
  assert.equal(n, 1002);
  assert.equal(h.doc, first);
  while (h.redo());
  assert.equal(h.doc, last);
  assert.equal(h.push(last, 'nothing'), false);
});

test('mutes that touch are one', () => {
  let doc = m.addMute(docOf(), 5, 6);
  doc = m.addMute(doc, 1, 2, 'name');
  doc = m.addMute(doc, 2, 5);
  assert.deepEqual(doc.mutes, [{ from: 1, to: 6, reason: 'name' }]);
});

test('stretches by origin; short fills between searches count as detected', () => {
  const t = track(1, [...run(0, 0, 0), ...run(1, 2, 0, 'f'), ...run(3, 3, 0), ...run(4, 23, 0, 'f'), ...run(24, 24, 0), ...run(25, 30, 0, 'e')]);
  assert.deepEqual(stretches(t).map((s) => [s.from, s.to, s.origin]), [[0, 3, 'd'], [4, 23, 'f'], [24, 24, 'd'], [25, 30, 'e']]);
  assert.deepEqual(doubts(t).map((s) => [s.from, s.to]), [[4, 23]], 'out of sight for long');
});

test('low scores are places to look at, until a person vouches for them', () => {
  const doc = docOf(track(1, [...run(0, 9, 0), ...run(10, 20, 0, 'd', 0.4)]), track(2, run(5, 6, 0, 'd', 0.3)));
  assert.deepEqual(allDoubts(doc), [{ track: 2, from: 5, to: 6 }, { track: 1, from: 10, to: 20 }]);
  assert.equal(nextPlace(allDoubts(doc), 5, 2, 1)?.track, 1);
  assert.equal(nextPlace(allDoubts(doc), 10, 1, 1)?.track, 2, 'wraps');
  assert.equal(nextPlace(allDoubts(doc), 10, 1, -1)?.track, 2);
  assert.deepEqual(allDoubts(m.confirmPart(doc, 1, 10, 20)).map((p) => p.track), [2]);
});

test('begins and ends inside the picture, not at its edge nor at the ends of the film', () => {
  const doc = docOf(track(1, run(0, 9, 300)), track(2, [...run(5, 8, 1), ...run(9, 12, 300)]));
  assert.deepEqual(allEdges(doc, 640, 360, 100).map((p) => [p.track, p.from]), [[1, 9], [2, 12]]);
});

test('a file goes out as it came in, head to the byte', () => {
  const head = '{\n "format":"veil-tracks", "version":1, "revision":7, "source":{"width":4,"height":3,"rotation":0,"frames":2,"x":1.0}, "detector":{"threshold":1.0},\n ';
  const text = `${head}"tracks":[{"id":1,"action":"cover","reason":"","note":"\\"tracks\\"","consent":"","boxes":[[0,1.5,2,3,4,"d",0.93]]}],"zones":[],"mutes":[]}`;
  const read = parseTracks(text), out = printTracks(read.doc, read.head).join('');
  assert.equal(read.head, head);
  assert.ok(out.startsWith(head));
  assert.deepEqual(JSON.parse(out), JSON.parse(text));
  assert.throws(() => parseTracks('{"format":"other"}'));
});

test('the journal brings unsaved work back', () => {
  const saved = docOf(track(1, run(0, 3, 0)), track(2, run(0, 3, 0)), track(3, run(0, 3, 0)));
  const mine = m.addMute(m.removeTracks(m.setBox(saved, 2, 1, [9, 9, 9, 9]), ids(3)), 1, 2);
  const patch = diff(saved, mine);
  assert.deepEqual(patch.tracks.map((t) => t.id), [2]);
  assert.deepEqual(applyPatch(saved, JSON.parse(JSON.stringify(patch))), mine);
});

test('undo and redo outlive a reload', () => {
  const docs = [docOf(track(1, run(0, 3, 0)), track(2, run(0, 3, 0)))];
  const h = new History(docs[0]!);
  const push = (doc: m.Doc, label: string): void => {
    docs.push(doc);
    h.push(doc, label);
  };
  push(m.setBox(h.doc, 2, 1, [9, 9, 9, 9]), 'moved');
  push(m.removeTracks(h.doc, ids(1)), 'deleted');
  push(m.addMute(h.doc, 1, 2), 'muted');
  h.undo();
  const again = History.unpack(h.doc, JSON.parse(JSON.stringify(h.pack(1e6))));
  assert.equal(again.undo(), 'deleted');
  assert.deepEqual(again.doc, docs[1]);
  assert.equal(again.undo(), 'moved');
  assert.deepEqual(again.doc, docs[0]);
  assert.equal(again.undo(), '');
  assert.equal(again.redo(), 'moved');
  again.redo();
  assert.equal(again.redo(), 'muted');
  assert.deepEqual(again.doc, docs[3]);
  assert.equal(again.redo(), '');
  assert.ok(!History.unpack(h.doc, h.pack(10)).canUndo, 'without room nothing is kept, and nothing breaks');
});
