import { signal } from '@preact/signals';
import type { Example } from '../../model/examples.js';

const KEY = 'halfopen.queries';
const SAVED_MAX = 50;

/** Kept in this browser only; an address shares one. */
export const saved = signal<readonly Example[]>(read());

function read(): Example[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(stored) ? stored.filter(isExample).slice(0, SAVED_MAX) : [];
  } catch {
    return [];
  }
}

function isExample(value: unknown): value is Example {
  const { title, sql } = (value ?? {}) as Partial<Record<keyof Example, unknown>>;
  return typeof title === 'string' && typeof sql === 'string';
}

export function save(title: string, sql: string): void {
  store([{ title, sql }, ...saved.value.filter((one) => one.title !== title)].slice(0, SAVED_MAX));
}

export function forget(title: string): void {
  store(saved.value.filter((one) => one.title !== title));
}

function store(queries: readonly Example[]): void {
  saved.value = queries;
  try {
    localStorage.setItem(KEY, JSON.stringify(queries));
  } catch {
    // Without storage they last as long as the page.
  }
}
