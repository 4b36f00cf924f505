import type { ComponentChildren, VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ConsoleAnswer } from '../contract.js';
import { age, clock } from '../model/time.js';
import { session, signOut, getJson } from './http.js';
import { connection, fleet, now, pause, paused, trouble } from './live.js';
import { Link } from './parts/bits.js';
import { signal } from '@preact/signals';
import { place } from './router.js';

/** What the server tells of the installation. */
export const installation = signal<ConsoleAnswer | undefined>(undefined);

const VIEWS = [
  ['/', 'Fleet'],
  ['/incidents', 'Incidents'],
  ['/silences', 'Silences'],
  ['/sql', 'SQL'],
] as const;

/** What stands around every view. */
export function Frame({ children }: { children: ComponentChildren }): VNode {
  useEffect(() => {
    getJson<ConsoleAnswer>('/api/v1/console').then(
      (answer) => {
        installation.value = answer;
      },
      () => undefined,
    );
  }, []);
  const { path } = place.value;
  const firing = fleet.value?.incidents.length ?? 0;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <Link href="/" class="brand" label="Halfopen, to the fleet">
          <Brand /> halfopen
        </Link>
        <nav aria-label="Views">
          {VIEWS.map(([href, name]) => (
            <Link
              key={href}
              href={href}
              current={href === '/' ? path === '/' || path.startsWith('/channels/') : path.startsWith(href)}
            >
              {name}
              {name === 'Incidents' && firing > 0 && <span class="badge">{firing}</span>}
            </Link>
          ))}
        </nav>
        <LiveControl />
        {session.value?.token_required === true && (
          <button type="button" class="quiet" onClick={() => void signOut()}>
            Sign out
          </button>
        )}
      </header>
      <main id="main" class="page" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function Brand(): VNode {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M8 1a7 7 0 0 0 0 14z" class="brand-half" />
      <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4" class="brand-open" />
    </svg>
  );
}

/** Whether what is shown moves, and the way to stop it. */
function LiveControl(): VNode {
  const shown = fleet.value;
  const state = stateOf();
  return (
    <div class="live">
      <span class={`live-state live-${state}`} role="status">
        <span aria-hidden="true" class="dot" />
        {WORDS[state]}
        {state === 'paused' && shown !== undefined && ` at ${clock(shown.at_ms)}`}
        {state === 'lost' && shown !== undefined && `, shown as of ${age(shown.at_ms, now.value)} ago`}
      </span>
      <button
        type="button"
        class="quiet"
        aria-pressed={paused.value}
        onClick={() => {
          pause(!paused.value);
        }}
      >
        {paused.value ? 'Resume' : 'Pause'}
      </button>
      <span class="zone muted" title="Times are in this zone; hover for UTC">
        {ZONE}
      </span>
    </div>
  );
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const WORDS = {
  paused: 'paused',
  lost: 'connection lost',
  connecting: 'connecting',
  trouble: 'reading fails',
  recording: 'recording',
  live: 'live',
} as const;

function stateOf(): keyof typeof WORDS {
  if (paused.value) return 'paused';
  if (connection.value === 'lost') return 'lost';
  if (trouble.value !== undefined) return 'trouble';
  if (fleet.value === undefined) return 'connecting';
  return fleet.value.live ? 'live' : 'recording';
}

/** Sets the title of the document, and is the heading that takes the focus on arrival. */
export function Heading({ title, children }: { title: string; children?: ComponentChildren }): VNode {
  useEffect(() => {
    document.title = `${title} · Halfopen`;
  }, [title]);
  return <h1 tabIndex={-1}>{children ?? title}</h1>;
}
