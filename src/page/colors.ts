// SPDX-License-Identifier: GPL-3.0-or-later
// Canvases take their colours from the style sheet, so light and dark are told in one place.

const names = {
  accent: '--accent', onAccent: '--on-accent', text: '--text', dim: '--dim', faint: '--line', panel: '--panel', row: '--row',
  rowChosen: '--row-chosen', box: '--box', boxChosen: '--box-chosen', boxInk: '--box-ink', boxKeep: '--box-keep', boxSeal: '--box-seal', boxDoubt: '--box-doubt',
  keep: '--keep', seal: '--seal', doubt: '--doubt', zone: '--zone', zoneFill: '--zone-fill',
  detected: '--detected', filled: '--filled', extended: '--extended', manual: '--manual', mute: '--mute', playhead: '--playhead', range: '--range',
} as const;
export type Colors = Record<keyof typeof names, string>;

let cached: Colors | undefined;

export function colors(): Colors {
  if (cached) return cached;
  const style = getComputedStyle(document.documentElement);
  return (cached = Object.fromEntries(Object.entries(names).map(([name, v]) => [name, style.getPropertyValue(v).trim()])) as Colors);
}

export function watchColors(changed: () => void): void {
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => {
    cached = undefined;
    changed();
  });
}
