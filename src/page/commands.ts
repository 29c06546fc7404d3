// SPDX-License-Identifier: GPL-3.0-or-later
// What a person can do, each thing once: keys, buttons and the hand on the picture all end here.
import * as api from './api.js';
import type { App } from './app.js';
import { clock, plural } from './dom.js';
import { allDoubts, allEdges, doubts, nextPlace, SURE, type Place } from './derive.js';
import * as m from './model.js';
import type { Player } from './player.js';
import { askReason } from './dialogs.js';

const COVER_FRAMES = 10; // frames before and after a place that an audit found
const FOLLOW_S = 20;

const ENDS: Record<string, string> = {
  cut: 'the cut', edge: 'the edge of the picture', end: 'the end', limit: `${FOLLOW_S} seconds`, lost: 'where it was lost',
};

export class Commands {
  /** Set by the panel: put the focus where grounds for keeping are chosen. */
  askGrounds: () => void = () => undefined;
  /** Set by the timeline: bring a track's row into view. */
  revealRow: (id: number) => void = () => undefined;

  constructor(private readonly app: App, private readonly player: Player) {}

  // ---- boxes ------------------------------------------------------------------------------------

  /** A new track from a box drawn in this frame; followed both ways unless only this frame is meant. */
  async addBox(rect: m.Rect, followed: boolean): Promise<void> {
    const { app } = this, { doc, id } = m.addTrack(app.doc, [[app.frame, ...rounded(rect), 'm', 1]]);
    app.mode = 'select';
    app.change(doc, `track ${id} drawn`);
    app.select(id);
    this.revealRow(id);
    if (followed) await this.follow(id);
  }

  /**
   * Hide what an audit found between two frames: a wide box that stays for that time and a little longer, and one that is
   * followed. What slipped through once is small or turned away, and following it alone may lose it again.
   */
  async coverPlace(rect: m.Rect, from: number, to: number): Promise<void> {
    const { app } = this, { width, height, frames } = app.job, [x, y, w, h] = rect;
    const left = Math.max(0, x - w * 0.4), top = Math.max(0, y - h * 0.4);
    const wide = rounded([left, top, Math.min(width, x + w * 1.4) - left, Math.min(height, y + h * 1.4) - top]);
    const boxes: m.Box[] = [];
    for (let f = Math.max(0, from - COVER_FRAMES); f <= Math.min(frames - 1, to + COVER_FRAMES); f++) boxes.push([f, ...wide, 'm', 1]);
    app.change(m.addTrack(app.doc, boxes).doc, `place at ${clock(app.time(from), 1)} covered`);
    await this.addBox([x - w * 0.1, y - h * 0.1, w * 1.2, h * 1.2], true);
  }

  /** A box in the middle of the picture, to be moved by keys. */
  async addBoxInMiddle(): Promise<void> {
    const { geometry, job } = this.app, size = Math.round(Math.min(job.width, job.height) / 8);
    const middle = geometry.toStored([geometry.left + (geometry.shownW * geometry.scale) / 2, geometry.top + (geometry.shownH * geometry.scale) / 2]);
    await this.addBox([middle[0] - size / 2, middle[1] - size / 2, size, size], false);
    this.app.say('A box is in the middle. Shift and arrows move it, Ctrl and arrows size it, F follows it');
  }

  /** Follow the box of this frame forwards and backwards through the recording. */
  async follow(id = this.app.primary): Promise<void> {
    const { app } = this, t = m.findTrack(app.doc, id), box = t && m.boxAt(t, app.frame);
    if (app.busy) return app.say('One box is being followed already', true);
    if (!box) return app.say('Choose a track that has a box in this frame', true);
    app.busy = `Following track ${id}`;
    app.draw();
    try {
      const { boxes, stopped } = await api.follow(app.frame, [box[1], box[2], box[3], box[4]], FOLLOW_S);
      const at = boxes.findIndex((b) => b[0] === box[0]), frames = boxes.length;
      if (m.findTrack(app.doc, id)) app.change(m.takeFollowed(app.doc, id, boxes, SURE), `track ${id} followed over ${plural(frames, 'frame')}: ` +
        `${at} back to ${ENDS[stopped.backward] ?? stopped.backward}, ${frames - at - 1} on to ${ENDS[stopped.forward] ?? stopped.forward}`);
    } catch (error) {
      app.say(`Following did not work: ${(error as Error).message}`, true);
    } finally {
      app.busy = '';
      app.draw();
    }
  }

  nudge(dx: number, dy: number, dw: number, dh: number): void {
    const { app } = this, box = app.track && m.boxAt(app.track, app.frame);
    if (app.zone && !app.track) return this.nudgeZone(dx, dy, dw, dh);
    if (!box) return app.say('Choose a track that has a box in this frame', true);
    const [x, y, w, h] = app.geometry.rectToScreen([box[1], box[2], box[3], box[4]]), s = app.geometry.scale;
    const rect = app.geometry.rectToStored([x + dx * s, y + dy * s, Math.max(2, w + dw * s), Math.max(2, h + dh * s)]);
    app.change(m.setBox(app.doc, app.primary, app.frame, rect), 'box changed', `nudge ${app.primary} ${app.frame}`);
  }

