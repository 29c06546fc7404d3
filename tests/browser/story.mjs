// SPDX-License-Identifier: GPL-3.0-or-later
// Goal: in a real browser, against the real program: find the uncertain stretch, draw a missed face and have it tracked,
// keep one person by consent and one by reason, save, reload, two tabs, render; `veil audit` is clean.
//   VEIL=build/veil STREET=build/samples/street/street node story.mjs FOLDER [PICTURES]
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { VEIL, access, count, done, drag, is, loaded, ok, place, review, run, saved, seek, text } from './lib.mjs';

const [folder, pictures] = process.argv.slice(2);
const video = join(folder, 'street.mp4'), file = `${video}.tracks.json`;
const picture = (page, name) => (pictures ? page.screenshot({ path: join(pictures, `${name}.png`) }) : undefined);
const read = () => JSON.parse(readFileSync(file, 'utf8'));
const track = (id) => read().tracks.find((t) => t.id === id);

// ---- a recording with a face that was missed and one that is uncertain --------------------------

if (!existsSync(video)) run(process.env.STREET, '-o', video, '--frames', '100', '--size', '1280x720', '--people', '8', '--seed', '7');
const scanned = run(VEIL, 'scan', video, '-o', file, '--force');
ok('the street is scanned', scanned.code === 0, scanned.err);
const before = read(), frames = before.source.frames;
const whole = before.tracks.filter((t) => t.boxes.length === frames && t.boxes.every((b) => b[5] !== 'e'));
const room = (t) => Math.min(...t.boxes.map((b) => b[3]));
whole.sort((a, b) => room(b) - room(a));
const [missed, unsure, kept] = whole;
unsure.boxes.forEach((b, i) => { [b[5], b[6]] = ['d', i >= 40 && i < 60 ? 0.3 : 0.9]; });
for (const t of before.tracks) if (t !== unsure) for (const b of t.boxes) [b[5], b[6]] = [b[5] === 'f' ? 'd' : b[5], Math.max(b[6], 0.6)];
before.tracks = before.tracks.filter((t) => t !== missed);
writeFileSync(file, JSON.stringify(before));

const { page, context, complaints, stop } = await review(video);
const tracks = before.tracks.length;
await access(page, 'the page');
is('all tracks are there', await count(page, 'cover'), tracks);
is('one stretch is uncertain', await count(page, 'doubt'), 1);
await loaded(page);
await picture(page, '1-loaded');

// ---- the uncertain stretch ------------------------------------------------------------------------

await page.keyboard.press('u');
is('U goes to the uncertain track', await text(page, '#track-title'), `Track ${unsure.id}`);
ok('and to its frame', (await text(page, '#frame')).startsWith('40 /'), await text(page, '#frame'));
await loaded(page);
await picture(page, '2-uncertain');
await page.keyboard.press('y');
is('Y vouches for it', await count(page, 'doubt'), 0);
await saved(page);
is('which is saved', track(unsure.id).boxes[45][5], 'm');
await page.keyboard.press('Control+z');
is('undone', await count(page, 'doubt'), 1);
await page.keyboard.press('Control+Shift+z');
is('done again', await count(page, 'doubt'), 0);

// ---- the missed face ----------------------------------------------------------------------------------

await page.keyboard.press('Escape');
await seek(page, '0:02.00');
const there = missed.boxes[50];
await loaded(page);
await drag(page, await place(page, before.source, [there[1], there[2]]), await place(page, before.source, [there[1] + there[3], there[2] + there[4]]));
await page.waitForFunction((n) => Number(document.getElementById('tally-cover').textContent) === n, tracks + 1);
await page.waitForFunction(() => document.getElementById('live').textContent.includes('followed over'), undefined, { timeout: 60_000 });
console.log(`# ${await text(page, '#live')}`);
await saved(page);
await picture(page, '3-drawn');
const drawn = read().tracks.at(-1);
function overlap(a, b) {
  const w = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]), h = Math.min(a[2] + a[4], b[2] + b[4]) - Math.max(a[2], b[2]);
  const both = Math.max(0, w) * Math.max(0, h);
  return both / (a[3] * a[4] + b[3] * b[4] - both);
}
const met = drawn.boxes.filter((b) => overlap(b, missed.boxes[b[0]]) > 0.4).length;
ok('the drawn face is followed both ways', drawn.boxes[0][0] < 45 && drawn.boxes.at(-1)[0] > 55, JSON.stringify([drawn.boxes[0], drawn.boxes.at(-1)]));
ok('by the face that was missed', met > 0.8 * drawn.boxes.length, `${met} of ${drawn.boxes.length}`);

// ---- who stays visible ------------------------------------------------------------------------------------

