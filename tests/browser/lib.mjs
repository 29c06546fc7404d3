// SPDX-License-Identifier: GPL-3.0-or-later
// A review of one recording in a real browser: the program, Debian's Chromium, and a few words for the tests (TAP).
import { spawn, spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const VEIL = realpathSync(process.env.VEIL ?? 'build/veil');
process.env.VEIL = VEIL; // for the shells that tests start, in other folders
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

let n = 0, failures = 0;

export function ok(text, value, detail = '') {
  n++;
  if (!value) failures++;
  console.log(`${value ? 'ok' : 'not ok'} ${n} - ${text}`);
  if (!value && detail) console.log(`# ${String(detail).slice(0, 800)}`);
  return Boolean(value);
}

export const is = (text, got, wanted) => ok(text, got === wanted, `got: ${JSON.stringify(got)}, wanted: ${JSON.stringify(wanted)}`);

export function done() {
  console.log(`1..${n}`);
  process.exitCode = failures ? 1 : 0;
}

export function run(program, ...args) {
  const r = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  return { code: r.status, out: r.stdout, err: r.stderr };
}

/** Start `veil review` and a browser on its page. */
export async function review(video, { width = 1440, height = 900, waits = true, ...more } = {}) {
  const child = spawn(VEIL, ['review', video, '--no-browser'], { stdio: ['ignore', 'pipe', 'pipe'] });
  process.on('exit', () => child.kill('SIGTERM')); // also when a test breaks
  let said = '';
  child.stderr.on('data', (d) => { said += d; });
  const address = await new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (d) => {
      out += d;
      if (out.includes('\n')) resolve(out.trim());
    });
    child.on('exit', (code) => reject(new Error(`veil review ended with ${code}: ${said}`)));
  });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: 'dark', ...more });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (m) => m.type() === 'error' && complaints.push(`${m.text()} ${m.location().url}`));
  page.on('pageerror', (e) => complaints.push(String(e)));
  await page.goto(address);
  await page.waitForURL((u) => !u.search);
  if (waits) await page.waitForSelector('#app:not([hidden])', { timeout: 20_000 });
  return {
    page, context, complaints, address,
    async stop() {
      await browser.close();
      if (child.exitCode === null) {
        const ended = new Promise((resolve) => child.on('exit', resolve));
        child.kill('SIGTERM');
        await ended;
      }
    },
  };
}

/** The page draws once a frame of the screen: two later, all is drawn that was done before. */
export const drawn = (page) => page.evaluate(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r()))));

export async function saved(page) {
  await drawn(page);
  await page.waitForFunction(() => document.getElementById('saved').textContent === 'Saved', undefined, { timeout: 60_000 });
}

/** The picture of this frame is on the screen. */
export async function loaded(page) {
  await drawn(page);
  await page.waitForFunction(() => !document.getElementById('busy').textContent, undefined, { timeout: 60_000 });
}

export async function text(page, selector) {
  await drawn(page);
  return page.locator(selector).textContent();
}

export const count = async (page, what) => Number(await text(page, `#tally-${what}`));

/** Seek by the field of the time, as a person would type it. */
export async function seek(page, time) {
  await page.fill('#time', String(time));
  await page.press('#time', 'Enter');
  await page.evaluate(() => document.activeElement.blur());
}

/** Where stored pixels lie on the screen, for an upright recording at zoom 1. */
export async function place(page, source, [x, y]) {
  const b = await page.locator('#picture').boundingBox(), s = Math.min(b.width / source.width, b.height / source.height);
  return [b.x + (b.width - source.width * s) / 2 + x * s, b.y + (b.height - source.height * s) / 2 + y * s];
}

export async function drag(page, from, to) {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(...to);
  await page.mouse.up();
}

/** WCAG 2.2 AA, as far as a program can see: every control that is shown has a name, and is 24 by 24 pixels or more. */
export async function access(page, where) {
  await drawn(page);
  const found = await page.evaluate(() => {
    const nameOf = (e) => (e.getAttribute('aria-label') ?? '') + (e.getAttribute('title') ?? '') + [...(e.labels ?? [])].map((l) => l.textContent).join('') + e.textContent.trim();
    const top = document.querySelector('dialog[open]') ?? document;
    return [...top.querySelectorAll('button, select, input, textarea, a, summary, [tabindex], [role=button]')].flatMap((e) => {
      const target = e.type === 'radio' || e.type === 'checkbox' || e.type === 'file' ? e.closest('label') ?? e : e, box = target.getBoundingClientRect();
      if (!box.width || !box.height || getComputedStyle(e).visibility === 'hidden') return [];
      const what = e.id || e.outerHTML.slice(0, 60), bad = [];
      if (!nameOf(e)) bad.push(`${what} has no name`);
      if (box.width < 23.5 || box.height < 23.5) bad.push(`${what} is ${box.width.toFixed(0)} by ${box.height.toFixed(0)}`);
      return bad;
    });
  });
  ok(`controls have names and are large enough: ${where}`, found.length === 0, found.join('; '));
}
