import { CHANNEL_STATES, type ChannelState } from '@halfopen/telemetry';
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ChannelRow, FleetAnswer } from '../../contract.js';
import { countStates, facet, SORTS, type FleetChoice, type Sort } from '../../model/fleet-list.js';
import { instantOf } from '../../model/time.js';
import { count, STATE_ORDER, STATE_SHAPES } from '../../model/words.js';
import { Heading, installation } from '../frame.js';
import { getJson } from '../http.js';
import { fleet, shownNow, trouble, type LiveFleet } from '../live.js';
import { Moment } from '../parts/bits.js';
import { Empty, Failed, Progress, useLoad } from '../parts/load.js';
import { place, setQuery } from '../router.js';
import { FleetGrid } from './fleet-grid.js';
import { Firing } from './firing.js';

export function FleetPage(): VNode {
  const at = place.value.query.get('at');
  return instantOf(at) === undefined ? <LiveFleetPage /> : <PastFleetPage at_ms={instantOf(at) ?? 0} />;
}

function LiveFleetPage(): VNode {
  const shown = fleet.value;
  const firing = shown?.incidents ?? [];
  return (
    <div class="fleet">
      <Heading title={firing.length > 0 ? `${count(firing.length, 'incident')} firing` : 'Fleet'}>
        {headlineOf(shown)}
      </Heading>
      <Progress loading={shown === undefined} of="the fleet" />
      {shown === undefined && trouble.value !== undefined && (
        <Failed what="The fleet could not be read" error={new Error(trouble.value)} />
      )}
      <Firing incidents={firing} />
      {shown !== undefined && !shown.live && (
        <p class="note">
          No telemetry comes in. This is how the fleet stood when the stored telemetry ends,{' '}
          <Moment at={shown.at_ms} only="absolute" />.
        </p>
      )}
      {shown !== undefined && (
        <Channels rows={shown.rows} truncated={shown.truncated} at_ms={shownNow.value} past={!shown.live} />
      )}
    </div>
  );
}

/** Nothing is claimed before it is known. */
function headlineOf(shown: LiveFleet | undefined): string {
  if (shown === undefined) return 'Fleet';
  return shown.incidents.length === 0
    ? 'No incident is firing'
    : `${count(shown.incidents.length, 'incident')} firing`;
}

function PastFleetPage({ at_ms }: { at_ms: number }): VNode {
  const { data, error, loading, again } = useLoad(`fleet ${at_ms}`, (abort) =>
    getJson<FleetAnswer>(`/api/v1/fleet?at=${at_ms}`, abort),
  );
  const rows = useMemo(() => new Map((data?.channels ?? []).map((row) => [row.id, row])), [data]);
  return (
    <div class="fleet">
      <Heading title="Fleet at an instant" />
      <Progress loading={loading} of="the fleet" />
      <p class="note">
        As it stood <Moment at={at_ms} only="absolute" />.{' '}
        <button
          type="button"
          onClick={() => {
            setQuery({ at: undefined });
          }}
        >
          Show it now
        </button>
      </p>
      {error !== undefined && <Failed what="The fleet could not be read" error={error} again={again} />}
      {data !== undefined && <Channels rows={rows} truncated={data.truncated} at_ms={at_ms} past />}
    </div>
  );
}

function choiceOf(query: URLSearchParams): FleetChoice {
  const asked = query.get('sort') ?? 'state';
  return {
    text: query.get('q') ?? '',
    states: query.getAll('state'),
    site: query.get('site') ?? '',
    version: query.get('version') ?? '',
    gateway: query.get('gateway') ?? '',
    sort: SORTS.find((sort) => sort === asked) ?? ('state' satisfies Sort),
    descending: query.get('dir') === 'desc',
  };
}

