// SPDX-License-Identifier: GPL-3.0-or-later
// Undo and redo without limit: a list of documents, which share what did not change.
import type { Doc } from './model.js';
import { applyPatch, diff, type Patch } from './text.js';

interface Step { readonly doc: Doc; readonly label: string; readonly key: string }

/** A history without the document of now, each step as what differs from its neighbour on the way to now. */
export interface Packed { readonly label: string; readonly past: readonly PackedStep[]; readonly future: readonly PackedStep[] }
interface PackedStep { readonly label: string; readonly patch: Patch }

export class History {
  private past: Step[] = [];
  private future: Step[] = [];
  private now: Step;

  constructor(doc: Doc) {
    this.now = { doc, label: '', key: '' };
  }

  /** To outlive a reload. Steps nearest to now come first; those that find no room are left out. */
  pack(room: number): Packed {
    const steps = (list: readonly Step[], most: number): PackedStep[] => {
      const out: PackedStep[] = [];
      for (let i = list.length - 1, next = this.now.doc, used = 0; i >= 0; next = list[i]!.doc, i--) {
        const step = { label: list[i]!.label, patch: diff(next, list[i]!.doc) };
        used += JSON.stringify(step).length;
        if (used > most) break;
        out.push(step);
      }
      return out;
    };
    return { label: this.now.label, past: steps(this.past, room * 0.8), future: steps(this.future, room * 0.2) };
  }

  /** @param doc what was the document of now when it was packed */
  static unpack(doc: Doc, packed: Packed): History {
    const history = new History(doc);
    const steps = (list: readonly PackedStep[]): Step[] => {
      const out: Step[] = [];
      let next = doc;
      for (const { label, patch } of list) out.push({ doc: (next = applyPatch(next, patch)), label, key: '' });
      return out.reverse();
    };
    history.now = { doc, label: packed.label, key: '' };
    history.past = steps(packed.past);
    history.future = steps(packed.future);
    return history;
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
