// SPDX-License-Identifier: GPL-3.0-or-later
// The picture and what lies over it: boxes, zones, and the hand that draws and moves them.
import type { App } from './app.js';
import type { Player } from './player.js';
import type { Commands } from './commands.js';
import { byId, fitCanvas } from './dom.js';
import { colors } from './colors.js';
import { contains, spanned } from './geometry.js';
import { isDoubtful, tracksAt } from './derive.js';
import { boxAt, patchZone, setBox, type Box, type Point, type Rect, type Track, type Zone } from './model.js';

const HANDLE = 4;     // half a side, CSS pixels
const GRAB = 9;       // reach of a handle
const LEAST = 6;      // smaller drags are clicks

type Drag =
  | { kind: 'draw'; start: Point; end: Point }
  | { kind: 'move' | 'size'; start: Point; rect: Rect; ax: -1 | 0 | 1; ay: -1 | 0 | 1; id: number; moved: boolean }
  | { kind: 'pan'; at: Point }
  | { kind: 'point'; zone: Zone; index: number }
  | undefined;

export class Overlay {
  private drag: Drag;
  private points: Point[] = []; // of a zone being drawn, stored pixels
  private pointer: Point = [0, 0];
  private readonly loupe = byId<HTMLCanvasElement>('loupe');

  constructor(private readonly app: App, private readonly player: Player, private readonly commands: Commands, private readonly canvas: HTMLCanvasElement) {
    canvas.addEventListener('pointerdown', (e) => this.down(e));
    canvas.addEventListener('pointermove', (e) => this.move(e));
    canvas.addEventListener('pointerup', (e) => this.up(e));
    canvas.addEventListener('pointercancel', () => this.cancel());
    canvas.addEventListener('dblclick', () => this.points.length >= 3 && this.closeZone());
    canvas.addEventListener('wheel', (e) => this.wheel(e), { passive: false });
    canvas.addEventListener('contextmenu', (e) => e.preventDefault());
    new ResizeObserver(() => app.draw()).observe(canvas);
  }

  // ---- drawing --------------------------------------------------------------------------------

  render(): void {
    const fit = fitCanvas(this.canvas), { app } = this;
    if (!fit) return;
    const { g, w, h } = fit, geo = app.geometry;
    geo.setView(w, h);
    g.clearRect(0, 0, w, h);
    const picture = this.player.picture();
    if (picture) {
      // Making a picture larger needs no mipmaps, which cost a pass over each new one.
      g.imageSmoothingQuality = picture.bitmap.width <= geo.shownW * geo.scale * (window.devicePixelRatio || 1) ? 'low' : 'medium';
      g.drawImage(picture.bitmap, geo.left, geo.top, geo.shownW * geo.scale, geo.shownH * geo.scale);
    }
    if (this.player.isBroken) this.notice(g, w, h, 'This frame cannot be shown');
    const frame = picture?.frame ?? app.frame, c = colors();
    this.drawZones(g, frame);
    for (const t of tracksAt(app.doc, frame)) {
      const box = boxAt(t, frame);
      if (box && !app.selection.has(t.id)) this.drawBox(g, t, box, false);
    }
    for (const id of app.selection) {
      const t = app.doc.tracks.find((x) => x.id === id), box = t && boxAt(t, frame);
      if (t && box) this.drawBox(g, t, box, true);
    }
    if (this.drag?.kind === 'draw') {
      g.strokeStyle = c.accent;
      g.lineWidth = 1.5;
      g.strokeRect(...spanned(this.drag.start, this.drag.end));
    }
    if (app.found) {
      const [x, y, fw, fh] = geo.rectToScreen(app.found);
      g.strokeStyle = c.doubt;
      g.lineWidth = 2;
      g.setLineDash([4, 4]);
      g.strokeRect(x - 6, y - 6, fw + 12, fh + 12);
      g.setLineDash([]);
    }
    this.drawLoupe(picture);
    this.drawOpenZone(g);
    this.canvas.style.cursor = this.cursor();
  }

