// SPDX-License-Identifier: GPL-3.0-or-later
// The panel on the right: the chosen track and what is to become of it.
import * as api from './api.js';
import type { App } from './app.js';
import type { Commands } from './commands.js';
import { byId, clock, h, plural } from './dom.js';
import { allDoubts, doubts } from './derive.js';
import { firstFrame, lastFrame, whyNotKept, type Action, type Track } from './model.js';

const input = (id: string): HTMLInputElement => byId<HTMLInputElement>(id);

/** Set a value without moving the cursor of whoever is typing. */
function show(field: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement, value: string): void {
  if (field.value !== value) field.value = value;
}

export class Panel {
  private drawn: unknown[] = [];
  private wantsKeep = false; // keeping was asked for, and grounds are still to be chosen
  private shownTrack = 0;

  constructor(private readonly app: App, private readonly commands: Commands) {
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=action]'))
      radio.addEventListener('change', () => this.choose(radio.value as Action));
    byId<HTMLSelectElement>('reason').addEventListener('change', (e) => this.setReason((e.target as HTMLSelectElement).value));
    byId<HTMLSelectElement>('consent').addEventListener('change', (e) => this.setConsent((e.target as HTMLSelectElement).value));
    input('note').addEventListener('input', () => commands.patch({ note: input('note').value }, 'note', `note ${app.primary}`));
    input('consent-file').addEventListener('change', () => void this.upload());
    commands.askGrounds = (): void => {
      this.wantsKeep = true;
      this.drawn = [];
      this.app.draw();
      requestAnimationFrame(() => byId('reason').focus());
    };
  }

  render(): void {
    const { app } = this, t = app.track;
    if (this.shownTrack !== app.primary) this.wantsKeep = false;
    this.shownTrack = app.primary;
    const now = [app.doc, app.selection, app.primary, app.job, this.wantsKeep, app.saver.knows(app.primary)];
    if (now.every((v, i) => v === this.drawn[i])) return;
    this.drawn = now;
    byId('track-panel').hidden = !t;
    byId('no-track').hidden = Boolean(t);
    if (t) this.showTrack(t);
    this.showTally();
  }

  // ---- the chosen track ---------------------------------------------------------------------------

  private showTrack(t: Track): void {
    const { app } = this, n = app.selection.size, unsure = doubts(t).length;
    byId('track-title').textContent = n > 1 ? `${n} tracks chosen` : `Track ${t.id}`;
    const image = byId<HTMLImageElement>('track-face'), src = app.saver.knows(t.id) ? `/api/thumb/${t.id}.jpg?h=144` : '';
    image.hidden = !src;
    if (image.dataset.src !== src) {
      image.dataset.src = src;
      if (src) image.src = src;
      else image.removeAttribute('src');
    }
    byId('track-times').textContent = `${clock(app.time(firstFrame(t)), 2)} – ${clock(app.endTime(lastFrame(t)), 2)}`;
    byId('track-facts').textContent = `${plural(t.boxes.length, 'frame')}${unsure ? ` · ${plural(unsure, 'uncertain stretch', 'uncertain stretches')}` : ''}`;
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=action]'))
      radio.checked = radio.value === (this.wantsKeep ? 'keep' : t.action);
    this.showReasons(t);
    this.showConsents(t);
    show(input('note'), t.note);
    const why = this.wantsKeep || t.action === 'keep' ? whyNotKept(t, app.rules) : '';
    byId('keep-why').textContent = why ? `Still covered: ${why}.` : '';
    byId<HTMLButtonElement>('merge').disabled = n < 2;
  }

  private showReasons(t: Track): void {
    const select = byId<HTMLSelectElement>('reason'), keep = this.wantsKeep || t.action === 'keep';
    const list = this.app.job.reasons.filter((r) => !keep || r.keeps || r.code === t.reason);
    const key = `${keep} ${list.map((r) => r.code).join()}`;
    if (select.dataset.key !== key) {
      select.dataset.key = key;
      select.replaceChildren(h('option', { value: '' }, 'none'), ...list.map((r) => h('option', { value: r.code, title: r.basis }, `${r.code}: ${r.text}`)));
    }
    show(select, t.reason);
    byId('reason-basis').textContent = this.app.job.reasons.find((r) => r.code === t.reason)?.basis ?? '';
  }

  private showConsents(t: Track): void {
    const select = byId<HTMLSelectElement>('consent');
    const list = this.app.job.consents.filter((c) => !c.track || c.track === t.id || c.id === t.consent);
    const options = list.map((c) => h('option', { value: c.id, disabled: c.state !== 'valid' && c.id !== t.consent },
      `${c.subject}${c.state === 'valid' ? '' : ` (${c.state})`}${c.expires ? `, until ${c.expires.slice(0, 10)}` : ''}`));
    const key = JSON.stringify([t.id, list]);
    if (select.dataset.key !== key) {
      select.dataset.key = key;
      select.replaceChildren(h('option', { value: '' }, list.length ? 'none' : 'no record for this track'), ...options);
    }
    show(select, t.consent);
  }

  private showTally(): void {
    const { doc } = this.app, count = (a: Action): number => doc.tracks.filter((t) => t.action === a).length;
    byId('tally-cover').textContent = String(count('cover'));
    byId('tally-keep').textContent = String(count('keep'));
    byId('tally-seal').textContent = String(count('seal'));
    byId('tally-doubt').textContent = String(allDoubts(doc).length);
    byId('tally-doubt').classList.toggle('some', allDoubts(doc).length > 0);
  }

  // ---- changing it ---------------------------------------------------------------------------------

  private choose(action: Action): void {
    this.wantsKeep = false;
    this.commands.setAction(action); // asks for grounds where there are none
    this.drawn = [];
    this.app.draw();
  }

  private setReason(reason: string): void {
    const keeps = this.app.job.reasons.find((r) => r.code === reason)?.keeps ?? false;
    const keep = (this.wantsKeep || this.app.track?.action === 'keep') && keeps;
    this.commands.patch(keep ? { reason, action: 'keep' } : { reason }, keep ? `kept visible: ${reason}` : `reason ${reason || 'none'}`);
    if (keep) this.wantsKeep = false;
  }

  private setConsent(consent: string): void {
    const valid = this.app.job.consents.some((c) => c.id === consent && c.state === 'valid');
    this.commands.patch(valid ? { consent, action: 'keep' } : { consent: '' }, valid ? 'kept visible by consent' : 'consent taken off');
    if (valid) this.wantsKeep = false;
  }

  private async upload(): Promise<void> {
    const file = input('consent-file').files?.[0], { app } = this, track = app.primary;
    input('consent-file').value = '';
    if (!file || !track) return;
    try {
      const known = new Set(app.job.consents.filter((c) => c.state === 'valid').map((c) => c.id));
      await app.saver.flush(); // the program checks the record against the saved track
      await api.sendConsent(track, await file.text());
      await app.reloadJob();
      const added = app.job.consents.find((c) => !known.has(c.id) && c.state === 'valid') ??
        app.job.consents.find((c) => c.state === 'valid' && c.track === track);
      if (added) this.setConsent(added.id);
      app.say(added ? `Consent of ${added.subject} taken; track ${track} stays visible` : 'The record was taken, but it is not valid');
    } catch (error) {
      app.say((error as Error).message, true);
    }
  }
}
