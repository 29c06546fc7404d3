// SPDX-License-Identifier: GPL-3.0-or-later
// Dialogs: a question for a reason, and the render with its audit.
import * as api from './api.js';
import type { App } from './app.js';
import { byId, clock, h, plural } from './dom.js';
import { allDoubts } from './derive.js';
import type { Reason, Rect } from './model.js';

const dialog = (id: string): HTMLDialogElement => byId<HTMLDialogElement>(id);

/** @return the code, or '' if the person thought better of it */
export function askReason(title: string, question: string, reasons: readonly Reason[]): Promise<string> {
  const box = dialog('ask'), select = byId<HTMLSelectElement>('ask-reason');
  byId('ask-title').textContent = title;
  byId('ask-question').textContent = question;
  select.replaceChildren(...reasons.map((r) => h('option', { value: r.code }, `${r.code}: ${r.text}`)));
  box.returnValue = '';
  box.showModal();
  select.focus();
  return new Promise((resolve) => {
    box.addEventListener('close', () => resolve(box.returnValue === 'ok' ? select.value : ''), { once: true });
  });
}

/** A name that is likely free: cam.mp4 gives cam-public.mp4, then cam-public-2.mp4. */
function proposed(name: string, n: number): string {
  const dot = name.lastIndexOf('.'), base = dot > 0 ? name.slice(0, dot) : name, ending = name.slice(dot + 1).toLowerCase();
  return `${base}-public${n > 1 ? `-${n}` : ''}.${['mp4', 'mov', 'mkv', 'webm'].includes(ending) ? ending : 'mp4'}`;
}

export class RenderDialog {
  private readonly box = dialog('render');
  private timer = 0;
  private begun = 0;
  private n = 1;

  /** @param seek show a frame; @param cover hide a place of the frame on the screen, between two frames */
  constructor(private readonly app: App, private readonly seek: (frame: number) => void, private readonly cover: (box: Rect, from: number, to: number) => Promise<void>) {
    byId('render-form').addEventListener('submit', (e) => {
      e.preventDefault();
      void this.start();
    });
    byId('render-cancel').addEventListener('click', () => this.box.close());
    byId('render-stop').addEventListener('click', () => void this.stop());
    byId('render-close').addEventListener('click', () => this.box.close());
    byId('render-cover').addEventListener('click', () => void this.coverAll());
    byId('render-again').addEventListener('click', () => this.ask());
    byId('papers').addEventListener('submit', (e) => {
      e.preventDefault();
      void this.makePapers();
    });
  }

  async open(): Promise<void> {
    this.box.showModal();
    this.ask(); // at once: what is typed meanwhile must not be written over
    const state = await api.renderState().catch(() => undefined);
    if (state?.state === 'running') {
      this.begun = performance.now();
      this.watch();
    }
  }

  private phase(name: 'ask' | 'run' | 'end'): void {
    for (const part of ['ask', 'run', 'end']) byId(`render-${part}`).hidden = part !== name;
  }

  private ask(): void {
    const { app } = this, left = allDoubts(app.doc).length;
    byId('render-warning').textContent = left ? `${plural(left, 'uncertain stretch', 'uncertain stretches')} not looked at yet. All are covered as they stand.` : '';
    byId<HTMLInputElement>('render-name').value = proposed(app.job.name, this.n);
    byId('render-error').textContent = '';
    this.phase('ask');
    byId('render-name').focus();
  }

  private async start(): Promise<void> {
    const { app } = this;
    byId('render-error').textContent = '';
    if (!(await app.saver.flush())) {
      byId('render-error').textContent = 'The file is not saved yet; see the bar at the top of the page.';
      return;
    }
    try {
      await api.startRender(byId<HTMLInputElement>('render-name').value.trim(), byId<HTMLInputElement>('render-audit').checked);
      this.begun = performance.now();
      this.watch();
    } catch (error) {
      if (error instanceof api.Refusal && error.status === 409) byId<HTMLInputElement>('render-name').value = proposed(app.job.name, ++this.n);
      byId('render-error').textContent = (error as Error).message;
    }
  }

  private watch(): void {
    this.phase('run');
    window.clearTimeout(this.timer);
    const look = async (): Promise<void> => {
      try {
        const s = await api.renderState();
        this.show(s);
        if (s.state === 'running') this.timer = window.setTimeout(() => void look(), 400);
      } catch (error) {
        this.end(false, (error as Error).message, null);
      }
    };
    void look();
  }

