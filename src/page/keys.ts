// SPDX-License-Identifier: GPL-3.0-or-later
// Every key, each with what it says in the help.
import type { App } from './app.js';
import { byId, h } from './dom.js';

export interface Key {
  readonly keys: string;  // as KeyboardEvent.key with modifiers: "Shift+u", "Ctrl+z"
  readonly label: string; // as the help shows it
  readonly text: string;
  readonly group: string;
  readonly run: () => void;
}

const SINGLE_KEYS = 'veil-review single keys';

/** Fields that take the key for themselves. */
function takesKeys(target: EventTarget | null, name: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && !['radio', 'checkbox', 'range', 'file'].includes(target.type))) return true;
  if (target instanceof HTMLSelectElement) return !name.startsWith('Ctrl+');
  if (target instanceof HTMLInputElement) return /^(Arrow|Page|Home|End| $)/.test(name);
  return (target instanceof HTMLButtonElement || target.tagName === 'SUMMARY') && (name === ' ' || name === 'Enter');
}

function nameOf(e: KeyboardEvent): string {
  const key = e.key.length === 1 ? e.key.toLowerCase() : e.key;
  const shift = e.shiftKey && (e.key.length > 1 || key !== e.key.toUpperCase() || /[a-z]/.test(key));
  return `${e.ctrlKey || e.metaKey ? 'Ctrl+' : ''}${e.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${key}`;
}

export class Keys {
  private readonly byName = new Map<string, Key>();
  private readonly single = byId<HTMLInputElement>('single-keys');

  constructor(private readonly app: App, private readonly list: readonly Key[]) {
    for (const key of list) for (const name of key.keys.split(' | ')) this.byName.set(name, key);
    this.single.checked = localStorage.getItem(SINGLE_KEYS) !== 'off';
    this.single.addEventListener('change', () => localStorage.setItem(SINGLE_KEYS, this.single.checked ? 'on' : 'off'));
    document.addEventListener('keydown', (e) => this.press(e));
    this.fillHelp();
    this.giveBackFocus();
  }

  /** After a choice by mouse the next key is meant for the page, not for the list or the radio buttons that were clicked. */
  private giveBackFocus(): void {
    let byMouse = false;
    document.addEventListener('pointerdown', () => { byMouse = true; }, true);
    document.addEventListener('keydown', () => { byMouse = false; }, true);
    document.addEventListener('change', (e) => {
      const field = e.target instanceof HTMLSelectElement || (e.target instanceof HTMLInputElement && e.target.type === 'radio') ? e.target : undefined;
      if (byMouse && document.activeElement === field && !document.querySelector('dialog[open]')) field?.blur();
    });
  }

  private press(e: KeyboardEvent): void {
    const name = nameOf(e), key = this.byName.get(name);
    if (name === 'Escape' && e.target instanceof HTMLElement && takesKeys(e.target, 'a') && !document.querySelector('dialog[open]')) return e.target.blur();
    if (!key || document.querySelector('dialog[open]') || takesKeys(e.target, name)) return;
    if (!this.single.checked && /^(Shift\+)?.$/.test(name) && name !== ' ') return;
    e.preventDefault();
    try {
      key.run();
    } catch (error) {
      this.app.say((error as Error).message, true);
    }
  }

  private fillHelp(): void {
    const groups = [...new Set(this.list.map((k) => k.group))];
    byId('help-keys').replaceChildren(...groups.map((group) => h('section', {}, h('h3', {}, group),
      h('dl', {}, ...this.list.filter((k) => k.group === group && k.label).flatMap((k) => [
        h('dt', {}, ...k.label.split(' ').map((part) => (part === 'or' ? ' or ' : h('kbd', {}, part)))), h('dd', {}, k.text)])))));
  }
}
