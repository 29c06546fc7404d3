// SPDX-License-Identifier: GPL-3.0-or-later
// A row a track on one canvas; only rows and times on the screen are drawn, so an hour with 500 tracks costs what a
// minute with ten does.
import type { App } from './app.js';
import type { Commands } from './commands.js';
import type { Player } from './player.js';
import { colors } from './colors.js';
import { clock, fitCanvas } from './dom.js';
import { doubts, stretches } from './derive.js';
import { boxAt, firstFrame, lastFrame, type Track } from './model.js';
import { Patterns } from './patterns.js';
import { Thumbs } from './thumbs.js';

const GUTTER = 176, RULER = 24, ROW = 30;
const STEPS = [0.04, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800];

type Row = { kind: 'track'; track: Track } | { kind: 'zones' } | { kind: 'sound' };

export class Timeline {
  private rows: Row[] = [];
  private rowsOf: unknown[] = [];
  private scroll = 0;             // CSS pixels from the first row
  private from = 0;               // frame at the left end
  private span = 0;               // frames across; 0: not set yet
  private w = 0; private h = 0;
  private drag: 'seek' | 'range' | undefined;
  private rangeStart = 0;
  private lastFrame = -1;
  private readonly patterns = new Patterns();
  private readonly thumbs: Thumbs;

  constructor(private readonly app: App, private readonly player: Player, commands: Commands, private readonly canvas: HTMLCanvasElement) {
    this.thumbs = new Thumbs((id) => app.saver.knows(id), () => requestAnimationFrame(() => this.render()));
    canvas.addEventListener('pointerdown', (e) => this.down(e));
    canvas.addEventListener('pointermove', (e) => this.move(e));
    canvas.addEventListener('pointerup', () => { this.drag = undefined; });
    canvas.addEventListener('wheel', (e) => this.wheel(e), { passive: false });
    commands.revealRow = (id): void => this.reveal(id);
    new ResizeObserver(() => app.draw()).observe(canvas);
  }

  // ---- rows -------------------------------------------------------------------------------------

  private update(): void {
    const { app } = this, { doc, filter } = app;
    const now = [doc, filter, filter === 'here' ? app.frame : 0];
    if (now.every((v, i) => v === this.rowsOf[i])) return;
    this.rowsOf = now;
    const pass = (t: Track): boolean => filter === 'all' || (filter === 'here' ? boxAt(t, app.frame) !== undefined
      : filter === 'uncertain' ? doubts(t).length > 0 : filter === 'manual' ? t.boxes.some((b) => b[5] === 'm') : t.action === filter);
    const tracks = doc.tracks.filter(pass).sort((a, b) => firstFrame(a) - firstFrame(b) || a.id - b.id);
    this.rows = tracks.map((track): Row => ({ kind: 'track', track }));
    if (doc.zones.length) this.rows.unshift({ kind: 'zones' });
    if (doc.mutes.length) this.rows.unshift({ kind: 'sound' });
  }

  /** Ids in the order of rows. */
  get order(): number[] {
    this.update();
    return this.rows.flatMap((r) => (r.kind === 'track' ? [r.track.id] : []));
  }

  private reveal(id: number): void {
    this.update();
    const at = this.rows.findIndex((r) => r.kind === 'track' && r.track.id === id), room = this.h - RULER;
    if (at < 0) return;
    if (at * ROW < this.scroll) this.scroll = at * ROW;
    if ((at + 1) * ROW > this.scroll + room) this.scroll = (at + 1) * ROW - room;
    this.app.draw();
  }

  // ---- time and place -----------------------------------------------------------------------------

  private get frames(): number { return this.app.job.frames; }
  private x(frame: number): number { return GUTTER + ((frame - this.from) / this.span) * (this.w - GUTTER); }
  private frameOf(x: number): number { return this.from + ((x - GUTTER) / (this.w - GUTTER)) * this.span; }

  private clamp(): void {
    this.span = Math.min(this.frames, Math.max(20, this.span || this.frames));
    this.from = Math.min(this.frames - this.span, Math.max(0, this.from));
    this.scroll = Math.min(Math.max(0, this.rows.length * ROW - (this.h - RULER)), Math.max(0, this.scroll));
  }

