// SPDX-License-Identifier: GPL-3.0-or-later
// Puts the page together: views, buttons, keys.
import './style.css';
import * as api from './api.js';
import { App, type Filter } from './app.js';
import { watchColors } from './colors.js';
import { Commands } from './commands.js';
import { RenderDialog } from './dialogs.js';
import { byId, clock, parseClock, plural } from './dom.js';
import { Keys, type Key } from './keys.js';
import { Lists } from './lists.js';
import { Overlay } from './overlay.js';
import { Panel } from './panel.js';
import { drawSample } from './patterns.js';
import { Player } from './player.js';
import { Timeline } from './timeline.js';
import type { Origin } from './model.js';

const app = new App(), player = new Player(app), commands = new Commands(app, player);

/** What stands in the bars: time, save state, which buttons are pressed. */
class Bars {
  private readonly time = byId<HTMLInputElement>('time');
  private previewed = '';

  render(): void {
    const { saver, history } = app, { state } = saver;
    if (document.activeElement !== this.time) this.time.value = clock(app.time(app.frame), 2);
    byId('total').textContent = clock(app.endTime(app.job.frames - 1), 2);
    byId('frame').textContent = `${app.frame} / ${app.job.frames - 1}`;
    byId('play').setAttribute('aria-pressed', String(app.playing));
    byId('play').classList.toggle('playing', app.playing);
    byId('play').setAttribute('aria-label', app.playing ? 'Pause' : 'Play');
    byId<HTMLSelectElement>('speed').value = String(app.speed);
    byId('preview').setAttribute('aria-pressed', String(app.preview));
    byId('volume').setAttribute('aria-pressed', String(player.sound.on));
    byId('draw-box').setAttribute('aria-pressed', String(app.mode === 'box'));
    byId('draw-zone').setAttribute('aria-pressed', String(app.mode === 'zone'));
    byId('stage').classList.toggle('previewing', app.preview);
    byId<HTMLButtonElement>('undo').disabled = !history.canUndo;
    byId<HTMLButtonElement>('redo').disabled = !history.canRedo;
    byId('undo').title = `Undo ${history.undoLabel} (Ctrl Z)`;
    byId('redo').title = `Redo ${history.redoLabel} (Ctrl Shift Z)`;
    byId('saved').textContent = { saved: 'Saved', waiting: 'Saving', saving: 'Saving', conflict: 'Not saved', failed: 'Not saved' }[state];
    byId('saved').className = state;
    byId('busy').textContent = app.busy || (player.isWaiting && !app.playing ? 'Loading frame' : '');
    byId('busy').classList.toggle('shown', Boolean(app.busy));
    this.problem(state === 'conflict', state === 'failed' ? `Not saved: ${saver.message}.` : state === 'conflict' ? saver.message : '');
    this.preview();
  }

  private problem(conflict: boolean, text: string): void {
    byId('problem').hidden = !text;
    if (byId('problem-text').textContent !== text) byId('problem-text').textContent = text;
    for (const id of ['theirs', 'copy', 'mine']) byId(id).hidden = !conflict;
    byId('retry').hidden = conflict;
  }

  /** The preview shows what is on the disk, so it is fetched anew at each save. */
  private preview(): void {
    const now = app.preview ? String(app.saver.revision) : '';
    if (now !== this.previewed && now && this.previewed) player.invalidate();
    this.previewed = now;
  }
}

function on(id: string, run: () => void): void {
  byId(id).addEventListener('click', run);
}

