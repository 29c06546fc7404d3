// SPDX-License-Identifier: GPL-3.0-or-later
// What the page knows: the job, the document with its history, where the person is and what they have chosen. Views draw
// from it; commands change it; every change draws all views once, in the next animation frame.
import * as api from './api.js';
import { Geometry } from './geometry.js';
import { History } from './history.js';
import { findTrack, type Doc, type Rect, type Rules, type Track } from './model.js';
import { Saver } from './save.js';

export type Mode = 'select' | 'box' | 'zone';
export type Filter = 'all' | 'here' | 'uncertain' | 'keep' | 'seal' | 'manual';
export interface View { render(): void }

export class App {
  job!: api.Job;
  history!: History;
  saver!: Saver;
  geometry!: Geometry;
  /** Frame on the screen. */
  frame = 0;
  selection: ReadonlySet<number> = new Set();
  primary = 0;
  zone = 0;              // chosen zone, 0: none
  range: { from: number; to: number } | undefined; // frames, both included
  mode: Mode = 'select';
  filter: Filter = 'all';
  preview = false;
  playing = false;
  speed = 1;
  busy = '';
  /** A place that the audit has found, pointed at until a track is chosen; stored pixels. */
  found: Rect | undefined;
  private readonly views: View[] = [];
  private queued = false;
  private readonly live = document.getElementById('live');

  add(...views: View[]): void { this.views.push(...views); }

  get doc(): Doc { return this.history.doc; }
  get rules(): Rules { return this.job; }
  get track(): Track | undefined { return this.primary ? findTrack(this.doc, this.primary) : undefined; }
  get fps(): number {
    const [n, d] = this.job.frame_rate.split('/').map(Number);
    return n && d ? n / d : 25;
  }

  async load(): Promise<boolean> {
    this.job = await api.getJob();
    this.saver = new Saver(this.job.name, () => this.doc, () => this.draw());
    const shown = this.job.shown ?? [this.job.width, this.job.height];
    this.geometry = new Geometry(this.job.width, this.job.height, this.job.rotation, shown[0], shown[1]);
    // load() draws nothing yet: there is no history
    const { doc, restored, history } = await this.saver.load();
    this.history = history ? History.unpack(doc, history) : new History(doc);
    if (restored) this.saver.touch();
    return restored;
  }

  async reloadJob(): Promise<void> {
    this.job = await api.getJob();
    this.draw();
  }

  // ---- time: frames count from 0; the recording's own clock need not ------------------------------

  time(frame: number): number {
    const t = this.job.times, f = Math.min(Math.max(frame, 0), this.job.frames - 1);
    return 'list' in t ? t.list[f]! : t.first + f * t.step;
  }

  /** The frame that is on the screen at a time. */
  frameAt(time: number): number {
    const t = this.job.times, last = this.job.frames - 1;
    if (!('list' in t)) return Math.min(last, Math.max(0, Math.floor((time - t.first) / t.step + 1e-6)));
    let lo = 0, hi = last;
    while (lo < hi) {
      const mid = (lo + hi + 1) >> 1;
      if (t.list[mid]! <= time + 1e-6) lo = mid;
      else hi = mid - 1;
    }
    return lo;
  }

  /** When a frame ends: the time of the next one. */
  endTime(frame: number): number {
    if (frame + 1 < this.job.frames) return this.time(frame + 1);
    return this.time(frame) + (frame > 0 ? this.time(frame) - this.time(frame - 1) : 1 / this.fps);
  }

  // ---- choosing ----------------------------------------------------------------------------------

  select(id: number, more = false): void {
    if (more && id) {
      const next = new Set(this.selection);
      if (next.has(id) && next.size > 1) next.delete(id);
      else next.add(id);
      this.selection = next;
      this.primary = next.has(id) ? id : [...next][0] ?? 0;
    } else {
      this.selection = new Set(id ? [id] : []);
      this.primary = id;
    }
    this.zone = 0;
    this.found = undefined;
    this.history.seal();
    this.draw();
  }

  selectZone(id: number): void {
    this.selection = new Set();
    this.primary = 0;
    this.zone = id;
    this.draw();
  }

  reveal(rect: Rect): void { this.geometry.reveal(rect); }

  // ---- changing ----------------------------------------------------------------------------------

  change(doc: Doc, label: string, key = ''): void {
    if (!this.history.push(doc, label, key)) return;
    this.afterChange();
    if (!key) this.say(label);
  }

  undo(): void {
    const label = this.history.undo();
    this.say(label ? `Undone: ${label}` : 'Nothing to undo');
    if (label) this.afterChange();
  }

  redo(): void {
    const label = this.history.redo();
    this.say(label ? `Done again: ${label}` : 'Nothing to redo');
    if (label) this.afterChange();
  }

  private afterChange(): void {
    const there = new Set(this.doc.tracks.map((t) => t.id));
    if ([...this.selection].some((id) => !there.has(id))) {
      this.selection = new Set([...this.selection].filter((id) => there.has(id)));
      if (!there.has(this.primary)) this.primary = [...this.selection][0] ?? 0;
    }
    if (this.zone && !this.doc.zones.some((z) => z.id === this.zone)) this.zone = 0;
    this.saver.touch();
    this.draw();
  }

  // ---- saying ------------------------------------------------------------------------------------

  private toastTimer = 0;

  /** To the status line and to screen readers. */
  say(text: string, problem = false): void {
    if (!this.live || !text) return;
    this.live.textContent = text.charAt(0).toUpperCase() + text.slice(1);
    this.live.classList.toggle('problem', problem);
    this.live.classList.add('shown');
    window.clearTimeout(this.toastTimer);
    this.toastTimer = window.setTimeout(() => this.live?.classList.remove('shown'), problem ? 8000 : 3500);
  }

  draw(): void {
    if (this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      if (this.history) for (const view of this.views) view.render();
    });
  }
}