  zoom(factor: number, x = this.x(this.app.frame)): void {
    const at = this.frameOf(x), part = (x - GUTTER) / (this.w - GUTTER);
    this.span = Math.min(this.frames, Math.max(20, this.span / factor));
    this.from = at - part * this.span;
    this.clamp();
    this.app.draw();
  }

  zoomAll(): void {
    this.span = this.frames;
    this.clamp();
    this.app.draw();
  }

  /** While playing, and after a jump, the playhead stays on the screen. */
  private followHead(): void {
    const { frame } = this.app;
    if (frame === this.lastFrame) return;
    this.lastFrame = frame;
    if (frame < this.from || frame > this.from + this.span) this.from = frame - this.span * (this.app.playing ? 0.05 : 0.4);
    this.clamp();
  }

  // ---- drawing --------------------------------------------------------------------------------------

  render(): void {
    const fit = fitCanvas(this.canvas);
    if (!fit) return;
    const { g, w, h } = fit, c = colors();
    [this.w, this.h] = [w, h];
    this.update();
    this.clamp();
    this.followHead();
    g.fillStyle = c.panel;
    g.fillRect(0, 0, w, h);
    g.textBaseline = 'middle';
    const first = Math.floor(this.scroll / ROW), last = Math.min(this.rows.length - 1, Math.ceil((this.scroll + h - RULER) / ROW));
    g.save();
    g.beginPath();
    g.rect(0, RULER, w, h - RULER);
    g.clip();
    for (let i = first; i <= last; i++) this.drawRow(g, this.rows[i]!, RULER + i * ROW - this.scroll);
    if (!this.rows.length) this.drawEmpty(g);
    g.restore();
    this.drawRuler(g);
    this.drawRange(g);
    this.drawHead(g);
    this.drawScrollbar(g);
    this.thumbs.work();
  }

  private drawEmpty(g: CanvasRenderingContext2D): void {
    g.fillStyle = colors().dim;
    g.font = '13px system-ui, sans-serif';
    g.fillText(this.app.filter === 'all' ? 'No faces were found. Draw a box on the picture to add one.' : 'No track passes this filter.', GUTTER + 12, RULER + 26);
  }

  private drawRow(g: CanvasRenderingContext2D, row: Row, y: number): void {
    const c = colors(), chosen = row.kind === 'track' && this.app.selection.has(row.track.id);
    g.fillStyle = chosen ? c.rowChosen : c.row;
    g.fillRect(0, y, this.w, ROW - 1);
    if (chosen) {
      g.fillStyle = c.accent;
      g.fillRect(0, y, 3, ROW - 1);
    }
    g.save();
    g.beginPath();
    g.rect(GUTTER, y, this.w - GUTTER, ROW);
    g.clip();
    if (row.kind === 'track') this.drawTrack(g, row.track, y);
    else if (row.kind === 'zones') for (const z of this.app.doc.zones) this.bar(g, z.from, z.to, y, z.id === this.app.zone ? c.accent : c.zone, `Zone ${z.id}`);
    else for (const m of this.app.doc.mutes) this.bar(g, m.from, m.to, y, c.mute, 'muted');
    g.restore();
    this.drawName(g, row, y);
  }