await page.keyboard.press('Escape');
const at = kept.boxes[50];
await seek(page, '0:02.00');
await page.mouse.click(...(await place(page, before.source, [at[1] + at[3] / 2, at[2] + at[4] / 2])));
is('a click chooses a face', await text(page, '#track-title'), `Track ${kept.id}`);
await page.locator('.actions label', { hasText: 'Keep' }).click();
ok('to keep asks for grounds', (await text(page, '#keep-why')).includes('needs a consent record or a reason'));
is('and nobody is kept yet', await count(page, 'keep'), 0);
const codes = await page.locator('#reason option').evaluateAll((o) => o.map((x) => x.value));
ok('only reasons that keep are offered', codes.includes('public-role') && !codes.includes('bystander'), codes.join());
await page.selectOption('#reason', 'public-role');
is('with a reason the face is kept', await count(page, 'keep'), 1);
await saved(page);
is('which is saved', track(kept.id).action, 'keep');
await page.locator('#note').fill('the mayor, at work');
await saved(page);
await picture(page, '4-kept');

const person = unsure, record = join(folder, 'yes.note');
const signing = `cd '${folder}' && echo 'we publish the street' > notice && yes 'one passphrase for a test' | head -n 2 > pass &&
  for r in controller subject; do [ -e $r.key ] || "$VEIL" keys new $r $r --pass-fd 3 3< pass || exit; done; rm -f yes.note
  "$VEIL" consent new --subject person-7 --controller council --subject-key subject.pub --controller-key controller.pub \
      --purpose publication --data face-image --notice notice --recording street.mp4 --track ${person.id} -o yes.note &&
  for r in controller subject; do "$VEIL" consent sign yes.note --key $r.key --pass-fd 3 3< pass || exit; done`;
const made = run('bash', '-c', signing);
if (ok('a consent record is signed', made.code === 0, made.err + made.out)) {
  const p = person.boxes[50];
  await page.evaluate(() => document.activeElement.blur());
  await page.mouse.click(...(await place(page, before.source, [p[1] + p[3] / 2, p[2] + p[4] / 2])));
  await page.setInputFiles('#consent-file', record);
  await page.waitForFunction(() => document.getElementById('tally-keep').textContent === '2', undefined, { timeout: 5000 }).catch(() => undefined);
  is('with a consent record the face is kept', await count(page, 'keep'), 2);
  await saved(page);
  ok('which is saved', track(person.id).consent.length > 8 && track(person.id).action === 'keep');
  await picture(page, '5-consent');
}

// ---- zones, sound, preview ---------------------------------------------------------------------------------

await page.evaluate(() => document.activeElement.blur());
await page.keyboard.press('Escape');
await page.keyboard.press('z');
for (const p of [[40, 40], [200, 40], [200, 160]]) await page.mouse.click(...(await place(page, before.source, p)));
await page.keyboard.press('Enter');
await saved(page);
is('a zone is drawn', read().zones.length, 1);
ok('where it was clicked', Math.abs(read().zones[0].points[1][0] - 200) < 3 && Math.abs(read().zones[0].points[2][1] - 160) < 3, JSON.stringify(read().zones));
await page.keyboard.press('Home');
await page.keyboard.press('i');
await seek(page, '0:01');
await page.keyboard.press('o');
await page.keyboard.press('q');
await saved(page);
ok('a range is muted', read().mutes.length === 1 && read().mutes[0].to > 1, JSON.stringify(read().mutes));
await seek(page, '0:02.00');
await page.keyboard.press('p');
await loaded(page);
await picture(page, '6-preview');
await page.keyboard.press('p');

// ---- without a mouse ------------------------------------------------------------------------------------------

const n = read().tracks.length;
await page.keyboard.press('n');
await page.keyboard.press('Shift+ArrowRight');
await page.keyboard.press('Control+ArrowDown');
await saved(page);
const box = read().tracks.at(-1).boxes[0];
ok('a box by keys alone', read().tracks.length === n + 1 && box[3] === 90 && box[4] === 92, JSON.stringify(box));
await page.keyboard.press('Delete');
await saved(page);
is('and gone again', read().tracks.length, n);

// ---- undo outlives a reload -----------------------------------------------------------------------------------------

