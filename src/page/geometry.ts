// SPDX-License-Identifier: GPL-3.0-or-later
// Boxes are in pixels of the frame as stored; pictures come upright in square pixels; the screen zooms into them.
import type { Point, Rect } from './model.js';

export class Geometry {
  zoom = 1;          // 1: the whole picture
  panX = 0; panY = 0; // CSS pixels
  private viewW = 1; private viewH = 1;

  /** width, height as stored; rotation clockwise; shown: size upright in square pixels */
  constructor(readonly width: number, readonly height: number, readonly rotation: number, readonly shownW: number, readonly shownH: number) {}

  /** CSS pixels of the whole canvas. */
  setView(w: number, h: number): void {
    this.viewW = w;
    this.viewH = h;
    this.clamp();
  }

  get scale(): number { return Math.min(this.viewW / this.shownW, this.viewH / this.shownH) * this.zoom; }
  get left(): number { return (this.viewW - this.shownW * this.scale) / 2 + this.panX; }
  get top(): number { return (this.viewH - this.shownH * this.scale) / 2 + this.panY; }

  /** Width to ask the program for, in steps so that pictures are found again. */
  wantedWidth(dpr: number): number {
    const need = this.shownW * this.scale * dpr;
    return Math.min([480, 640, 960, 1280, 1920, 2560].find((w) => w >= need * 0.8) ?? 3840, Math.max(16, this.shownW));
  }

  toScreen([x, y]: Point): Point {
    const u = x / this.width, v = y / this.height;
    const [a, b] = this.rotation === 90 ? [1 - v, u] : this.rotation === 180 ? [1 - u, 1 - v] : this.rotation === 270 ? [v, 1 - u] : [u, v];
    return [this.left + a * this.shownW * this.scale, this.top + b * this.shownH * this.scale];
  }

  toStored([px, py]: Point): Point {
    const a = (px - this.left) / (this.shownW * this.scale), b = (py - this.top) / (this.shownH * this.scale);
    const [u, v] = this.rotation === 90 ? [b, 1 - a] : this.rotation === 180 ? [1 - a, 1 - b] : this.rotation === 270 ? [1 - b, a] : [a, b];
    return [u * this.width, v * this.height];
  }

  rectToScreen([x, y, w, h]: Rect): Rect {
    return spanned(this.toScreen([x, y]), this.toScreen([x + w, y + h]));
  }

  rectToStored([x, y, w, h]: Rect): Rect {
    return spanned(this.toStored([x, y]), this.toStored([x + w, y + h]));
  }

  zoomAt(factor: number, [px, py]: Point): void {
    const before = this.toStored([px, py]);
    this.zoom = Math.min(16, Math.max(1, this.zoom * factor));
    const now = this.toScreen(before);
    this.panX += px - now[0];
    this.panY += py - now[1];
    this.clamp();
  }

  pan(dx: number, dy: number): void {
    this.panX += dx;
    this.panY += dy;
    this.clamp();
  }

  /** Bring a stored rect into view when it is outside of it. */
  reveal(rect: Rect): void {
    const [x, y, w, h] = this.rectToScreen(rect), cx = x + w / 2, cy = y + h / 2;
    if (cx < 0 || cy < 0 || cx > this.viewW || cy > this.viewH) this.pan(this.viewW / 2 - cx, this.viewH / 2 - cy);
  }

  private clamp(): void {
    const roomX = Math.max(0, (this.shownW * this.scale - this.viewW) / 2), roomY = Math.max(0, (this.shownH * this.scale - this.viewH) / 2);
    this.panX = Math.min(roomX, Math.max(-roomX, this.panX));
    this.panY = Math.min(roomY, Math.max(-roomY, this.panY));
  }
}

export function spanned(a: Point, b: Point): Rect {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])];
}

export const contains = ([x, y, w, h]: Rect, [px, py]: Point): boolean => px >= x && py >= y && px <= x + w && py <= y + h;
