// SPDX-License-Identifier: GPL-3.0-or-later
// Goal: a review without a tracks file shows in the browser how far the search for faces is, opens by itself, can be
// stopped, and says why where a search fails.
//   VEIL=build/veil STREET=build/samples/street/street node scan.mjs FOLDER [PICTURES]
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { done, is, ok, review, run } from './lib.mjs';

const [folder, pictures] = process.argv.slice(2), video = join(folder, 'scan.mp4');
run(process.env.STREET, '-o', video, '--frames', '300', '--size', '1280x720', '--people', '5', '--no-audio', '--seed', '3');

{ // stopped
  const { page, stop } = await review(video, { waits: false });
  await page.waitForSelector('#scan:not([hidden])');
  await page.click('#scan-stop');
  await page.waitForFunction(() => document.body.textContent.includes('search is stopped'));
  await page.waitForTimeout(1500);
  ok('a stopped search leaves no tracks file', !existsSync(`${video}.tracks.json`));
  await stop();
}
{ // to its end
  const { page, complaints, stop } = await review(video, { waits: false });
  await page.waitForSelector('#scan:not([hidden])');
  is('the page names the recording', await page.locator('#scan-name').textContent(), 'scan.mp4');
  // On a quick machine the search may be over before the page has asked how far it is.
  const counted = await (await page.waitForFunction(() => {
    if (/\d+ frames of about 300/.test(document.getElementById('scan-text')?.textContent ?? '')) return 'yes';
    return document.getElementById('app').hidden ? '' : 'over';
  }, undefined, { timeout: 120_000 })).jsonValue();
  ok(counted === 'yes' ? 'and counts' : 'and counts # SKIP the search was over too soon', true);
  if (pictures) await page.screenshot({ path: join(pictures, 'scan.png') });
  if (counted === 'yes') is('nothing else is answered yet', await page.evaluate(async () => (await fetch('/api/job')).status), 503);
  await page.waitForSelector('#app:not([hidden])', { timeout: 240_000 });
  ok('then the review opens by itself', Number(await page.locator('#tally-cover').textContent()) > 0);
  ok('the tracks file is there', existsSync(`${video}.tracks.json`));
  const unexpected = complaints.filter((c) => !/503|favicon/.test(c));
  ok('the browser has no complaints', unexpected.length === 0, unexpected.join('\n'));
  await stop();
}
done();
