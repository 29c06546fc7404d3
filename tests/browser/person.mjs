// SPDX-License-Identifier: GPL-3.0-or-later
// A report, not an assertion: what it costs a person to finish a clip - one kept by a reason, one face drawn that was
// missed, rendered and audited - in clicks, keys and drags, and how long they wait for the machine.
//   VEIL=build/veil node person.mjs VIDEO FOLDER [PICTURES]
// Person's time is estimated by the keystroke-level model (Card, Moran, Newell 1983): pointing 1.1 s, a button down and
// up 0.2 s, a key 0.28 s, thinking before each act 1.35 s.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { VEIL, done, drag, loaded, ok, place, review, run, saved, text } from './lib.mjs';

const [from, folder, pictures] = process.argv.slice(2), video = join(folder, basename(from)), file = `${video}.tracks.json`;
copyFileSync(from, video);
const timed = async (act) => {
  const begin = performance.now(), value = await act();
  return [(performance.now() - begin) / 1000, value];
};
let person = 0, waits = 0, acts = [];
const COST = { click: 1.1 + 0.2, key: 0.28, drag: 1.1 + 1.1 + 0.2, type: 8 * 0.28 };
async function by(kind, what, act, wait) {
  await act();
  person += 1.35 + COST[kind];
  acts.push(`${kind} (${what})`);
  if (wait) waits += (await timed(wait))[0];
}

const [scan] = await timed(() => run(VEIL, 'scan', video, '-o', file, '--force'));
const tracks = JSON.parse(readFileSync(file, 'utf8')), long = [...tracks.tracks].sort((a, b) => b.boxes.length - a.boxes.length);
const [kept, missed] = long;
tracks.tracks = tracks.tracks.filter((t) => t !== missed); // as if the detector had never seen it
writeFileSync(file, JSON.stringify(tracks));
console.log(`# scan ${scan.toFixed(0)} s for ${tracks.source.frames} frames of ${tracks.source.width}x${tracks.source.height}; ${long.length} tracks, the longest two over ${kept.boxes.length} and ${missed.boxes.length} frames`);

const { page, stop } = await review(video);
await loaded(page);
const shown = Number((await text(page, '#frame')).split('/')[0]);
const picture = (name) => (pictures ? page.screenshot({ path: join(pictures, `${name}.png`) }) : undefined);
await picture('p1-open');

// Keep one person: the face, Keep, the reason.
const at = kept.boxes.find((b) => b[0] === shown) ?? kept.boxes[0];
if (at[0] !== shown) await by('click', 'timeline', async () => { await page.fill('#time', String(at[0] / 25)); await page.press('#time', 'Enter'); await page.evaluate(() => document.activeElement.blur()); }, () => loaded(page));
await by('click', 'the face', async () => page.mouse.click(...(await place(page, tracks.source, [at[1] + at[3] / 2, at[2] + at[4] / 2]))));
await by('click', 'Keep', () => page.locator('.actions label', { hasText: 'Keep' }).click());
await by('click', 'reason', () => page.selectOption('#reason', 'public-role'));
await picture('p2-kept');
// Draw one that was missed; it is followed by itself.
await page.evaluate(() => document.activeElement.blur());
const frame = Number((await text(page, '#frame')).split('/')[0]), there = missed.boxes.find((b) => b[0] >= frame) ?? missed.boxes[0];
if (there[0] !== frame) await by('click', 'timeline', async () => { await page.fill('#time', String((there[0] + 0.5) / 25)); await page.press('#time', 'Enter'); await page.evaluate(() => document.activeElement.blur()); }, () => loaded(page));
await by('drag', 'the missed face', async () => drag(page, await place(page, tracks.source, [there[1], there[2]]), await place(page, tracks.source, [there[1] + there[3], there[2] + there[4]])),
  () => page.waitForFunction(() => document.getElementById('live').textContent.includes('followed over'), undefined, { timeout: 120_000 }));
console.log(`# ${await text(page, '#live')}`);
await saved(page);
await picture('p3-drawn');
// Render and audit in one go.
await by('key', 'R', () => page.keyboard.press('r'));
await page.waitForSelector('#render-ask:not([hidden])');
let renders = 0;
for (; renders < 4; renders++) {
  await by('key', 'Enter', () => page.keyboard.press('Enter'), () => page.waitForSelector('#render-end:not([hidden])', { timeout: 400_000 }));
  console.log(`# ${await text(page, '#render-result')} ${await text(page, '#render-audit-result')}`);
  await picture(`p4-render-${renders}`);
  if (!(await page.locator('#render-cover').isVisible())) break;
  await by('key', 'cover these', () => page.keyboard.press('Enter'), () => page.waitForSelector('#render-ask:not([hidden])', { timeout: 120_000 }));
}
ok('rendered, and the audit is clean', (await text(page, '#render-audit-result')).startsWith('Audit: clean'), await text(page, '#render-result'));
console.log(`# ${acts.length} acts: ${acts.join(', ')}`);
console.log(`# person ${person.toFixed(0)} s by the keystroke-level model; waiting for the machine ${waits.toFixed(0)} s, ${renders + 1} renders with audit`);
await stop();
done();
