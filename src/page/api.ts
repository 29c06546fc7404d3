// SPDX-License-Identifier: GPL-3.0-or-later
// What the program is asked, and what it answers: docs/review-api.md.
import type { Box, Consent, Reason, Rect } from './model.js';

export interface Job {
  readonly name: string; readonly width: number; readonly height: number; readonly rotation: number;
  readonly shown: readonly [number, number]; readonly frames: number; readonly frame_rate: string; readonly duration: number;
  readonly times: { readonly first: number; readonly step: number } | { readonly list: readonly number[] };
  readonly reasons: readonly Reason[]; readonly consents: readonly Consent[];
  readonly defaults: { readonly margin: number; readonly style: string };
  readonly audio: boolean; readonly indexed: boolean; readonly version: string;
}
export interface Followed {
  readonly boxes: readonly Box[];
  readonly stopped: { readonly forward: string; readonly backward: string };
}
export interface RenderState {
  readonly state: 'idle' | 'running' | 'done' | 'failed';
  readonly progress: number; readonly message: string;
  readonly output: string | null; readonly report: string | null; readonly audit: Audit | null;
}
export interface Finding { readonly from_s: number; readonly to_s: number; readonly from_frame: number; readonly to_frame: number; readonly frames: number; readonly score: number;
  readonly box: Rect;
}
export interface Audit {
  readonly clean: boolean; readonly width: number; readonly height: number;
  readonly checks: readonly { readonly name: string; readonly state: 'passed' | 'failed' | 'skipped'; readonly text: string }[];
  readonly findings: readonly Finding[];
}

/** The program said no; the message is its sentence. */
export class Refusal extends Error {
  constructor(readonly status: number, message: string, readonly revision?: number) {
    super(message);
  }
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Refusal(0, 'the program does not answer; is veil review still running?');
  }
  if (response.ok) return response;
  const said = (await response.json().catch(() => ({}))) as { error?: string; revision?: number };
  throw new Refusal(response.status, said.error ?? `the program answered ${response.status}`, said.revision);
}

const send = (method: string, path: string, body: unknown): Promise<Response> =>
  ask(path, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

export interface ScanState { readonly state: 'running' | 'done' | 'failed'; readonly name?: string; readonly frames?: number; readonly expected?: number; readonly message?: string }
export const scanState = async (): Promise<ScanState> => (await ask('/api/scan')).json() as Promise<ScanState>;

export const getJob = async (): Promise<Job> => (await ask('/api/job')).json() as Promise<Job>;

export async function getTracks(): Promise<{ text: string; revision: number }> {
  const response = await ask('/api/tracks');
  return { text: await response.text(), revision: Number(response.headers.get('ETag')?.replaceAll('"', '')) };
}

/** @return the new revision */
export async function putTracks(parts: readonly string[], revision: number): Promise<number> {
  const body = new Blob(parts as string[], { type: 'application/json' });
  const response = await ask('/api/tracks', { method: 'PUT', headers: { 'If-Match': `"${revision}"` }, body });
  return ((await response.json()) as { revision: number }).revision;
}

export async function getPicture(path: string, signal?: AbortSignal): Promise<ImageBitmap> {
  const response = await ask(path, signal ? { signal } : {});
  return createImageBitmap(await response.blob());
}

/** Four seconds of sound, as a WAV file. */
export const getSound = async (piece: number): Promise<ArrayBuffer> => (await ask(`/api/sound/${piece}.wav`)).arrayBuffer();

export async function follow(frame: number, box: Rect, limit_s: number): Promise<Followed> {
  return (await send('POST', '/api/follow', { frame, box, forward: true, backward: true, limit_s })).json() as Promise<Followed>;
}

export async function sendConsent(track: number, record: string): Promise<void> {
  await send('POST', '/api/consent', { track, record });
}

export async function startRender(output: string, audit: boolean): Promise<void> {
  await send('POST', '/api/render', { output, audit });
}

export const renderState = async (): Promise<RenderState> => (await ask('/api/render')).json() as Promise<RenderState>;

export async function cancelRender(): Promise<void> {
  await ask('/api/render', { method: 'DELETE' });
}

export interface Facts { readonly reference: string; readonly recipient: string; readonly purpose: string; readonly decided_by: string }

/** Papers of the last render. @return their name without its ending */
export async function makePapers(facts: Facts): Promise<string> {
  return ((await (await send('POST', '/api/papers', facts)).json()) as { name: string }).name;
}

export async function quit(): Promise<void> {
  await send('POST', '/api/quit', {});
}