  private nudgeZone(dx: number, dy: number, dw: number, dh: number): void {
    const { app } = this, zone = app.doc.zones.find((z) => z.id === app.zone);
    if (!zone) return;
    const xs = zone.points.map((p) => p[0]), ys = zone.points.map((p) => p[1]), x0 = Math.min(...xs), y0 = Math.min(...ys);
    const kx = 1 + dw / Math.max(1, Math.max(...xs) - x0), ky = 1 + dh / Math.max(1, Math.max(...ys) - y0);
    const points = zone.points.map(([x, y]): m.Point => [Math.round(x0 + (x - x0) * kx + dx), Math.round(y0 + (y - y0) * ky + dy)]);
    app.change(m.patchZone(app.doc, zone.id, { points }), 'zone changed', `nudge zone ${zone.id}`);
  }

  remove(): void {
    const { app } = this, { range, selection } = app;
    if (app.zone) return app.change(m.removeZone(app.doc, app.zone), `zone ${app.zone} deleted`);
    if (!selection.size) return app.say('Choose a track to delete', true);
    const names = plural(selection.size, 'track');
    if (range) app.change(m.removePart(app.doc, selection, range.from, range.to), `part of ${names} deleted`);
    else app.change(m.removeTracks(app.doc, selection), `${names} deleted`);
  }

  split(): void {
    const { app } = this, parts = m.splitTrack(app.doc, app.primary, app.frame);
    if (!parts) return app.say('Choose a track that has boxes before and after this frame', true);
    app.change(parts.doc, `track ${app.primary} split; from here on it is track ${parts.id}`);
    app.select(parts.id);
  }

  merge(): void {
    const { app } = this;
    if (app.selection.size < 2) return app.say('Choose two or more tracks first: Shift and click in the timeline, or Alt and up or down', true);
    const list = [...app.selection].sort((a, b) => a - b);
    app.change(m.mergeTracks(app.doc, list), `tracks ${list.join(', ')} merged into ${list[0]}`);
    app.select(list[0]!);
  }

  // ---- what is to become of a track ---------------------------------------------------------------

  setAction(action: m.Action): void {
    const { app } = this;
    if (!app.selection.size) return app.say('Choose a track first', true);
    if (action === 'keep' && [...app.selection].some((id) => m.whyNotKept(m.findTrack(app.doc, id)!, app.rules))) {
      this.askGrounds();
      return app.say('To keep a face visible, choose a reason that allows it or a consent record');
    }
    app.change(m.patchTracks(app.doc, app.selection, { action }, app.rules), `${plural(app.selection.size, 'track')}: ${action}`);
  }

  patch(patch: m.TrackPatch, label: string, key = ''): void {
    this.app.change(m.patchTracks(this.app.doc, this.app.selection, patch, this.app.rules), label, key);
  }

  /** Keep these, cover all others: a subject access request. */
  everyoneBut(): void {
    const { app } = this, code = app.job.reasons.find((r) => r.keeps)?.code ?? '';
    if (!app.selection.size) return app.say('Choose the person first', true);
    const known = [...app.selection].map((id) => m.findTrack(app.doc, id)!).find((t) => !m.whyNotKept(t, app.rules));
    const reason = known?.reason || code;
    app.change(m.everyoneBut(app.doc, app.selection, reason, app.rules),
      `everyone is covered but ${plural(app.selection.size, 'track')}${known?.consent ? ', by consent' : `; reason ${reason}`}`);
  }

  /** Cover these, keep all others: a source. Others stay visible for a reason that a person gives. */
  async onlyThese(): Promise<void> {
    const { app } = this, ids = app.selection;
    if (!ids.size) return app.say('Choose the person first', true);
    const reason = await askReason('Cover only this person', 'All other faces stay visible. For what reason?', app.job.reasons.filter((r) => r.keeps));
    if (reason) app.change(m.onlyThese(app.doc, ids, reason, app.rules), `only ${plural(ids.size, 'track')} covered; the others kept: ${reason}`);
  }

  // ---- going about ------------------------------------------------------------------------------

  private go(place: Place | undefined, what: string): void {
    const { app } = this;
    if (!place) return app.say(`There is no ${what}`);
    this.player.pause();
    app.select(place.track);
    this.player.seek(place.from);
    this.revealRow(place.track);
    const box = app.track && m.boxAt(app.track, place.from);
    if (box) app.reveal([box[1], box[2], box[3], box[4]]);
  }

  doubt(step: 1 | -1): void {
    const { app } = this, list = allDoubts(app.doc);
    const at = this.doubtHere();
    this.go(nextPlace(list, at?.from ?? app.frame, at ? app.primary : step > 0 ? 0 : Infinity, step), 'uncertain stretch left');
    if (list.length) app.say(`Track ${app.primary}: uncertain. ${plural(list.length, 'stretch', 'stretches')} to look at. Y: it is a face and well covered. Del: no face`);
  }