  private show(s: api.RenderState): void {
    byId<HTMLProgressElement>('render-progress').value = s.progress;
    const spent = (performance.now() - this.begun) / 1000, left = s.progress > 0.03 ? (spent / s.progress) * (1 - s.progress) : 0;
    byId('render-progress-text').textContent = s.progress >= 1 ? 'Finishing, and looking at the result' : `${Math.round(s.progress * 100)} %` + (left > 2 ? `, ${plural(Math.round(left), 'second')} left` : '');
    if (s.state === 'done') this.end(true, `${s.output?.split('/').pop() ?? 'The video'} is finished.`, s.audit);
    else if (s.state === 'failed') this.end(false, s.message || 'The render failed.', s.audit);
  }

  private end(good: boolean, title: string, audit: api.Audit | null): void {
    this.phase('end');
    byId('render-result').textContent = good ? title : title.charAt(0).toUpperCase() + title.slice(1);
    byId('render-result').classList.toggle('problem', !good);
    byId('render-audit-result').textContent = good || audit ? auditText(audit) : '';
    byId('render-audit-result').classList.toggle('clean', audit?.clean === true);
    this.showFindings(audit);
    byId('render-where').textContent = good ? 'It lies beside the recording, with its report.' : 'Nothing was kept.';
    byId('papers').hidden = !good;
    byId('papers-links').hidden = true;
    byId('papers-said').textContent = '';
    if (good) this.n++;
    const next = byId(byId('render-cover').hidden ? 'render-close' : 'render-cover');
    for (const id of ['render-cover', 'render-close']) byId(id).classList.toggle('primary', byId(id) === next);
    next.focus();
  }

  private findings: readonly api.Finding[] = [];

  /** Each place that the audit does not like, to be looked at, or covered as it stands. */
  private showFindings(audit: api.Audit | null): void {
    const { job } = this.app;
    this.findings = audit?.findings ?? [];
    byId('render-cover').hidden = !this.findings.length || audit?.width !== job.width || audit.height !== job.height;
    byId('render-findings').replaceChildren(...this.findings.slice(0, MOST_FINDINGS).map((f) => h('li', {}, h('button', {
      onclick: () => {
        this.box.close();
        this.seek(f.from_frame);
        this.app.found = f.box;
        this.app.reveal(f.box);
        this.app.draw();
      },
    }, `${clock(f.from_s, 2)}: ${plural(f.frames, 'frame')}, score ${f.score.toFixed(2)}`))));
  }

  private async coverAll(): Promise<void> {
    const { findings } = this;
    byId<HTMLButtonElement>('render-cover').disabled = true;
    for (const [i, f] of findings.entries()) {
      byId('render-where').textContent = `Covering and following ${i + 1} of ${findings.length}`;
      this.seek(f.from_frame);
      await this.cover(f.box, f.from_frame, f.to_frame);
    }
    byId<HTMLButtonElement>('render-cover').disabled = false;
    this.ask();
  }

  private async makePapers(): Promise<void> {
    const said = byId('papers-said'), fact = (name: string): string => byId<HTMLInputElement>(`papers-${name}`).value.trim();
    said.classList.remove('problem');
    try {
      const name = await api.makePapers({ reference: fact('reference'), recipient: fact('recipient'), purpose: fact('purpose'), decided_by: fact('decided_by') });
      said.textContent = `Beside the video: ${name.split('/').pop() ?? ''}.html, .csv and .json`;
      byId('papers-links').hidden = false;
    } catch (error) {
      said.textContent = (error as Error).message;
      said.classList.add('problem');
    }
  }

  private async stop(): Promise<void> {
    await api.cancelRender().catch((error: Error) => this.app.say(error.message, true));
  }
}

const MOST_FINDINGS = 40;

function auditText(audit: api.Audit | null): string {
  if (!audit) return 'Not audited.';
  const failed = audit.checks.filter((c) => c.state === 'failed');
  if (audit.clean) return `Audit: clean. ${plural(audit.checks.filter((c) => c.state === 'passed').length, 'check')} passed.`;
  return `Audit: not clean. ${failed.map((c) => `${c.name}: ${c.text}`).join('. ')}`;
}
