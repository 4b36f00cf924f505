import type { VNode } from 'preact';
import type { ListedIncident } from '../../contract.js';
import { count } from '../../model/words.js';
import { Heading } from '../frame.js';
import { getJson } from '../http.js';
import { fleet } from '../live.js';
import { Link, Moment, SeverityMark } from '../parts/bits.js';
import { Empty, Failed, Progress, useLoad } from '../parts/load.js';
import { incidentHref, place, setQuery } from '../router.js';

const STATUSES = ['firing', 'resolved', 'all'] as const;

export function IncidentsPage(): VNode {
  const asked = place.value.query.get('status');
  const status = STATUSES.find((one) => one === asked) ?? 'all';
  // Read again when something fires, resolves or is taken.
  const known =
    fleet.value?.incidents.map(({ id, acknowledged }) => `${id}${acknowledged?.at ?? ''}`).join() ?? '';
  const { data, error, loading, again } = useLoad(`${status} ${known}`, (abort) =>
    getJson<{ incidents: ListedIncident[] }>(`/api/v1/incidents?status=${status}`, abort),
  );
  return (
    <>
      <Heading title="Incidents" />
      <div class="facets" role="group" aria-label="Filter by status">
        {STATUSES.map((one) => (
          <button
            key={one}
            type="button"
            class="facet"
            aria-pressed={one === status}
            onClick={() => {
              setQuery({ status: one === 'all' ? undefined : one });
            }}
          >
            {one}
          </button>
        ))}
      </div>
      <Progress loading={loading} of="incidents" />
      {error !== undefined && <Failed what="The incidents could not be read" error={error} again={again} />}
      {data !== undefined && <List incidents={data.incidents} status={status} />}
    </>
  );
}

function List({ incidents, status }: { incidents: readonly ListedIncident[]; status: string }): VNode {
  if (incidents.length === 0)
    return (
      <Empty title={status === 'all' ? 'Nothing has fired yet' : `No incident is ${status}`}>
        <p>
          Rules look at what comes in now. For a recording:{' '}
          <code>npx halfopen rules backtest --from … --to …</code>, or{' '}
          <code>npx halfopen explain CHANNEL</code>.
        </p>
      </Empty>
    );
  return (
    <section class="panel listed" aria-label="Incidents">
      <table class="table">
        <caption class="hidden">{count(incidents.length, 'incident')}, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Severity</th>
            <th scope="col">What</th>
            <th scope="col">Status</th>
            <th scope="col">Channels</th>
            <th scope="col">Fired</th>
            <th scope="col">Taken by</th>
          </tr>
        </thead>
        <tbody>
          {incidents.map((incident) => (
            <tr key={incident.id}>
              <td>
                <SeverityMark severity={incident.severity} />
              </td>
              <td>
                <Link href={incidentHref(incident.id)}>{incident.summary}</Link>
              </td>
              <td>
                {incident.status}
                {incident.silenced_until !== null && <span class="tag">silenced</span>}
              </td>
              <td class="number">{incident.channels.length}</td>
              <td class="nowrap">
                <Moment at={incident.fired_at} />
              </td>
              <td>{incident.acknowledged?.by ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
