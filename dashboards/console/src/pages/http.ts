import { signal } from '@preact/signals';
import type { SessionAnswer } from '../contract.js';

/** What the server refused, in its words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Undefined until the server has said. */
export const session = signal<SessionAnswer | undefined>(undefined);

export async function getJson<T>(path: string, abort?: AbortSignal): Promise<T> {
  return (await (await ask('GET', path, undefined, abort)).json()) as T;
}

export async function sendJson<T>(method: 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
  return (await (await ask(method, path, body)).json()) as T;
}

/** @throws ApiError */
export async function ask(
  method: string,
  path: string,
  body?: object,
  abort?: AbortSignal,
): Promise<Response> {
  const response = await reach(path, {
    method,
    credentials: 'same-origin',
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    ...(abort === undefined ? {} : { signal: abort }),
  });
  if (response.ok) return response;
  const told = (await response.json().catch(() => ({}))) as { error?: string };
  if (response.status === 401 && path !== '/api/v1/session')
    session.value = { token_required: true, signed_in: false };
  throw new ApiError(response.status, told.error ?? `the server answered ${response.status} to ${path}`);
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'halfopen does not answer: is it running?');
  }
}

export async function readSession(): Promise<void> {
  session.value = await getJson<SessionAnswer>('/api/v1/session');
}

export async function signIn(token: string): Promise<void> {
  session.value = await sendJson<SessionAnswer>('POST', '/api/v1/session', { token });
}

export async function signOut(): Promise<void> {
  await sendJson('DELETE', '/api/v1/session');
  session.value = { token_required: true, signed_in: false };
}
