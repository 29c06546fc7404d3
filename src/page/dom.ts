// SPDX-License-Identifier: GPL-3.0-or-later
// Small words for making elements; text only ever goes in as text.

type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** An element: attributes, on* listeners, children. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') e.addEventListener(name.slice(2), value);
    else if (value === true) e.setAttribute(name, '');
    else if (value !== undefined && value !== false) e.setAttribute(name, String(value));
  }
  e.append(...children);
  return e;
}

export function byId<T extends HTMLElement>(id: string): T {
  const e = document.getElementById(id);
  if (!e) throw new Error(`no element #${id}`);
  return e as T;
}

/** A canvas as sharp as the screen. @return its context, in CSS pixels, or undefined while it has no size */
export function fitCanvas(canvas: HTMLCanvasElement): { g: CanvasRenderingContext2D; w: number; h: number } | undefined {
  const w = canvas.clientWidth, height = canvas.clientHeight, dpr = window.devicePixelRatio || 1;
  const pw = Math.round(w * dpr), ph = Math.round(height * dpr), g = canvas.getContext('2d');
  if (!pw || !ph || !g) return undefined;
  if (canvas.width !== pw || canvas.height !== ph) {
    canvas.width = pw;
    canvas.height = ph;
  }
  g.setTransform(dpr, 0, 0, dpr, 0, 0);
  return { g, w, h: height };
}

/** 1:02.5, or 1:02:03.4 over an hour; finer with more digits. */
export function clock(seconds: number, digits = 1): string {
  const sign = seconds < 0 ? '-' : '', unit = 10 ** digits, all = Math.round(Math.abs(seconds) * unit);
  const s = all / unit, hours = Math.floor(s / 3600), minutes = Math.floor(s / 60) % 60;
  const rest = (Math.floor(all / unit) % 60).toString().padStart(2, '0') + (digits ? `.${(all % unit).toString().padStart(digits, '0')}` : '');
  return hours ? `${sign}${hours}:${minutes.toString().padStart(2, '0')}:${rest}` : `${sign}${minutes}:${rest}`;
}

/** "1:02.5", "62.5", "1:02:03" in seconds; undefined for anything else. */
export function parseClock(text: string): number | undefined {
  const m = /^\s*(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?)\s*$/.exec(text);
  return m ? Number(m[1] ?? 0) * 3600 + Number(m[2] ?? 0) * 60 + Number(m[3]) : undefined;
}

export const plural = (n: number, one: string, many = `${one}s`): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
