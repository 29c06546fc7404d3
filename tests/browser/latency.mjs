// SPDX-License-Identifier: GPL-3.0-or-later
// A report, not an assertion: milliseconds from a key or the mouse to the next painted frame, on an hour with 500 tracks.
//   VEIL=build/veil node latency.mjs FOLDER
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg, cpus } from 'node:os';
import { join } from 'node:path';
import { done, drag, drawn, ok, place, review, run, saved } from './lib.mjs';

const folder = process.argv[2], video = join(folder, 'hour.mp4'), piece = join(folder, 'piece.mp4');
const TRACKS = 500, MEAN = 900;

if (!existsSync(video)) {
  run('ffmpeg', '-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25', '-t', '20', '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '0', '-g', '50', piece);
  run('ffmpeg', '-v', 'error', '-y', '-stream_loop', '179', '-i', piece, '-c', 'copy', video);
}
const probe = run('ffprobe', '-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts', '-of', 'csv=p=0', video);
const pts = probe.out.trim().split('\n').map((line) => parseInt(line, 10)).sort((a, b) => a - b);
const base = run('ffprobe', '-v', 'error', '-select_streams', 'v:0', '-show_entries', 'stream=time_base', '-of', 'csv=p=0', video).out.trim();
const frames = pts.length;

let seed = 1; // the same document each time
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const tracks = Array.from({ length: TRACKS }, (_, i) => {
  const n = Math.floor(MEAN * (0.3 + 1.4 * random())), first = Math.floor(random() * (frames - n)), x = random() * 560, y = random() * 300, vx = random() - 0.5;
  const boxes = Array.from({ length: n }, (_v, k) => {
    const low = Math.floor(k / 40) % 9 === 8;
    return [first + k, Math.round((x + vx * k * 0.1) * 10) / 10, Math.round(y * 10) / 10, 40, 50, k % 3 ? 'f' : 'd', low ? 0.4 : 0.9];
  });
  return { id: i + 1, action: 'cover', reason: '', note: '', consent: '', boxes };
});
const source = {
  file: 'hour.mp4', sha256: createHash('sha256').update(readFileSync(video)).digest('hex'), width: 640, height: 360, rotation: 0,
  sar: '1/1', frame_rate: '25/1', time_base: base, frames, pts,
};
writeFileSync(`${video}.tracks.json`, JSON.stringify({ format: 'veil-tracks', version: 1, revision: 0, program: 'test', source, detector: {}, tracks, zones: [], mutes: [] }));

const begin = performance.now();
const { page, stop } = await review(video);
console.log(`# load of the machine ${loadavg()[0].toFixed(1)} on ${cpus().length} cores`);
console.log(`# ${frames} frames, ${tracks.length} tracks, ${tracks.reduce((n, t) => n + t.boxes.length, 0)} boxes; page ready after ${((performance.now() - begin) / 1000).toFixed(1)} s, program and browser included`);
ok('an hour with 500 tracks opens', (await page.locator('#tally-cover').textContent()) === String(TRACKS));

const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable');
const busy = async () => (await cdp.send('Performance.getMetrics')).metrics.find((m) => m.name === 'TaskDuration').value * 1000;

await page.evaluate(() => {
  window.taken = [];
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) window.taken.push([e.name, e.duration, e.processingEnd - e.processingStart]);
  }).observe({ type: 'event', durationThreshold: 16 });
  window.gaps = [];
  let last = performance.now();
  const tick = (now) => {
    window.gaps.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
});

/** Do something n times; print what the browser says of it. Events under 16 ms are not listed by it, and count as 16. */
async function measure(name, n, act) {
  await page.evaluate(() => { window.taken.length = window.gaps.length = 0; });
  const before = await busy();
  for (let i = 0; i < n; i++) {
    await act(i);
    await drawn(page);
  }
  await page.waitForTimeout(150);
  const spent = ((await busy()) - before) / n;
  const { taken, gaps } = await page.evaluate(() => ({ taken: window.taken, gaps: window.gaps }));
  const durations = taken.filter((t) => /keydown|pointer|wheel|mousedown|input/.test(t[0])).map((t) => t[1]).sort((a, b) => a - b);
  const most = durations.at(-1) ?? 16, work = Math.max(0, ...taken.map((t) => t[2]));
  gaps.sort((a, b) => a - b);
  console.log(`# ${name.padEnd(36)} ${String(n).padStart(3)} times: to the next paint at most ${most} ms, ${durations.filter((d) => d > 50).length} over 50 ms; ` +
    `half within ${durations.length > n / 2 ? durations[durations.length >> 1] : 16} ms; handler at most ${work.toFixed(1)} ms; main thread ${spent.toFixed(1)} ms each; longest frame ${gaps.at(-1).toFixed(0)} ms`);
}

const key = (k) => () => page.keyboard.press(k);
await page.locator('#timeline').focus();
await measure('step by frame', 30, key('ArrowRight'));
await measure('next track', 30, key('ArrowDown'));
await measure('next uncertain stretch', 30, key('u'));
await measure('next begin or end', 30, key('b'));
await measure('confirm a stretch', 10, key('y'));
await saved(page);
await measure('undo', 10, key('Control+z'));
await saved(page);
await measure('zoom the timeline', 16, (i) => page.keyboard.press(i < 8 ? '+' : '-'));
const t = await page.locator('#timeline').boundingBox();
await page.mouse.move(t.x + 500, t.y + 120);
await measure('scroll the timeline', 60, () => page.mouse.wheel(0, 90));
await page.keyboard.press('0');
await measure('seek over the hour by mouse', 20, (i) => page.mouse.click(t.x + 200 + i * 40, t.y + 10));
const doc = { width: 640, height: 360 };
await measure('drag a box', 5, async (i) => {
  await page.keyboard.press('n');
  await drag(page, await place(page, doc, [320, 180]), await place(page, doc, [350 + i, 190]));
});
await saved(page);
await page.keyboard.press('Space');
await measure('playing, choose tracks meanwhile', 20, async () => page.waitForTimeout(60));
await page.keyboard.press('Space');
await stop();
done();