const sealedTrack = (t) => t.tracks.find((x) => x.id === unsure.id).action;
await page.reload();
await page.waitForSelector('#app:not([hidden])');
ok('after a reload there is something to undo', await page.locator('#undo').isEnabled());
const undone = [];
for (let i = 0; i < 40 && (await page.locator('#undo').isEnabled()); i++) {
  await page.click('#undo');
  undone.push(await text(page, '#live'));
}
is('all the way back', JSON.stringify([await count(page, 'keep'), await count(page, 'cover'), await count(page, 'doubt')]), JSON.stringify([0, tracks, 1]));
await page.reload();
await page.waitForSelector('#app:not([hidden])');
for (let i = 0; i < 40 && (await page.locator('#redo').isEnabled()); i++) {
  await page.click('#redo');
  await text(page, '#live'); // drawn
}
await saved(page);
is('and redo, over another reload, brings all of it again', JSON.stringify([await count(page, 'keep'), read().zones.length, read().mutes.length]), JSON.stringify([made.code === 0 ? 2 : 1, 1, 1]));
ok('with the same actions', sealedTrack(read()) === (made.code === 0 ? 'keep' : 'cover'), undone.join(' | '));

// ---- two tabs, and a reload ---------------------------------------------------------------------------------------

const other = await context.newPage();
await other.goto(new URL('/', page.url()).href);
await other.waitForSelector('#app:not([hidden])');
await other.locator('#timeline').focus();
await other.keyboard.press('ArrowDown');
await other.keyboard.press('e');
await saved(other);
const theirs = read();
await page.locator('#timeline').focus();
await page.keyboard.press('ArrowDown');
await page.keyboard.press('ArrowDown');
await page.keyboard.press('e');
await page.waitForSelector('#problem:not([hidden])');
ok('the second tab is told', (await text(page, '#problem-text')).includes('saved elsewhere'));
await picture(page, '7-conflict');
is('and has overwritten nothing', JSON.stringify(read()), JSON.stringify(theirs));
await page.click('#theirs');
await page.waitForSelector('#app:not([hidden])');
await page.waitForFunction(() => document.getElementById('tally-seal').textContent === '1');
ok('theirs is loaded', true);
await other.close();
await page.locator('#timeline').focus();
await page.route('**/api/tracks', (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()));
await page.keyboard.press('ArrowDown');
await page.keyboard.press('c');
await page.waitForFunction(() => document.getElementById('saved').textContent === 'Not saved');
await page.reload();
await page.waitForSelector('#app:not([hidden])');
is('a reload brings back what could not be saved', await count(page, 'seal'), 0);
await page.unroute('**/api/tracks');
await page.waitForFunction(() => document.getElementById('saved').textContent === 'Saved', undefined, { timeout: 10_000 });
is('and saves it as soon as it can', read().tracks.filter((t) => t.action === 'seal').length, 0);

// ---- render ------------------------------------------------------------------------------------------------------------

await page.keyboard.press('r');
await page.fill('#render-name', 'out.mp4');
for (let tries = 0; tries < 4; tries++) { // what the audit finds is covered, as it offers
  await page.click('#render-ask button.primary');
  await page.waitForSelector('#render-end:not([hidden])', { timeout: 240_000 });
  console.log(`# ${await text(page, '#render-result')} ${await text(page, '#render-audit-result')}`);
  await picture(page, `8-rendered-${tries}`);
  if (!(await page.locator('#render-cover').isVisible())) break;
  await page.click('#render-cover');
  await page.waitForSelector('#render-ask:not([hidden])', { timeout: 120_000 });
  await page.fill('#render-name', 'out.mp4');
}
await access(page, 'the end of a render');
await page.fill('#papers-reference', 'Case 7/26');
await page.fill('#papers-recipient', 'the <court>');
await page.click('#papers-make');
await page.waitForSelector('#papers-links:not([hidden])', { timeout: 10_000 });
ok('papers lie beside the video', ['html', 'csv', 'json'].every((e) => existsSync(join(folder, `out.mp4.papers.${e}`))));
const [paper] = await Promise.all([context.waitForEvent('page'), page.click('#papers-links a')]);
await paper.waitForLoadState();
const printed = await paper.locator('body').innerText();
ok('and are shown, with what was said', printed.includes('Case 7/26') && printed.includes('the <court>'), printed.slice(0, 300));
ok('in their own style', (await paper.evaluate(() => getComputedStyle(document.body).maxWidth)) !== 'none');
if (pictures) await paper.screenshot({ path: join(pictures, '9-papers.png') });
await paper.close();
ok('the page says that the audit is clean', (await text(page, '#render-audit-result')).startsWith('Audit: clean'), await text(page, '#render-audit-result'));
const audit = run(VEIL, 'audit', join(folder, 'out.mp4'), '--source', video);
ok('veil audit is clean', audit.code === 0, audit.err);
const unexpected = complaints.filter((c) => !/412|ERR_FAILED|favicon/.test(c));
ok('the browser has no complaints', unexpected.length === 0, unexpected.join('\n'));
await stop();
done();