  /** The chosen face as it is in this frame, large: small faces are hard to judge in the picture. */
  private drawLoupe(picture: { frame: number; bitmap: ImageBitmap } | undefined): void {
    const { app } = this, g = this.loupe.getContext('2d')!, side = this.loupe.width;
    const box = picture && app.track && boxAt(app.track, picture.frame), geo = app.geometry;
    g.clearRect(0, 0, side, side);
    if (!box || !picture) return;
    const [x, y, w, h] = geo.rectToScreen([box[1], box[2], box[3], box[4]]), reach = Math.max(w, h) * 0.9;
    const k = picture.bitmap.width / (geo.shownW * geo.scale); // from the screen to the fetched picture
    g.drawImage(picture.bitmap, (x + w / 2 - reach - geo.left) * k, (y + h / 2 - reach - geo.top) * k, 2 * reach * k, 2 * reach * k, 0, 0, side, side);
    g.strokeStyle = colors().accent;
    g.lineWidth = 2;
    g.strokeRect(side / 2 - (w / reach) * side / 4, side / 2 - (h / reach) * side / 4, (w / reach) * side / 2, (h / reach) * side / 2);
  }

  private notice(g: CanvasRenderingContext2D, w: number, h: number, text: string): void {
    g.fillStyle = colors().text;
    g.font = '14px system-ui, sans-serif';
    g.textAlign = 'center';
    g.fillText(text, w / 2, h / 2);
    g.textAlign = 'left';
  }

  private drawBox(g: CanvasRenderingContext2D, t: Track, box: Box, chosen: boolean): void {
    const c = colors(), [x, y, w, h] = this.app.geometry.rectToScreen([box[1], box[2], box[3], box[4]]);
    const low = isDoubtful(box);
    const color = chosen ? c.boxChosen : t.action === 'keep' ? c.boxKeep : t.action === 'seal' ? c.boxSeal : low ? c.boxDoubt : c.box;
    if (this.app.preview && !chosen) g.globalAlpha = 0.45;
    g.setLineDash(box[5] === 'f' ? [6, 3] : box[5] === 'e' ? [2, 3] : []);
    g.lineWidth = chosen ? 4 : 3.5;
    g.strokeStyle = 'rgba(0,0,0,.55)'; // an outline that shows on any picture
    g.strokeRect(x, y, w, h);
    g.lineWidth = chosen ? 2 : 1.5;
    g.strokeStyle = color;
    g.strokeRect(x, y, w, h);
    g.setLineDash([]);
    if (chosen || w >= 28) this.drawLabel(g, t, x, y, color, chosen, low);
    if (chosen && t.id === this.app.primary) this.drawHandles(g, [x, y, w, h]);
    g.globalAlpha = 1;
  }

  private drawLabel(g: CanvasRenderingContext2D, t: Track, x: number, y: number, color: string, chosen: boolean, low: boolean): void {
    const text = `${t.id}${t.action === 'keep' ? ' kept' : t.action === 'seal' ? ' sealed' : ''}${low ? ' ?' : ''}`;
    g.font = '600 11px system-ui, sans-serif';
    const w = g.measureText(text).width + 8, top = y > 18 ? y - 17 : y + 2;
    g.fillStyle = chosen ? color : 'rgba(8,11,16,.78)';
    g.fillRect(x - 1, top, w, 15);
    g.fillStyle = chosen ? colors().boxInk : color;
    g.fillText(text, x + 3, top + 11);
  }

  private drawHandles(g: CanvasRenderingContext2D, rect: Rect): void {
    const c = colors(), r = Math.min(HANDLE, Math.max(2, Math.min(rect[2], rect[3]) / 8)); // a small face is not hidden by them
    for (const [hx, hy] of handles(rect)) {
      g.fillStyle = c.boxInk;
      g.fillRect(hx - r, hy - r, 2 * r, 2 * r);
      g.strokeStyle = c.boxChosen;
      g.lineWidth = 1.5;
      g.strokeRect(hx - r, hy - r, 2 * r, 2 * r);
    }
  }

  private drawZones(g: CanvasRenderingContext2D, frame: number): void {
    const c = colors(), now = this.app.time(frame);
    for (const z of this.app.doc.zones) {
      const chosen = z.id === this.app.zone;
      if (!chosen && (now < z.from || now >= z.to)) continue;
      this.path(g, z.points);
      g.closePath();
      g.globalAlpha = now < z.from || now >= z.to ? 0.3 : 1;
      g.fillStyle = c.zoneFill;
      g.fill();
      g.lineWidth = chosen ? 2 : 1.25;
      g.strokeStyle = chosen ? c.accent : c.zone;
      g.stroke();
      if (chosen) for (const p of z.points) this.dot(g, this.app.geometry.toScreen(p));
      g.globalAlpha = 1;
    }
  }

