import './styles/index.css';
import { render, type VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ChannelPage } from './channel/channel-page.js';
import { FleetPage } from './fleet/fleet-page.js';
import { readSession, session } from './http.js';
import { IncidentPage } from './incident/incident-page.js';
import { IncidentsPage } from './incident/incidents-page.js';
import { connect, disconnect } from './live.js';
import { Failed } from './parts/load.js';
import { arrivals, place } from './router.js';
import { Frame } from './frame.js';
import { SignIn } from './sign-in.js';
import { SilencesPage } from './silences/silences-page.js';
import { SqlPage } from './sql/sql-page.js';

function App(): VNode {
  const [error, setError] = useState<Error>();
  const signedIn = session.value?.signed_in;
  useEffect(() => {
    readSession().catch((cause: unknown) => {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    });
  }, []);
  useEffect(() => {
    if (signedIn !== true) return undefined;
    connect();
    return disconnect;
  }, [signedIn]);
  useFocusOnArrival();
  if (error !== undefined && session.value === undefined)
    return (
      <main class="page">
        <h1 class="hidden">Halfopen</h1>
        <Failed
          what="The console could not start"
          error={error}
          again={() => {
            location.reload();
          }}
        />
      </main>
    );
  if (session.value === undefined) return <main class="page" aria-busy="true" />;
  return signedIn === true ? <Frame>{viewOf(place.value.path)}</Frame> : <SignIn />;
}

function viewOf(path: string): VNode {
  const [, first = '', ...rest] = path.split('/');
  const name = decoded(rest.join('/'));
  if (path === '/') return <FleetPage />;
  if (first === 'channels' && name !== '') return <ChannelPage key={name} id={name} />;
  if (first === 'incidents') return name === '' ? <IncidentsPage /> : <IncidentPage key={name} id={name} />;
  if (first === 'silences') return <SilencesPage />;
  if (first === 'sql') return <SqlPage />;
  return <Failed what="Nothing is here" error={new Error(`no view has the address ${path}`)} />;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whoever comes to another view by keyboard or screen reader begins at its heading. */
function useFocusOnArrival(): void {
  const arrival = arrivals.value;
  useEffect(() => {
    if (arrival > 0) document.querySelector<HTMLElement>('h1')?.focus();
  }, [arrival]);
}

const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