  private drawTrack(g: CanvasRenderingContext2D, t: Track, y: number): void {
    const c = colors(), a = Math.max(firstFrame(t), Math.floor(this.from)), b = Math.min(lastFrame(t) + 1, Math.ceil(this.from + this.span));
    if (a >= b) return;
    const list = stretches(t);
    let lo = 0, hi = list.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (list[mid]!.to < a) lo = mid + 1;
      else hi = mid;
    }
    for (let edge = -1; lo < list.length && list[lo]!.from < b; lo++) {
      const s = list[lo]!, x = this.x(s.from), w = Math.max(1.5, this.x(s.to + 1) - x);
      if (x + w < edge + 0.5) continue; // less than half a pixel
      edge = x + w;
      g.fillStyle = this.patterns.of(g, s.origin);
      g.fillRect(x, y + 8, w, 14);
    }
    g.fillStyle = c.doubt;
    for (const d of doubts(t)) {
      if (d.to < a || d.from > b) continue;
      const x = this.x(d.from), w = Math.max(3, this.x(d.to + 1) - x);
      g.fillRect(x, y + 4, w, 3);
      g.globalAlpha = 0.7;
      g.fillRect(x, y + 8, w, 14);
      g.globalAlpha = 1;
    }
    if (t.action !== 'cover') {
      g.fillStyle = t.action === 'keep' ? c.keep : c.seal;
      const x = this.x(firstFrame(t));
      g.fillRect(x, y + 23, Math.max(3, this.x(lastFrame(t) + 1) - x), 3);
    }
  }

  private bar(g: CanvasRenderingContext2D, from: number, to: number, y: number, color: string, text: string): void {
    const { app } = this, a = this.x(app.frameAt(from)), last = app.frameAt(to), b = this.x(to > app.time(last) ? last + 1 : last);
    g.fillStyle = color;
    g.globalAlpha = 0.75;
    g.fillRect(a, y + 6, Math.max(2, b - a), 18);
    g.globalAlpha = 1;
    if (b - a < 50) return;
    g.fillStyle = colors().onAccent;
    g.font = '600 11px system-ui, sans-serif';
    g.fillText(text, Math.max(a, GUTTER) + 6, y + 15.5);
  }

  private drawName(g: CanvasRenderingContext2D, row: Row, y: number): void {
    const c = colors();
    g.fillStyle = c.text;
    g.font = '600 12px system-ui, sans-serif';
    if (row.kind !== 'track') {
      g.fillText(row.kind === 'zones' ? 'Zones' : 'Sound', 46, y + 15);
      return;
    }
    const t = row.track, thumb = this.thumbs.get(t);
    if (thumb) {
      const s = Math.min(28 / thumb.height, 34 / thumb.width), tw = thumb.width * s, th = thumb.height * s;
      g.drawImage(thumb, 6 + (34 - tw) / 2, y + 0.5 + (28 - th) / 2, tw, th);
    }
    g.fillText(String(t.id), 46, y + 15);
    g.font = '11px system-ui, sans-serif';
    g.fillStyle = c.dim;
    const digits = this.app.job.duration > 600 ? 0 : 1;
    g.fillText(`${clock(this.app.time(firstFrame(t)), digits)}–${clock(this.app.time(lastFrame(t)), digits)}`, 74, y + 15);
    const mark = t.action === 'keep' ? 'K' : t.action === 'seal' ? 'S' : '';
    if (!mark) return;
    g.fillStyle = t.action === 'keep' ? c.keep : c.seal;
    g.font = '700 11px system-ui, sans-serif';
    g.fillText(mark, GUTTER - 16, y + 15);
  }

  private drawRuler(g: CanvasRenderingContext2D): void {
    const c = colors(), { app } = this, from = app.time(Math.floor(this.from)), to = app.time(Math.floor(this.from + this.span));
    g.fillStyle = c.panel;
    g.fillRect(0, 0, this.w, RULER);
    g.fillStyle = c.faint;
    g.fillRect(0, RULER - 1, this.w, 1);
    g.font = '11px system-ui, sans-serif';
    g.fillStyle = c.dim;
    const n = app.doc.tracks.length, shown = this.rows.filter((r) => r.kind === 'track').length;
    g.fillText(shown === n ? `${n} tracks` : `${shown} of ${n} tracks`, 10, RULER / 2);
    const perPixel = (to - from) / Math.max(1, this.w - GUTTER), step = STEPS.find((s) => s / perPixel >= 74) ?? 3600;
    const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
      const x = this.x(app.frameAt(t + 1e-4));
      g.fillStyle = c.faint;
      g.fillRect(x, RULER - 7, 1, this.h);
      g.fillStyle = c.dim;
      g.fillText(clock(t, digits), x + 4, RULER / 2 - 1);
    }
    g.fillStyle = c.faint;
    g.fillRect(GUTTER - 1, 0, 1, this.h);
  }

  private drawRange(g: CanvasRenderingContext2D): void {
    const r = this.app.range, c = colors();
    if (!r) return;
    const a = Math.max(GUTTER, this.x(r.from)), b = this.x(r.to + 1);
    if (b < GUTTER) return;
    g.fillStyle = c.range;
    g.fillRect(a, 0, b - a, this.h);
    g.fillStyle = c.accent;
    g.fillRect(a, 0, 1, this.h);
    g.fillRect(b, 0, 1, this.h);
  }

  private drawHead(g: CanvasRenderingContext2D): void {
    const x = Math.round(this.x(this.app.frame + 0.5));
    if (x < GUTTER || x > this.w) return;
    g.fillStyle = colors().playhead;
    g.fillRect(x - 0.75, 0, 1.5, this.h);
    g.beginPath();
    g.moveTo(x - 6, 0);
    g.lineTo(x + 6, 0);
    g.lineTo(x, 9);
    g.fill();
  }

  private drawScrollbar(g: CanvasRenderingContext2D): void {
    const room = this.h - RULER, all = this.rows.length * ROW;
    g.fillStyle = colors().dim;
    g.globalAlpha = 0.5;
    if (all > room) g.fillRect(this.w - 6, RULER + (this.scroll / all) * room, 4, Math.max(20, (room / all) * room));
    if (this.span < this.frames) {
      const wide = this.w - GUTTER;
      g.fillRect(GUTTER + (this.from / this.frames) * wide, this.h - 5, Math.max(20, (this.span / this.frames) * wide), 3);
    }
    g.globalAlpha = 1;
  }

  // ---- the hand -----------------------------------------------------------------------------------

  private down(e: PointerEvent): void {
    const r = this.canvas.getBoundingClientRect(), x = e.clientX - r.left, y = e.clientY - r.top;
    const row = y > RULER ? this.rows[Math.floor((y - RULER + this.scroll) / ROW)] : undefined;
    if (row?.kind === 'track') this.pick(row.track, e);
    else if (row?.kind === 'zones') this.pickZone(x);
    if (x < GUTTER) {
      if (row?.kind === 'track' && !e.shiftKey && !e.ctrlKey && !boxAt(row.track, this.app.frame)) this.player.seek(firstFrame(row.track));
      return;
    }
    this.canvas.setPointerCapture(e.pointerId);
    this.drag = e.altKey ? 'range' : 'seek';
    this.rangeStart = Math.floor(this.frameOf(x));
    this.move(e);
  }

  private pick(t: Track, e: PointerEvent): void {
    const { app } = this, order = this.order;
    if (e.shiftKey && app.primary) {
      const a = order.indexOf(app.primary), b = order.indexOf(t.id);
      app.selection = new Set([...app.selection, ...order.slice(Math.min(a, b), Math.max(a, b) + 1)]);
      app.draw();
    } else app.select(t.id, e.ctrlKey || e.metaKey);
  }

  private pickZone(x: number): void {
    const t = this.app.time(Math.floor(this.frameOf(x))), zone = this.app.doc.zones.find((z) => t >= z.from && t < z.to) ?? this.app.doc.zones[0];
    if (zone) this.app.selectZone(zone.id);
  }

  private move(e: PointerEvent): void {
    if (!this.drag) return;
    const x = e.clientX - this.canvas.getBoundingClientRect().left, f = Math.min(this.frames - 1, Math.max(0, Math.floor(this.frameOf(x))));
    if (this.drag === 'seek') this.player.seek(f);
    else {
      this.app.range = { from: Math.min(f, this.rangeStart), to: Math.max(f, this.rangeStart) };
      this.app.draw();
    }
  }

  private wheel(e: WheelEvent): void {
    e.preventDefault();
    const x = e.clientX - this.canvas.getBoundingClientRect().left;
    if (e.ctrlKey || e.metaKey) return this.zoom(Math.exp(-e.deltaY / 300), Math.max(GUTTER, x));
    const dx = e.shiftKey ? e.deltaY : e.deltaX, dy = e.shiftKey ? 0 : e.deltaY;
    this.from += (dx / Math.max(1, this.w - GUTTER)) * this.span;
    this.scroll += dy;
    this.clamp();
    this.app.draw();
  }
}
