// SPDX-License-Identifier: GPL-3.0-or-later
// Saves as the person goes. What is not saved yet lies in the tab's session storage, so a reload loses nothing; what
// another tab has saved meanwhile is never overwritten unasked.
import * as api from './api.js';
import type { Packed } from './history.js';
import { applyPatch, diff, parseTracks, printTracks, type Patch } from './text.js';
import type { Doc } from './model.js';

export type SaveState = 'saved' | 'waiting' | 'saving' | 'conflict' | 'failed';

const PAUSE_MS = 400;
const RETRY_MS = 3000;
const JOURNAL_MAX = 2_000_000; // characters; browsers give 5 million

const HISTORY_MAX = 2_000_000;

/** `sent`: what was on its way to the disk; if it got there, the revision is one higher, and still ours. */
interface Journal { readonly revision: number; readonly sent?: Patch | undefined; readonly patch?: Patch | undefined; readonly history?: Packed | undefined }

/** Did this document come of a save of that patch? */
function holds(doc: Doc, patch: Patch): boolean {
  const byId = new Map(doc.tracks.map((t) => [t.id, t])), same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  return same(doc.tracks.map((t) => t.id), patch.order) && same(doc.zones, patch.zones) && same(doc.mutes, patch.mutes) &&
    patch.tracks.every((t) => same(byId.get(t.id), t));
}

export class Saver {
  state: SaveState = 'saved';
  message = '';
  /** Revision on the disk as far as this tab knows. */
  revision = 0;
  private saved!: Doc;
  private head = '';
  private timer = 0;
  private running: Promise<void> | undefined;
  private readonly key: string;

  constructor(name: string, private readonly current: () => Doc, private readonly changed: () => void) {
    this.key = `veil-review ${name}`;
  }

  /** @return the document, with what an earlier load of this page could not save */
  async load(): Promise<{ doc: Doc; restored: boolean; history: Packed | undefined }> {
    const { text, revision } = await api.getTracks(), read = parseTracks(text);
    this.saved = read.doc;
    this.head = read.head;
    this.revision = Number.isFinite(revision) ? revision : read.revision;
    const mine = this.readJournal();
    this.set('saved');
    return { doc: mine?.patch ? applyPatch(read.doc, mine.patch) : read.doc, restored: Boolean(mine?.patch), history: mine?.history };
  }

  /** Call at every change. */
  touch(): void {
    if (this.state === 'conflict') {
      this.writeJournal();
      return;
    }
    if (this.current() === this.saved && !this.running) {
      window.clearTimeout(this.timer);
      this.dropJournal();
      this.set('saved');
      return;
    }
    this.writeJournalSoon();
    this.set('waiting');
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.flush(), PAUSE_MS);
  }

  /** Does the program know this track? It makes pictures of saved ones only. */
  knows(id: number): boolean {
    if (this.knownOf !== this.saved) this.known = new Set(this.saved.tracks.map((t) => t.id));
    this.knownOf = this.saved;
    return this.known.has(id);
  }

  private known = new Set<number>();
  private knownOf: Doc | undefined;

  get isDirty(): boolean { return this.current() !== this.saved; }

  /** Save now. @return true once what is on the page is on the disk */
  async flush(): Promise<boolean> {
    window.clearTimeout(this.timer);
    while (this.running) await this.running;
    if (!this.isDirty) return true;
    if (this.state === 'conflict') return false;
    this.running = this.put();
    await this.running;
    return !this.isDirty;
  }

  private async put(): Promise<void> {
    const doc = this.current();
    this.sending = doc;
    this.set('saving');
    try {
      this.revision = await api.putTracks(printTracks(doc, this.head), this.revision);
      this.saved = doc;
      this.sending = undefined;
      this.dropJournal();
      this.set('saved');
    } catch (error) {
      this.writeJournal();
      this.fail(error);
    } finally {
      this.sending = undefined;
      this.running = undefined;
    }
    if (this.state === 'saved' && this.isDirty) this.touch();
  }

  private fail(error: unknown): void {
    if (error instanceof api.Refusal && error.status === 412) {
      this.theirs = error.revision ?? this.revision;
      this.set('conflict', 'This file was saved elsewhere meanwhile, by another tab or program.');
      return;
    }
    this.set('failed', error instanceof Error ? error.message : String(error));
    if (error instanceof api.Refusal && error.status >= 400 && error.status < 500) return;
    this.timer = window.setTimeout(() => void this.flush(), RETRY_MS);
  }

  private theirs = 0;
  private sending: Doc | undefined; // what a save that runs will have put on the disk

  /** Ends a conflict: mine takes the place of theirs. */
  async overwrite(): Promise<void> {
    this.revision = this.theirs;
    this.set('waiting');
    await this.flush();
  }

  /** Ends a conflict: the page is to be loaded anew without what was changed here. */
  forget(): void {
    window.clearTimeout(this.timer);
    this.dropJournal();
    this.isForgotten = true;
  }

  isForgotten = false;

  /** The document of this page as a file. */
  copy(): Blob {
    return new Blob(printTracks(this.current(), this.head), { type: 'application/json' });
  }

  private set(state: SaveState, message = ''): void {
    this.state = state;
    this.message = message;
    this.changed();
  }

  // ---- the journal --------------------------------------------------------------------------

  private journalTimer = 0;
  private packer: ((room: number) => Packed) | undefined;

  private writeJournalSoon(): void {
    window.clearTimeout(this.journalTimer);
    this.journalTimer = window.setTimeout(() => this.writeJournal(), 150);
  }

  /** @param pack the history as well, where the page is being left; kept if there is room */
  writeJournal(pack?: (room: number) => Packed): void {
    window.clearTimeout(this.journalTimer);
    this.packer = pack ?? this.packer; // a save that leaving the page breaks off writes once more
    if (!this.isDirty && !this.packer) return;
    const journal: Journal = {
      revision: this.revision, sent: this.sending && diff(this.saved, this.sending),
      patch: this.isDirty ? diff(this.saved, this.current()) : undefined,
    };
    const text = JSON.stringify(journal);
    try {
      if (text.length > JOURNAL_MAX) return;
      sessionStorage.setItem(this.key, text);
      if (this.packer) sessionStorage.setItem(this.key, JSON.stringify({ ...journal, history: this.packer(HISTORY_MAX) }));
    } catch { /* full: the pause before a save is short */ }
  }

  private dropJournal(): void {
    window.clearTimeout(this.journalTimer);
    sessionStorage.removeItem(this.key);
  }

  private readJournal(): Journal | undefined {
    const text = sessionStorage.getItem(this.key);
    if (!text) return undefined;
    try {
      const journal = JSON.parse(text) as Journal;
      if (journal.revision === this.revision) return journal;
      return journal.sent && journal.revision + 1 === this.revision && holds(this.saved, journal.sent) ? journal : undefined;
    } catch {
      return undefined;
    }
  }
}