function download(): void {
  const link = document.createElement('a'), url = URL.createObjectURL(app.saver.copy());
  link.href = url;
  link.download = `${app.job.name}.tracks-mine.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function reload(): void {
  app.saver.forget();
  window.onbeforeunload = null;
  location.reload();
}

function buttons(render: RenderDialog): void {
  on('play', () => player.toggle());
  on('volume', () => player.sound.toggle());
  on('back', () => commands.step(-1));
  on('on', () => commands.step(1));
  on('undo', () => app.undo());
  on('redo', () => app.redo());
  on('preview', () => void commands.togglePreview());
  on('next-doubt', () => commands.doubt(1));
  on('next-edge', () => commands.edge(1));
  on('draw-box', () => setMode('box'));
  on('draw-zone', () => setMode('zone'));
  on('follow', () => void commands.follow());
  on('confirm', () => commands.confirm());
  on('split', () => commands.split());
  on('merge', () => commands.merge());
  on('delete', () => commands.remove());
  on('everyone-but', () => commands.everyoneBut());
  on('only-this', () => void commands.onlyThese());
  on('open-render', () => void render.open());
  on('open-help', () => byId<HTMLDialogElement>('help').showModal());
  on('theirs', reload);
  on('copy', () => {
    download();
    app.say('Your copy is in the downloads. Now load theirs, or put yours in its place');
  });
  on('mine', () => void app.saver.overwrite());
  on('retry', () => void app.saver.flush());
  on('quit', () => void end());
  byId<HTMLSelectElement>('speed').addEventListener('change', (e) => player.setSpeed(Number((e.target as HTMLSelectElement).value)));
  byId<HTMLSelectElement>('filter').addEventListener('change', (e) => {
    app.filter = (e.target as HTMLSelectElement).value as Filter;
    app.draw();
  });
  byId<HTMLInputElement>('time').addEventListener('change', (e) => {
    const t = parseClock((e.target as HTMLInputElement).value);
    if (t === undefined) app.say('Give a time like 1:02.5', true);
    else player.seek(app.frameAt(t));
  });
}

async function end(): Promise<void> {
  if (!(await app.saver.flush())) return;
  await api.quit().catch(() => undefined);
  window.onbeforeunload = null;
  document.body.replaceChildren(Object.assign(document.createElement('p'), { className: 'ended', textContent: 'The review is saved and has ended. This page can be closed.' }));
}

function setMode(mode: 'box' | 'zone'): void {
  app.mode = app.mode === mode ? 'select' : mode;
  app.say(app.mode === 'box' ? 'Draw a box round the face; it is followed both ways' : app.mode === 'zone' ? 'Click the corners of the zone; Enter closes it, Escape gives it up' : '');
  app.draw();
}

function keyList(timeline: Timeline, overlay: Overlay, render: RenderDialog): Key[] {
  const key = (group: string, keys: string, label: string, text: string, run: () => void): Key => ({ group, keys, label, text, run });
  const arrows: [string, number, number][] = [['ArrowLeft', -1, 0], ['ArrowRight', 1, 0], ['ArrowUp', 0, -1], ['ArrowDown', 0, 1]];
  return [
    key('Time', ' ', 'Space', 'play, pause', () => player.toggle()),
    key('Time', 'ArrowLeft', '←', 'one frame back', () => commands.step(-1)),
    key('Time', 'ArrowRight', '→', 'one frame on', () => commands.step(1)),
    key('Time', 'PageUp | ,', 'PageUp or ,', 'one second back', () => commands.jump(-1)),
    key('Time', 'PageDown | .', 'PageDown or .', 'one second on', () => commands.jump(1)),
    key('Time', 'Home', 'Home', 'first frame', () => player.seek(0)),
    key('Time', 'End', 'End', 'last frame', () => player.seek(app.job.frames - 1)),
    key('Time', 'h', 'H', 'hear the sound, or not', () => player.sound.toggle()),
    key('Time', 'j', 'J', 'slower', () => player.setSpeed(app.speed / 2)),
    key('Time', 'l', 'L', 'faster', () => player.setSpeed(app.speed * 2)),
    key('Find', 'u', 'U', 'next uncertain stretch', () => commands.doubt(1)),
    key('Find', 'Shift+u', 'Shift U', 'the one before', () => commands.doubt(-1)),
    key('Find', 'b', 'B', 'next begin or end inside the picture', () => commands.edge(1)),
    key('Find', 'Shift+b', 'Shift B', 'the one before', () => commands.edge(-1)),
    key('Find', 'ArrowDown', '↓', 'next track', () => commands.selectStep(timeline.order, 1, false)),
    key('Find', 'ArrowUp', '↑', 'track before', () => commands.selectStep(timeline.order, -1, false)),
    key('Find', 'Alt+ArrowDown', 'Alt ↓', 'choose the next track as well', () => commands.selectStep(timeline.order, 1, true)),
    key('Find', 'Alt+ArrowUp', 'Alt ↑', 'choose the track before as well', () => commands.selectStep(timeline.order, -1, true)),
    key('Find', '+ | =', '+', 'zoom into the timeline', () => timeline.zoom(1.5)),
    key('Find', '-', '-', 'zoom out', () => timeline.zoom(1 / 1.5)),
    key('Find', '0', '0', 'whole timeline, whole picture', () => {
      timeline.zoomAll();
      app.geometry.zoom = 1;
    }),
    key('Find', 'Ctrl++ | Ctrl+=', 'Ctrl +', 'zoom into the picture', () => zoomPicture(1.4)),
    key('Find', 'Ctrl+-', 'Ctrl -', 'zoom out of the picture', () => zoomPicture(1 / 1.4)),
    key('Boxes', 'y', 'Y', 'this stretch is right; on to the next', () => commands.confirm()),
    key('Boxes', 'a', 'A', 'draw a face (then drag)', () => setMode('box')),
    key('Boxes', 'n', 'N', 'new box in the middle, without a mouse', () => void commands.addBoxInMiddle()),
    key('Boxes', 'f', 'F', 'follow the box both ways', () => void commands.follow()),
    key('Boxes', 's', 'S', 'split the track here', () => commands.split()),
    key('Boxes', 'm', 'M', 'merge the chosen tracks', () => commands.merge()),
    key('Boxes', 'Delete | Backspace', 'Delete', 'delete the track, or its part in the range', () => commands.remove()),
    ...arrows.map(([name, x, y], i) => key('Boxes', `Shift+${name}`, i ? '' : 'Shift arrows', 'move the box', () => commands.nudge(x * 2, y * 2, 0, 0))),
    ...arrows.map(([name, x, y], i) => key('Boxes', `Ctrl+${name}`, i ? '' : 'Ctrl arrows', 'size the box', () => commands.nudge(0, 0, x * 2, y * 2))),
    key('What happens to it', 'c', 'C', 'cover', () => commands.setAction('cover')),
    key('What happens to it', 'v', 'V', 'keep visible; needs consent or a reason', () => commands.setAction('keep')),
    key('What happens to it', 'e', 'E', 'seal', () => commands.setAction('seal')),
    key('What happens to it', '1', '1', 'everyone but this person', () => commands.everyoneBut()),
    key('What happens to it', '2', '2', 'only this person', () => void commands.onlyThese()),
    key('Ranges and zones', 'i', 'I', 'range begins here', () => commands.mark('from')),
    key('Ranges and zones', 'o', 'O', 'range ends here', () => commands.mark('to')),
    key('Ranges and zones', 'x', 'X', 'no range', () => commands.clearRange()),
    key('Ranges and zones', 'q', 'Q', 'mute the sound in the range', () => commands.mute()),
    key('Ranges and zones', 'z', 'Z', 'draw a zone, for the range', () => setMode('zone')),
    key('Ranges and zones', 'Shift+z', 'Shift Z', 'zone in the middle, without a mouse', () => commands.addZoneInMiddle()),
    key('Ranges and zones', 'Enter', 'Enter', 'close the zone', () => void overlay.closeZone()),
    key('Page', 'p', 'P', 'preview as published', () => void commands.togglePreview()),
    key('Page', 'Ctrl+z', 'Ctrl Z', 'undo', () => app.undo()),
    key('Page', 'Ctrl+Shift+z | Ctrl+y', 'Ctrl Shift Z', 'redo', () => app.redo()),
    key('Page', 'r', 'R', 'render', () => void render.open()),
    key('Page', '? | Shift+? | F1', '?', 'this help', () => byId<HTMLDialogElement>('help').showModal()),
    key('Page', 'Escape', 'Esc', 'give up what is being drawn; choose nothing', () => void (overlay.cancel() || app.select(0))),
  ];
}

function zoomPicture(factor: number): void {
  const c = byId('picture'), box = app.track?.boxes.find((b) => b[0] === app.frame);
  const r = box && app.geometry.rectToScreen([box[1], box[2], box[3], box[4]]);
  app.geometry.zoomAt(factor, r ? [r[0] + r[2] / 2, r[1] + r[3] / 2] : [c.clientWidth / 2, c.clientHeight / 2]);
  app.draw();
}

let stopped = false;

/** Without a tracks file the program looks for faces first, and the page says how far it is. */
async function scanned(): Promise<void> {
  const box = byId('scan'), bar = byId<HTMLProgressElement>('scan-progress'), begun = performance.now();
  let first = -1;
  while (!stopped) {
    const s = await api.scanState(), frames = s.frames ?? 0, expected = s.expected ?? 0;
    if (stopped) return;
    if (s.state === 'done') break;
    if (s.state === 'failed') throw new Error(s.message ?? 'the search for faces failed');
    byId('loading').hidden = true;
    box.hidden = false;
    document.title = `${s.name ?? ''} – veil review`;
    byId('scan-name').textContent = s.name ?? '';
    const share = expected ? Math.min(1, frames / expected) : 0;
    if (first < 0 && frames) first = frames;
    if (share) bar.value = share;
    const spent = (performance.now() - begun) / 1000, left = frames > first && first >= 0 ? (spent / (frames - first)) * Math.max(0, expected - frames) : 0;
    byId('scan-text').textContent = !frames ? 'Starting' : `${plural(frames, 'frame')}${expected ? ` of about ${expected.toLocaleString('en')}` : ''}${left > 2 ? `, ${clock(left, 0)} left` : ''}`;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  if (stopped) return;
  box.remove();
  byId('loading').hidden = false;
}

async function begin(): Promise<void> {
  on('scan-stop', () => {
    stopped = true;
    void api.quit().catch(() => undefined);
    byId('scan').replaceChildren('The search is stopped; nothing was kept. This page can be closed.');
  });
  await scanned();
  if (stopped) return;
  const restored = await app.load();
  document.title = `${app.job.name} – veil review`;
  byId('name').textContent = app.job.name;
  byId('version').textContent = `veil ${app.job.version}`;
  byId('sound').hidden = byId('volume').hidden = !app.job.audio;
  const overlay = new Overlay(app, player, commands, byId<HTMLCanvasElement>('picture'));
  const timeline = new Timeline(app, player, commands, byId<HTMLCanvasElement>('timeline'));
  const render = new RenderDialog(app, (frame) => player.seek(frame), (box, from, to) => commands.coverPlace(box, from, to));
  buttons(render);
  new Keys(app, keyList(timeline, overlay, render));
  app.add(new Bars(), overlay, timeline, new Panel(app, commands), new Lists(app, commands));
  const legend = (): void => document.querySelectorAll<HTMLCanvasElement>('canvas[data-origin]')
    .forEach((c) => drawSample(c, c.dataset.origin as Origin | 'doubt'));
  legend();
  watchColors(() => {
    legend();
    app.draw();
  });
  window.onbeforeunload = (e): void => {
    leave();
    if (app.saver.state === 'conflict') e.preventDefault();
  };
  const leave = (): void => app.saver.isForgotten ? undefined : app.saver.writeJournal((room) => app.history.pack(room));
  window.addEventListener('pagehide', leave);
  document.addEventListener('visibilitychange', () => document.hidden && void app.saver.flush());
  if (restored) app.say('What was not saved before the page was left is here again');
  byId('loading').remove();
  byId('app').hidden = false;
  app.draw();
}

begin().catch((error: Error) => {
  if (stopped) return;
  document.getElementById('scan')?.remove();
  byId('loading').hidden = false;
  byId('loading').textContent = `The review cannot begin: ${error.message}`;
});
