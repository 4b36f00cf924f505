import { signal } from '@preact/signals';

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Where the viewer is. Every view can be told from it alone. */
export const place = signal<Place>(read());
/** Counts arrivals at another path: the new view takes the focus. */
export const arrivals = signal(0);

function read(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

export function go(href: string): void {
  history.pushState(null, '', href);
  arrive();
}

/** Changes the query of the present view; empty values go. A way back leads to the view before, not to each keystroke. */
export function setQuery(changes: Readonly<Record<string, string | readonly string[] | undefined>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    const values = value === undefined ? [] : typeof value === 'string' ? [value] : value;
    for (const one of values) if (one !== '') query.append(name, one);
  }
  const text = query.toString();
  history.replaceState(null, '', location.pathname + (text === '' ? '' : `?${text}`));
  place.value = read();
}

let path = location.pathname;

function arrive(): void {
  place.value = read();
  if (location.pathname === path) return;
  path = location.pathname;
  scrollTo(0, 0);
  arrivals.value++;
}

addEventListener('popstate', arrive);

export const channelHref = (id: string, query = ''): string =>
  `/channels/${encodeURIComponent(id)}${query === '' ? '' : `?${query}`}`;
export const incidentHref = (id: string): string => `/incidents/${encodeURIComponent(id)}`;
export const sqlHref = (sql: string): string => `/sql?${new URLSearchParams({ q: sql }).toString()}`;

/** Links may be made of configuration and telemetry: nothing but pages is followed. */
export function isSafe(href: string): boolean {
  return /^https?:\/\//i.test(href) || /^\/(?!\/)/.test(href);
}
