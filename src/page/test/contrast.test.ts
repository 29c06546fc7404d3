// SPDX-License-Identifier: GPL-3.0-or-later
// WCAG 2.2 AA, computed from the tokens of the style sheet: text 4.5 on every ground it stands on, what one must see to
// use the page 3.0, in the dark and in the light.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const css = readFileSync('style.css', 'utf8'); // npm runs tests in the folder of package.json

function tokens(block: string): Map<string, string> {
  return new Map([...block.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1]!, m[2]!]));
}

const [dark, light] = [...css.matchAll(/:root\s*\{([^}]*)\}/g)].map((m) => tokens(m[1]!));

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const v = parseInt(color.slice(i, i + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x! + 0.05) / (y! + 0.05);
}

const GROUNDS = ['panel', 'raised', 'ground'];
const ROWS = ['row', 'row-chosen'];
/** [what, on what, least]. */
const RULES: [string, string[], number][] = [
  ['text', [...GROUNDS, ...ROWS], 4.5], ['dim', [...GROUNDS, ...ROWS], 4.5],
  ['accent', ['panel', 'raised'], 4.5], ['bad', ['panel', 'raised'], 4.5],
  ['keep', ['panel'], 4.5], ['seal', ['panel'], 4.5], ['doubt', ['panel'], 4.5],
  ['box-ink', ['box-chosen'], 4.5],
  ['on-accent', ['accent', 'keep', 'seal'], 4.5],
  ['text', ['field'], 4.5], ['edge', ['panel', 'raised', 'ground', 'field'], 3],
  ...['detected', 'filled', 'extended', 'manual', 'mute', 'zone', 'keep', 'seal', 'doubt', 'playhead'].map((name): [string, string[], number] => [name, ROWS, 3]),
];

for (const [theme, color] of [['dark', dark], ['light', light]] as const)
  test(`contrast in the ${theme}`, () => {
    assert.ok(color && color.size > 20, 'the tokens are read');
    for (const [what, grounds, least] of RULES)
      for (const ground of grounds) {
        const a = color!.get(what) ?? dark!.get(what), b = color!.get(ground) ?? dark!.get(ground);
        assert.ok(a && b, `${what} and ${ground} are tokens`);
        const got = contrast(a!, b!);
        assert.ok(got >= least, `${what} on ${ground}: ${got.toFixed(2)}, at least ${least}`);
      }
  });

test('black on white is 21', () => {
  assert.equal(contrast('#000000', '#ffffff').toFixed(2), '21.00');
});
