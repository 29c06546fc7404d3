// SPDX-License-Identifier: GPL-3.0-or-later
// Goal: every edit of a review by keys alone: split, merge, delete a track or a part of it, one click for one person, zones
// and muted ranges with times and reasons, and the help that lists all keys.
//   VEIL=build/veil STREET=build/samples/street/street node edit.mjs FOLDER
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VEIL, access, count, done, is, ok, review, run, saved, seek, text } from './lib.mjs';

const [folder] = process.argv.slice(2), video = join(folder, 'edit.mp4'), file = `${video}.tracks.json`;
if (!existsSync(video)) run(process.env.STREET, '-o', video, '--frames', '100', '--size', '640x360', '--people', '2', '--seed', '5');
const scanned = run(VEIL, 'scan', video, '-o', file, '--force');
ok('the street is scanned', scanned.code === 0, scanned.err);
const read = () => JSON.parse(readFileSync(file, 'utf8')), tracks = read();
tracks.tracks = [1, 2, 3].map((id) => ({ id, action: 'cover', reason: '', note: '', consent: '',
  boxes: Array.from({ length: 100 }, (_, f) => [f, 60 + 150 * id, 100, 60, 80, 'd', 0.9]) }));
writeFileSync(file, JSON.stringify(tracks));

const { page, complaints, stop } = await review(video, { colorScheme: 'light' });
const key = (k) => page.keyboard.press(k);
const ids = () => read().tracks.map((t) => t.id), track = (id) => read().tracks.find((t) => t.id === id);
await page.locator('#timeline').focus();

await key('?');
await page.waitForSelector('#help[open]');
const listed = await page.locator('#help-keys').innerText();
ok('the help lists what can be done', ['split', 'merge', 'mute', 'zone', 'everyone but', 'undo', 'hear'].every((w) => listed.includes(w)), listed);
await access(page, 'the help');
await key('Escape');

await key('ArrowDown');
await seek(page, '0:02.00');
await key('s');
await saved(page);
is('S splits at the frame', JSON.stringify([ids().length, track(1).boxes.length, track(4).boxes[0][0]]), '[4,50,50]');
await page.locator('#timeline').focus();
await key('Home');
await key('ArrowUp'); await key('ArrowUp'); await key('ArrowUp'); await key('ArrowUp');
is('up goes to the first track', await text(page, '#track-title'), 'Track 1');
for (let i = 0; i < 3; i++) await key('Alt+ArrowDown');
await key('m');
await saved(page);
is('M merges what is chosen', ids().length, 1);
await key('Control+z');
await key('Control+z');
await saved(page);
is('undone twice, all is as before', JSON.stringify(read().tracks.map((t) => [t.id, t.boxes.length])), '[[1,100],[2,100],[3,100]]');

await key('Escape');
await key('ArrowDown');
await seek(page, '0:01.00');
await key('i');
await seek(page, '0:02.00');
await key('o');
await key('Delete');
await saved(page);
is('Delete takes the range out of the track', JSON.stringify([track(1).boxes.length, track(1).boxes.some((b) => b[0] >= 25 && b[0] <= 50)]), '[74,false]');
await key('x');
await key('Delete');
await saved(page);
is('without a range the whole track', JSON.stringify(ids()), '[2,3]');
await key('Control+z');
await key('Control+z');
await saved(page);

await key('ArrowDown');
const chosen = Number((await text(page, '#track-title')).replace(/\D/g, ''));
await key('1');
await saved(page);
is('1 keeps this person and covers all others', JSON.stringify(read().tracks.map((t) => t.action)), JSON.stringify(read().tracks.map((t) => (t.id === chosen ? 'keep' : 'cover'))));
is('one is kept', await count(page, 'keep'), 1);
await key('Control+z');
await key('2');
await page.waitForSelector('#ask[open]');
await access(page, 'the question for a reason');
await page.locator('#ask button[value=ok]').click();
await saved(page);
is('2 covers this person and keeps all others', JSON.stringify(read().tracks.map((t) => t.action)), JSON.stringify(read().tracks.map((t) => (t.id === chosen ? 'cover' : 'keep'))));
await key('Control+z');
await key('e');
await saved(page);
is('E seals', track(chosen).action, 'seal');
await page.selectOption('#reason', 'bystander');
await page.locator('#note').fill('seen by the door');
await saved(page);
is('reason and note are saved', JSON.stringify([track(chosen).reason, track(chosen).note]), '["bystander","seen by the door"]');

await page.evaluate(() => document.activeElement.blur());
await key('Escape');
await key('Shift+Z');
await saved(page);
await page.fill('[data-field="zone 1 begin"]', '0:01');
await page.press('[data-field="zone 1 begin"]', 'Enter');
await page.fill('[data-field="zone 1 end"]', '0:02.5');
await page.press('[data-field="zone 1 end"]', 'Enter');
await page.selectOption('[data-field="zone 1 reason"]', 'bystander');
await saved(page);
is('a zone has times and a reason', JSON.stringify(read().zones.map((z) => [z.from, z.to, z.reason])), '[[1,2.5,"bystander"]]');
await page.evaluate(() => document.activeElement.blur());
await key('Escape');
await seek(page, '0:00.50');
await key('i');
await seek(page, '0:01.00');
await key('o');
await key('q');
await saved(page);
is('a range is muted', read().mutes.length, 1);
await access(page, 'the page in the light, with lists');

// Sound: what plays is fetched and planned; muted or not, it ends with the picture.
const asked = [];
page.on('request', (r) => r.url().includes('/api/sound/') && asked.push(r.url()));
await key('Home');
await text(page, '#live'); // drawn
await key(' ');
await page.waitForFunction(() => parseFloat(document.getElementById('time').value.slice(2)) > 0.3, undefined, { timeout: 20_000 });
await key(' ');
ok('playing fetches the sound', asked.length > 0, JSON.stringify(asked));
await key('h');
await text(page, '#live');
is('H turns it off', await page.locator('#volume').getAttribute('aria-pressed'), 'false');
const unexpected = complaints.filter((c) => !/404|favicon/.test(c));
ok('the browser has no complaints', unexpected.length === 0, unexpected.join('\n'));
await stop();
done();