  private drawOpenZone(g: CanvasRenderingContext2D): void {
    if (!this.points.length) return;
    this.path(g, this.points);
    g.lineTo(...this.pointer);
    g.lineWidth = 1.5;
    g.strokeStyle = colors().accent;
    g.stroke();
    for (const p of this.points) this.dot(g, this.app.geometry.toScreen(p));
  }

  private path(g: CanvasRenderingContext2D, points: readonly Point[]): void {
    g.beginPath();
    points.forEach((p, i) => {
      const at = this.app.geometry.toScreen(p);
      if (i) g.lineTo(...at);
      else g.moveTo(...at);
    });
  }

  private dot(g: CanvasRenderingContext2D, [x, y]: Point): void {
    g.fillStyle = colors().onAccent;
    g.fillRect(x - 4, y - 4, 8, 8);
    g.strokeStyle = colors().accent;
    g.strokeRect(x - 4, y - 4, 8, 8);
  }

  // ---- the hand -------------------------------------------------------------------------------

  private at(e: PointerEvent | WheelEvent): Point {
    const r = this.canvas.getBoundingClientRect();
    return [e.clientX - r.left, e.clientY - r.top];
  }

  private screenBox(t: Track | undefined): Rect | undefined {
    const box = t && boxAt(t, this.app.frame);
    return box && this.app.geometry.rectToScreen([box[1], box[2], box[3], box[4]]);
  }

  /** Which handle of the chosen box is under a point. */
  private handleAt(p: Point): { ax: -1 | 0 | 1; ay: -1 | 0 | 1 } | undefined {
    const rect = this.app.mode === 'select' ? this.screenBox(this.app.track) : undefined;
    return rect && handles(rect).filter(([x, y]) => Math.abs(x - p[0]) <= GRAB && Math.abs(y - p[1]) <= GRAB)
      .sort((a, b) => Math.hypot(a[0] - p[0], a[1] - p[1]) - Math.hypot(b[0] - p[0], b[1] - p[1]))
      .map(([, , ax, ay]) => ({ ax, ay }))[0];
  }

  /** The smallest box under a point. */
  private trackAt(p: Point): Track | undefined {
    let best: Track | undefined, area = Infinity;
    for (const t of tracksAt(this.app.doc, this.app.frame)) {
      const r = this.screenBox(t);
      if (r && contains(r, p) && r[2] * r[3] < area) [best, area] = [t, r[2] * r[3]];
    }
    return best;
  }

  private zonePointAt(p: Point): { zone: Zone; index: number } | undefined {
    const zone = this.app.doc.zones.find((z) => z.id === this.app.zone);
    const index = zone?.points.findIndex((q) => Math.hypot(...minus(this.app.geometry.toScreen(q), p)) < GRAB) ?? -1;
    return zone && index >= 0 ? { zone, index } : undefined;
  }

  private down(e: PointerEvent): void {
    const p = this.at(e), { app } = this;
    this.canvas.setPointerCapture(e.pointerId);
    this.pointer = p;
    if (app.playing) this.player.pause();
    if (e.button === 1 || e.button === 2) this.drag = { kind: 'pan', at: p };
    else if (app.mode === 'zone') this.points.push(app.geometry.toStored(p));
    else if (app.mode === 'box') this.drag = { kind: 'draw', start: p, end: p };
    else this.grab(p, e.ctrlKey || e.metaKey || e.shiftKey);
    app.draw();
  }

  private grab(p: Point, more: boolean): void {
    const { app } = this, handle = this.handleAt(p), corner = this.zonePointAt(p), chosen = this.screenBox(app.track);
    if (corner) {
      this.drag = { kind: 'point', ...corner };
      return;
    }
    if (handle && chosen && !more) {
      this.drag = { kind: 'size', start: p, rect: chosen, ...handle, id: app.primary, moved: false };
      return;
    }
    const t = chosen && contains(chosen, p) && !more ? app.track : this.trackAt(p);
    const rect = this.screenBox(t);
    if (!t || !rect) {
      this.drag = { kind: 'draw', start: p, end: p };
      return;
    }
    if (t.id !== app.primary || more) app.select(t.id, more);
    if (!more) this.drag = { kind: 'move', start: p, rect, ax: 0, ay: 0, id: t.id, moved: false };
  }

