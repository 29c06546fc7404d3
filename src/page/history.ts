// SPDX-License-Identifier: GPL-3.0-or-later
// Undo and redo without limit: a list of documents, which share what did not change.
import type { Doc } from './model.js';

interface Step { readonly doc: Doc; readonly label: string; readonly key: string }

export class History {
  private past: Step[] = [];
  private future: Step[] = [];
  private now: Step;

  constructor(doc: Doc) {
    this.now = { doc, label: '', key: '' };
  }

  get doc(): Doc { return this.now.doc; }
  get undoLabel(): string { return this.past.length ? this.now.label : ''; }
  get redoLabel(): string { return this.future[this.future.length - 1]?.label ?? ''; }
  get canUndo(): boolean { return this.past.length > 0; }
  get canRedo(): boolean { return this.future.length > 0; }

  /** Steps in a row with the same non-empty key are one step: a box that is dragged, a note that is typed. */
  push(doc: Doc, label: string, key = ''): boolean {
    if (doc === this.now.doc) return false;
    if (!key || key !== this.now.key) this.past.push(this.now);
    this.now = { doc, label, key };
    this.future = [];
    return true;
  }

  /** The next change begins a step of its own. */
  seal(): void {
    this.now = { ...this.now, key: '' };
  }

  undo(): string {
    const label = this.now.label, before = this.past.pop();
    if (!before) return '';
    this.future.push(this.now);
    this.now = { ...before, key: '' };
    return label;
  }

  redo(): string {
    const next = this.future.pop();
    if (!next) return '';
    this.past.push(this.now);
    this.now = { ...next, key: '' };
    return next.label;
  }
}
