// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures by frame number, fetched ahead and shown in the order of time. The clock waits for a picture that is late
// rather than skip it unseen; at more than normal speed frames are left out evenly.
import type { App } from './app.js';
import { getPicture } from './api.js';
import { Sound } from './sound.js';

const AHEAD = 24;
const DWELL_MS = 120;    // a jump fetches what was jumped to; its neighbours follow once the person stays
const PARALLEL = 4;      // a browser opens six connections; edits and thumbnails need some
const CACHE_PIXELS = 72_000_000; // some 290 MB of pictures

interface Picture { readonly bitmap: ImageBitmap; readonly key: string }

export class Player {
  private readonly cache = new Map<string, Picture>(); // by use, oldest first
  private pixels = 0;
  private readonly loading = new Map<string, AbortController>();
  private readonly broken = new Map<string, number>(); // when it failed
  private clockStart = 0; private clockFrame = 0;
  private jumped = -1e9; private dwellTimer = 0;
  private last: { frame: number; bitmap: ImageBitmap } | undefined;
  /** Milliseconds from asking for a frame to having it, lately. */
  lag = 0;

  readonly sound: Sound;

  constructor(private readonly app: App) {
    this.sound = new Sound(app);
  }

  // ---- the picture on the screen ----------------------------------------------------------------

  private path(frame: number): string {
    const w = this.app.geometry.wantedWidth(window.devicePixelRatio || 1);
    return this.app.preview ? `/api/preview/${frame}.jpg?w=${w}&r=${this.app.saver.revision}` : `/api/frame/${frame}.jpg?w=${w}`;
  }

  /** The picture to draw, and of which frame it is: while the wanted one is on its way, the one before. */
  picture(): { frame: number; bitmap: ImageBitmap } | undefined {
    const found = this.cache.get(this.path(this.app.frame));
    if (found) this.last = { frame: this.app.frame, bitmap: found.bitmap };
    else this.fetchAround();
    return this.last;
  }

  get isWaiting(): boolean { return !this.cache.has(this.path(this.app.frame)); }
  get isBroken(): boolean { return this.broken.has(this.path(this.app.frame)); }

  /** Pictures of another kind are wanted: preview on or off, or the saved file changed. */
  invalidate(): void {
    this.abortAll();
    this.fetchAround();
  }

  seek(frame: number): void {
    const to = Math.min(this.app.job.frames - 1, Math.max(0, Math.round(frame)));
    if (to === this.app.frame) return;
    if (Math.abs(to - this.app.frame) > 1) this.jumped = performance.now();
    this.app.frame = to;
    this.restartClock();
    this.fetchAround();
    this.app.draw();
  }

  // ---- playing ------------------------------------------------------------------------------------

  toggle(): void {
    if (this.app.playing) this.pause();
    else this.play();
  }

  play(): void {
    if (this.app.frame >= this.app.job.frames - 1) this.app.frame = 0;
    this.app.playing = true;
    this.restartClock();
    requestAnimationFrame((t) => this.tick(t));
    this.app.draw();
  }

  pause(): void {
    this.app.playing = false;
    this.sound.stop();
    this.app.draw();
  }

  setSpeed(speed: number): void {
    this.app.speed = Math.min(8, Math.max(0.25, speed));
    this.restartClock();
    this.app.say(`Speed ${this.app.speed}`);
    this.app.draw();
  }

  private restartClock(): void {
    this.clockStart = performance.now();
    this.clockFrame = this.app.frame;
  }

  private get stride(): number { return Math.max(1, Math.round(this.app.speed)); }

  private tick(now: number): void {
    const app = this.app;
    if (!app.playing) return;
    const time = app.time(this.clockFrame) + ((now - this.clockStart) / 1000) * app.speed;
    const due = Math.floor((app.frameAt(time) - this.clockFrame) / this.stride) * this.stride + this.clockFrame;
    let show = app.frame;
    while (show + this.stride <= due && (this.cache.has(this.path(show + this.stride)) || this.broken.has(this.path(show + this.stride)))) show += this.stride;
    if (show !== app.frame) {
      app.frame = show;
      app.draw();
    }
    if (show < due - 2 * this.stride) this.restartClock(); // late: wait for it
    if (app.frame + this.stride > app.job.frames - 1) {
      this.pause();
      return;
    }
    this.fetchAround();
    if (show >= due - 2 * this.stride) this.sound.follow(Math.max(time, app.time(show)));
    else this.sound.stop(); // the picture waits, so does the sound
    requestAnimationFrame((t) => this.tick(t));
  }

  // ---- fetching -----------------------------------------------------------------------------------

  /** What will be wanted, most wanted first. */
  private wishes(): string[] {
    const { app } = this, frames = [app.frame], step = app.playing ? this.stride : 1;
    const dwell = DWELL_MS - (performance.now() - this.jumped);
    if (!app.playing && dwell > 0) {
      window.clearTimeout(this.dwellTimer);
      this.dwellTimer = window.setTimeout(() => this.fetchAround(), dwell + 1);
      return [this.path(app.frame)];
    }
    for (let i = 1; i <= (app.playing ? AHEAD : 6); i++) {
      frames.push(app.frame + i * step);
      if (!app.playing) frames.push(app.frame - i);
    }
    return frames.filter((f) => f >= 0 && f < app.job.frames).map((f) => this.path(f));
  }

  private fetchAround(): void {
    const wishes = this.wishes(), wishSet = new Set(wishes);
    for (const [path, abort] of this.loading) {
      if (wishSet.has(path)) continue;
      abort.abort();
      this.loading.delete(path);
    }
    for (const path of wishes) {
      if (this.loading.size >= PARALLEL) break;
      if (this.cache.has(path) || this.loading.has(path) || performance.now() - (this.broken.get(path) ?? -1e9) < 2000) continue;
      void this.fetch(path);
    }
  }

  private async fetch(path: string): Promise<void> {
    const abort = new AbortController(), begin = performance.now();
    this.loading.set(path, abort);
    try {
      const bitmap = await getPicture(path, abort.signal);
      this.keep({ bitmap, key: path });
      this.broken.delete(path);
      this.lag = 0.8 * this.lag + 0.2 * (performance.now() - begin);
    } catch {
      if (!abort.signal.aborted) this.broken.set(path, performance.now());
    }
    if (this.loading.get(path) === abort) this.loading.delete(path);
    if (abort.signal.aborted) return;
    this.fetchAround();
    if (path === this.path(this.app.frame)) this.app.draw();
  }

  private keep(picture: Picture): void {
    this.cache.set(picture.key, picture);
    this.pixels += picture.bitmap.width * picture.bitmap.height;
    for (const [key, old] of this.cache) {
      if (this.pixels <= CACHE_PIXELS) break;
      if (old.bitmap === this.last?.bitmap || key === picture.key) continue;
      this.cache.delete(key);
      this.pixels -= old.bitmap.width * old.bitmap.height;
      old.bitmap.close();
    }
  }

  private abortAll(): void {
    for (const abort of this.loading.values()) abort.abort();
    this.loading.clear();
  }
}