  private move(e: PointerEvent): void {
    const p = this.at(e), d = this.drag;
    this.pointer = p;
    if (d?.kind === 'draw') d.end = p;
    else if (d?.kind === 'pan') {
      this.app.geometry.pan(p[0] - d.at[0], p[1] - d.at[1]);
      d.at = p;
    } else if (d?.kind === 'point') this.movePoint(d.zone, d.index, p);
    else if (d && (d.kind === 'move' || d.kind === 'size')) this.moveBox(d, p);
    else if (!this.points.length) {
      this.canvas.style.cursor = this.cursor();
      return;
    }
    this.app.draw();
  }

  private moveBox(d: Extract<Drag, { kind: 'move' | 'size' }>, p: Point): void {
    const [dx, dy] = minus(p, d.start);
    if (!d.moved && Math.hypot(dx, dy) < 3) return;
    d.moved = true;
    const [x, y, w, h] = d.rect;
    const rect: Rect = d.kind === 'move' ? [x + dx, y + dy, w, h]
      : spanned([x + (d.ax < 0 ? dx : 0), y + (d.ay < 0 ? dy : 0)], [x + w + (d.ax > 0 ? dx : 0), y + h + (d.ay > 0 ? dy : 0)]);
    const { app } = this;
    app.change(setBox(app.doc, d.id, app.frame, app.geometry.rectToStored(rect)), d.kind === 'move' ? 'box moved' : 'box resized', `drag ${d.id} ${app.frame}`);
  }

  private movePoint(zone: Zone, index: number, p: Point): void {
    const at = this.app.geometry.toStored(p), points = zone.points.map((q, i): Point => (i === index ? [Math.round(at[0]), Math.round(at[1])] : q));
    this.app.change(patchZone(this.app.doc, zone.id, { points }), 'zone changed', `zone ${zone.id} ${index}`);
  }

  private up(e: PointerEvent): void {
    const d = this.drag, { app } = this;
    this.drag = undefined;
    if (d?.kind === 'draw') {
      const rect = spanned(d.start, d.end);
      if (rect[2] >= LEAST && rect[3] >= LEAST) void this.commands.addBox(app.geometry.rectToStored(rect), !e.altKey);
      else if (!e.ctrlKey && !e.shiftKey) app.select(0);
    }
    app.history.seal();
    app.draw();
  }

  private wheel(e: WheelEvent): void {
    e.preventDefault();
    if (e.ctrlKey || e.metaKey) this.app.geometry.zoomAt(Math.exp(-e.deltaY / 300), this.at(e));
    else if (this.app.geometry.zoom > 1) this.app.geometry.pan(-e.deltaX, -e.deltaY);
    else this.player.seek(this.app.frame + Math.sign(e.deltaY || e.deltaX));
    this.app.draw();
  }

  private cursor(): string {
    const d = this.drag;
    if (d?.kind === 'pan') return 'grabbing';
    if (this.app.mode !== 'select') return 'crosshair';
    const s = d?.kind === 'size' ? d : this.handleAt(this.pointer);
    if (s) return s.ax && s.ay ? (s.ax === s.ay ? 'nwse-resize' : 'nesw-resize') : s.ax ? 'ew-resize' : 'ns-resize';
    return d?.kind === 'move' || this.trackAt(this.pointer) ? 'move' : 'crosshair';
  }

  // ---- keys that the picture answers --------------------------------------------------------------

  /** Escape: give up what is being drawn. @return true if there was something */
  cancel(): boolean {
    const had = this.drag !== undefined || this.points.length > 0 || this.app.mode !== 'select';
    this.drag = undefined;
    this.points = [];
    this.app.mode = 'select';
    this.app.draw();
    return had;
  }

  /** @return true if there was an open zone */
  closeZone(): boolean {
    const points = this.points.filter((p, i, all) => !i || Math.hypot(...minus(p, all[i - 1]!)) > 1);
    if (this.app.mode !== 'zone' || points.length < 3) return false;
    this.points = [];
    this.app.mode = 'select';
    this.commands.addZone(points);
    return true;
  }
}

const minus = (a: Point, b: Point): [number, number] => [a[0] - b[0], a[1] - b[1]];

function handles([x, y, w, h]: Rect): [number, number, -1 | 0 | 1, -1 | 0 | 1][] {
  const out: [number, number, -1 | 0 | 1, -1 | 0 | 1][] = [];
  for (const ax of [-1, 0, 1] as const)
    for (const ay of [-1, 0, 1] as const) {
      const side = ax === 0 || ay === 0, room = ax === 0 ? w : h;
      if ((ax || ay) && (!side || room > 40)) out.push([x + (w * (ax + 1)) / 2, y + (h * (ay + 1)) / 2, ax, ay]);
    }
  return out;
}
