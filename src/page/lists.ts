// SPDX-License-Identifier: GPL-3.0-or-later
// Zones and muted ranges as lists of fields, so that both can be edited without a mouse.
import type { App } from './app.js';
import type { Commands } from './commands.js';
import { byId, clock, h, parseClock } from './dom.js';
import { patchMute, patchZone, removeMute, removeZone, type Doc, type Mute, type Zone } from './model.js';

export class Lists {
  private drawn: unknown[] = [];

  constructor(private readonly app: App, commands: Commands) {
    byId('add-mute').addEventListener('click', () => commands.mute());
    byId('add-zone').addEventListener('click', () => commands.addZoneInMiddle());
  }

  render(): void {
    const { app } = this, { zones, mutes } = app.doc;
    const now = [zones, mutes, app.zone, app.job];
    if (now.every((v, i) => v === this.drawn[i])) return;
    this.drawn = now;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.field : undefined;
    byId('zones').replaceChildren(...zones.map((z) => this.zoneRow(z)));
    byId('mutes').replaceChildren(...mutes.map((m, i) => this.muteRow(m, i)));
    byId('zones-none').hidden = zones.length > 0;
    byId('mutes-none').hidden = mutes.length > 0;
    byId('zones-count').textContent = zones.length ? String(zones.length) : '';
    byId('mutes-count').textContent = mutes.length ? String(mutes.length) : '';
    if (app.zone) byId('zones').closest('details')!.open = true;
    if (focused) document.querySelector<HTMLElement>(`[data-field="${focused}"]`)?.focus();
  }

  private zoneRow(z: Zone): HTMLElement {
    const change = (doc: Doc): void => this.app.change(doc, `zone ${z.id} changed`);
    return h('li', { class: z.id === this.app.zone ? 'chosen' : '' },
      h('button', { class: 'name', 'aria-pressed': z.id === this.app.zone, 'data-field': `zone ${z.id}`, onclick: () => this.app.selectZone(z.id) }, `Zone ${z.id}`),
      this.times(`zone ${z.id}`, () => this.app.doc.zones.find((now) => now.id === z.id) ?? z, (from, to) => change(patchZone(this.app.doc, z.id, { from, to }))),
      this.reason(`zone ${z.id}`, z.reason, (reason) => change(patchZone(this.app.doc, z.id, { reason }))),
      this.deleter(`zone ${z.id}`, () => this.app.change(removeZone(this.app.doc, z.id), `zone ${z.id} deleted`)));
  }

  private muteRow(m: Mute, i: number): HTMLElement {
    const change = (doc: Doc): void => this.app.change(doc, 'muted range changed');
    return h('li', {},
      this.times(`muted range ${i + 1}`, () => this.app.doc.mutes[i] ?? m, (from, to) => change(patchMute(this.app.doc, i, { from, to }))),
      this.reason(`muted range ${i + 1}`, m.reason, (reason) => change(patchMute(this.app.doc, i, { reason }))),
      this.deleter(`muted range ${i + 1}`, () => this.app.change(removeMute(this.app.doc, i), 'sound is heard again')));
  }

  /** @param now what it is at this moment: one field may change before the row of the other is drawn anew */
  private times(what: string, now: () => { readonly from: number; readonly to: number }, change: (from: number, to: number) => void): HTMLElement {
    const field = (name: 'begin' | 'end', value: number): HTMLInputElement => {
      const f = h('input', { value: clock(value, 2), 'aria-label': `${name} of ${what}`, 'data-field': `${what} ${name}`, size: 8, spellcheck: 'false' });
      f.addEventListener('change', () => {
        const t = parseClock(f.value), { from, to } = now(), [a, b] = name === 'begin' ? [t, to] : [from, t];
        if (a === undefined || b === undefined || a >= b) {
          this.app.say(`The ${name} must be a time like 1:02.5, and the begin before the end`, true);
          f.value = clock(value, 2);
        } else change(a, b);
      });
      return f;
    };
    return h('span', { class: 'times' }, field('begin', now().from), '–', field('end', now().to));
  }

  private reason(what: string, value: string, change: (code: string) => void): HTMLElement {
    const select = h('select', { 'aria-label': `reason of ${what}`, 'data-field': `${what} reason` }, h('option', { value: '' }, 'no reason'),
      ...this.app.job.reasons.filter((r) => !r.keeps).map((r) => h('option', { value: r.code }, r.code)));
    select.value = value;
    select.addEventListener('change', () => change(select.value));
    return select;
  }

  private deleter(what: string, remove: () => void): HTMLElement {
    return h('button', { class: 'small', 'aria-label': `delete ${what}`, title: `Delete ${what}`, onclick: remove }, '×');
  }
}