function Channels({
  rows,
  truncated,
  at_ms,
  past,
}: {
  rows: ReadonlyMap<string, ChannelRow>;
  truncated: boolean;
  at_ms: number;
  past: boolean;
}): VNode {
  const { query } = place.value;
  const choice = useMemo(() => choiceOf(query), [query]);
  if (rows.size === 0) return <NoChannels />;
  return (
    <section class="channels" aria-labelledby="channels-heading">
      <div class="channels-head">
        <h2 id="channels-heading">{count(rows.size, 'channel')}</h2>
        <StateFacets rows={rows} choice={choice} />
        <Filters rows={rows} choice={choice} />
      </div>
      {truncated && (
        <p class="note">There are more channels than this list takes: ask the table fleet by SQL.</p>
      )}
      <FleetGrid rows={rows} choice={choice} at_ms={at_ms} past={past} />
    </section>
  );
}

/** How many in each state; each is a switch. */
function StateFacets({
  rows,
  choice,
}: {
  rows: ReadonlyMap<string, ChannelRow>;
  choice: FleetChoice;
}): VNode {
  const counts = countStates(rows.values());
  const toggle = (state: ChannelState): void => {
    const on = choice.states.includes(state);
    setQuery({ state: on ? choice.states.filter((other) => other !== state) : [...choice.states, state] });
  };
  return (
    <div class="facets" role="group" aria-label="Filter by state">
      {STATE_ORDER.filter((state) => counts.has(state) || choice.states.includes(state)).map((state) => (
        <button
          key={state}
          type="button"
          class={`facet state-${state}`}
          aria-pressed={choice.states.includes(state)}
          title={CHANNEL_STATES[state]}
          onClick={() => {
            toggle(state);
          }}
        >
          <span aria-hidden="true">{STATE_SHAPES[state]}</span> {counts.get(state) ?? 0} {state}
        </button>
      ))}
    </div>
  );
}

function Filters({ rows, choice }: { rows: ReadonlyMap<string, ChannelRow>; choice: FleetChoice }): VNode {
  return (
    <div class="filters" role="search">
      <label>
        <span class="hidden">Filter channels by text</span>
        <input
          type="search"
          placeholder="Filter: name, site, what is missing …"
          value={choice.text}
          onInput={(event) => {
            setQuery({ q: event.currentTarget.value });
          }}
        />
      </label>
      <Facet name="site" label="Site" value={choice.site} values={facet(rows.values(), (row) => row.site)} />
      <Facet
        name="gateway"
        label="Gateway"
        value={choice.gateway}
        values={facet(rows.values(), (row) => row.gateway)}
      />
      <Facet
        name="version"
        label="Version"
        value={choice.version}
        values={facet(rows.values(), (row) => row.version)}
      />
    </div>
  );
}

function Facet({
  name,
  label,
  value,
  values,
}: {
  name: string;
  label: string;
  value: string;
  values: readonly (readonly [string, number])[];
}): VNode | null {
  if (values.length < 2 && value === '') return null;
  return (
    <label>
      <span class="hidden">{label}</span>
      <select
        value={value}
        onChange={(event) => {
          setQuery({ [name]: event.currentTarget.value });
        }}
      >
        <option value="">{label}: all</option>
        {values.map(([one, rows]) => (
          <option key={one} value={one}>
            {one} ({rows})
          </option>
        ))}
      </select>
    </label>
  );
}

function NoChannels(): VNode {
  const url = installation.value?.collector_url ?? 'http://127.0.0.1:4318';
  return (
    <Empty title="No channel has been told of yet">
      <p>Do one of these, and the list fills by itself:</p>
      <ul>
        <li>
          point an OTLP/HTTP exporter, or <code>@halfopen/agent-shim</code>, at <code>{url}/v1/traces</code>
        </li>
        <li>
          import a recording: <code>npx halfopen import lab/samples/handler-dead-both-ends.jsonl.gz</code>
        </li>
        <li>
          watch a fleet break: <code>npm run demo</code>
        </li>
      </ul>
    </Empty>
  );
}