  edge(step: 1 | -1): void {
    const { app } = this;
    const list = allEdges(app.doc, app.job.width, app.job.height, app.job.frames);
    const at = list.some((p) => p.track === app.primary && p.from === app.frame) ? app.primary : step > 0 ? 0 : Infinity;
    this.go(nextPlace(list, app.frame, at, step), 'track that begins or ends inside the picture');
    if (list.length) app.say(`Track ${app.primary} ${app.track && m.firstFrame(app.track) === app.frame ? 'begins' : 'ends'} here, inside the picture`);
  }

  private doubtHere(): Place | undefined {
    const { app } = this, t = app.track;
    const s = t && doubts(t).find((d) => d.from <= app.frame && d.to >= app.frame);
    return s && { track: app.primary, from: s.from, to: s.to };
  }

  /** The person vouches for the stretch here, and goes on to the next one. */
  confirm(): void {
    const { app } = this, t = app.track, here = this.doubtHere();
    if (!t) return app.say('Choose a track first', true);
    const [from, to] = app.range ? [app.range.from, app.range.to] : here ? [here.from, here.to] : [m.firstFrame(t), m.lastFrame(t)];
    app.change(m.confirmPart(app.doc, t.id, from, to), `track ${t.id} confirmed`);
    app.range = undefined;
    if (here) this.doubt(1);
  }

  step(frames: number): void {
    this.player.pause();
    this.player.seek(this.app.frame + frames);
  }

  jump(seconds: number): void {
    this.player.seek(this.app.frameAt(this.app.time(this.app.frame) + seconds));
  }

  selectStep(order: readonly number[], step: 1 | -1, more: boolean): void {
    const { app } = this, at = order.indexOf(app.primary), to = order[at < 0 ? (step > 0 ? 0 : order.length - 1) : at + step];
    if (to === undefined) return;
    if (more) {
      app.selection = new Set([...app.selection, to]);
      app.primary = to;
    } else app.select(to);
    this.revealRow(to);
    const t = app.track;
    if (t && !m.boxAt(t, app.frame) && !more) this.player.seek(m.firstFrame(t));
    if (t) app.say(describe(app, t));
    app.draw();
  }

  // ---- ranges, zones, sound -------------------------------------------------------------------------

  mark(end: 'from' | 'to'): void {
    const { app } = this, f = app.frame, last = app.job.frames - 1;
    const r = app.range ?? { from: 0, to: last };
    app.range = end === 'from' ? { from: f, to: Math.max(f, app.range ? r.to : last) } : { from: Math.min(f, r.from), to: f };
    app.say(`Range from ${app.time(app.range.from).toFixed(2)} to ${app.endTime(app.range.to).toFixed(2)} seconds`);
    app.draw();
  }

  clearRange(): void {
    this.app.range = undefined;
    this.app.draw();
  }

  private times(): [number, number] {
    const { app } = this, r = app.range ?? { from: 0, to: app.job.frames - 1 };
    return [round3(app.time(r.from)), round3(app.endTime(r.to))];
  }

  addZone(points: readonly m.Point[]): void {
    const [from, to] = this.times(), { doc, id } = m.addZone(this.app.doc, points, from, to);
    this.app.change(doc, `zone ${id} added`);
    this.app.selectZone(id);
  }

  addZoneInMiddle(): void {
    const { width: w, height: h } = this.app.job;
    this.addZone([[w * 0.375, h * 0.375], [w * 0.625, h * 0.375], [w * 0.625, h * 0.625], [w * 0.375, h * 0.625]]);
    this.app.mode = 'select';
    this.app.say('A zone is in the middle. Shift and arrows move it, Ctrl and arrows size it');
  }

  mute(): void {
    const { app } = this;
    if (!app.job.audio) return app.say('This recording has no sound', true);
    if (!app.range) return app.say('Mark a range first: I where it begins, O where it ends', true);
    const [from, to] = this.times();
    app.change(m.addMute(app.doc, from, to), 'sound muted in the range');
    this.clearRange();
  }

  async togglePreview(): Promise<void> {
    const { app } = this;
    if (!app.preview && !(await app.saver.flush())) return app.say('The preview needs a saved file; see the bar above', true);
    app.preview = !app.preview;
    this.player.invalidate();
    app.say(app.preview ? 'Shown as it will be published' : 'Shown as recorded');
    app.draw();
  }
}

const round3 = (v: number): number => Math.round(v * 1000) / 1000;
const rounded = (r: m.Rect): [number, number, number, number] => r.map((v) => Math.round(v * 10) / 10) as [number, number, number, number];

/** A track in words. */
export function describe(app: App, t: m.Track): string {
  const n = doubts(t).length, action = t.action === 'cover' ? 'covered' : t.action === 'keep' ? 'kept visible' : 'sealed';
  return `Track ${t.id}, ${app.time(m.firstFrame(t)).toFixed(1)} to ${app.time(m.lastFrame(t)).toFixed(1)} seconds, ${action}` +
    (n ? `, ${plural(n, 'uncertain stretch', 'uncertain stretches')}` : '');
}
