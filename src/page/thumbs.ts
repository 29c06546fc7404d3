// SPDX-License-Identifier: GPL-3.0-or-later
// Thumbnails of the tracks on the screen, two at a time, so that they never stand before the picture.
import { getPicture } from './api.js';
import type { Box, Track } from './model.js';

const PARALLEL = 2;
const PAUSE_MS = 90;
const HEIGHT = 72;

export class Thumbs {
  private readonly have = new Map<number, ImageBitmap>();
  private readonly failed = new Map<number, readonly Box[]>(); // asked again once the track has changed
  private wanted: Track[] = [];
  private running = 0;

  constructor(private readonly isSaved: (id: number) => boolean, private readonly changed: () => void) {}

  get(t: Track): ImageBitmap | undefined {
    const found = this.have.get(t.id);
    if (!found && this.failed.get(t.id) !== t.boxes && this.isSaved(t.id)) this.wanted.push(t);
    return found;
  }

  /** Call after drawing: fetches what was asked for and is not there, a moment later: the picture comes first. */
  work(): void {
    this.latest = this.wanted;
    this.wanted = [];
    if (!this.latest.length || this.timer) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.begin();
    }, PAUSE_MS);
  }

  private latest: Track[] = [];
  private timer = 0;

  private begin(): void {
    for (const t of this.latest) {
      if (this.running >= PARALLEL) return;
      if (this.have.has(t.id) || this.failed.get(t.id) === t.boxes) continue;
      void this.fetch(t);
    }
  }

  private async fetch(t: Track): Promise<void> {
    this.running++;
    this.failed.set(t.id, t.boxes); // not twice at once
    try {
      this.have.set(t.id, await getPicture(`/api/thumb/${t.id}.jpg?h=${HEIGHT}`));
    } catch { // deleted meanwhile, or not decoded
      setTimeout(() => this.failed.delete(t.id), 1500);
    }
    this.running--;
    this.changed();
  }
}
