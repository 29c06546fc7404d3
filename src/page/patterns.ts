// SPDX-License-Identifier: GPL-3.0-or-later
// Origins of a stretch, told apart by pattern as well as by colour.
import { colors } from './colors.js';
import type { Origin } from './model.js';

const SIDE = 8;

function stroke(g: CanvasRenderingContext2D, color: string, lines: readonly (readonly [number, number, number, number])[]): void {
  g.strokeStyle = color;
  g.lineWidth = 1.6;
  g.beginPath();
  for (const [x0, y0, x1, y1] of lines) {
    g.moveTo(x0, y0);
    g.lineTo(x1, y1);
  }
  g.stroke();
}

export class Patterns {
  private made = new Map<string, CanvasPattern | string>();

  of(g: CanvasRenderingContext2D, origin: Origin): CanvasPattern | string {
    const c = colors(), color = { d: c.detected, f: c.filled, e: c.extended, m: c.manual }[origin];
    if (origin === 'd') return color;
    const key = origin + color;
    let found = this.made.get(key);
    if (!found) this.made.set(key, (found = this.make(g, origin, color) ?? color));
    return found;
  }

  private make(g: CanvasRenderingContext2D, origin: Origin, color: string): CanvasPattern | null {
    const tile = document.createElement('canvas');
    tile.width = tile.height = SIDE;
    const t = tile.getContext('2d')!;
    t.globalAlpha = origin === 'm' ? 1 : 0.3;
    t.fillStyle = color;
    t.fillRect(0, 0, SIDE, SIDE);
    t.globalAlpha = 1;
    if (origin === 'f') stroke(t, color, [[-2, 10, 10, -2], [-2, 2, 2, -2], [6, 10, 10, 6]]); // hatched
    if (origin === 'e') stroke(t, color, [[2, 2, 3.6, 2], [6, 6, 7.6, 6]]);                    // dotted
    if (origin === 'm') stroke(t, c2(), [[0, 4, 8, 4]]);                                        // ruled
    return g.createPattern(tile, 'repeat');
  }
}

const c2 = (): string => colors().row;

/** A sample for the legend. */
export function drawSample(canvas: HTMLCanvasElement, origin: Origin | 'doubt'): void {
  const g = canvas.getContext('2d');
  if (!g) return;
  g.fillStyle = origin === 'doubt' ? colors().doubt : new Patterns().of(g, origin);
  g.fillRect(0, 0, canvas.width, canvas.height);
}
