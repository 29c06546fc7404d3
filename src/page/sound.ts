// SPDX-License-Identifier: GPL-3.0-or-later
// What is heard while the video plays at its own speed: pieces of four seconds, put one after another on the clock of the
// sound card; muted ranges are silent, as they will be published.
import type { App } from './app.js';
import { getSound } from './api.js';

const PIECE = 4;       // seconds; docs/review-api.md
const AHEAD = 6;       // seconds fetched and planned ahead
const APART = 0.12;    // seconds by which picture and sound may differ
const KEPT = 40;       // pieces, 16 MB

export class Sound {
  on = true;
  private context: AudioContext | undefined;
  private out: GainNode | undefined;
  private begin = 0;   // clock of the sound card when `from` is heard
  private from = 0;    // time of the recording
  private next = 0;    // piece to be planned
  private running = false;
  private turn = 0;    // of the start; what was fetched for an earlier one is not played
  private muted: unknown;
  private readonly pieces = new Map<number, Promise<AudioBuffer | undefined>>();

  constructor(private readonly app: App) {}

  toggle(): void {
    this.on = !this.on;
    if (!this.on) this.stop();
    this.app.say(this.on ? 'Sound on' : 'Sound off');
    this.app.draw();
  }

  stop(): void {
    this.running = false;
    this.turn++;
    this.out?.disconnect();
    this.out = undefined;
  }

  /** Call at each frame while playing: begins, goes on, and catches up. */
  follow(time: number): void {
    if (!this.on || this.app.speed !== 1 || !this.app.job.audio) return this.running ? this.stop() : undefined;
    const heard = this.context && this.running ? this.from + this.context.currentTime - this.begin : undefined;
    if (heard === undefined || Math.abs(heard - time) > APART || this.muted !== this.app.doc.mutes) this.start(time);
    while (this.running && this.next * PIECE < time + AHEAD) this.plan(this.next++);
  }

  private start(time: number): void {
    this.stop();
    const context = (this.context ??= new AudioContext({ sampleRate: 24000 })), out = (this.out = context.createGain());
    void context.resume();
    out.connect(context.destination);
    this.begin = context.currentTime;
    this.from = time;
    this.next = Math.max(0, Math.floor(time / PIECE));
    this.running = true;
    this.muted = this.app.doc.mutes;
    for (const m of this.app.doc.mutes) {
      if (m.to <= time) continue;
      out.gain.setValueAtTime(0, Math.max(this.begin, this.begin + m.from - time));
      out.gain.setValueAtTime(1, this.begin + m.to - time);
    }
  }

  private plan(n: number): void {
    const { turn, context, out, begin, from } = this;
    void this.piece(n).then((buffer) => {
      if (!buffer || !context || !out || turn !== this.turn) return;
      const source = context.createBufferSource(), when = begin + n * PIECE - from, late = Math.max(0, context.currentTime - when);
      if (late >= PIECE) return;
      source.buffer = buffer;
      source.connect(out);
      source.start(Math.max(when, context.currentTime), late);
    });
  }

  private piece(n: number): Promise<AudioBuffer | undefined> {
    let found = this.pieces.get(n);
    if (!found) {
      found = getSound(n).then((bytes) => this.context!.decodeAudioData(bytes)).catch(() => undefined); // after the end
      this.pieces.set(n, found);
      for (const old of this.pieces.keys()) {
        if (this.pieces.size <= KEPT) break;
        this.pieces.delete(old);
      }
    }
    return found;
  }
}
