import type { Silence } from '@halfopen/telemetry';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { count } from '../../model/words.js';
import { Heading } from '../frame.js';
import { getJson, sendJson } from '../http.js';
import { Link, Moment } from '../parts/bits.js';
import { Empty, Failed, Progress, useLoad } from '../parts/load.js';
import { channelHref, incidentHref } from '../router.js';
import { SilenceDialog } from './silence-dialog.js';

export function SilencesPage(): VNode {
  const [adding, setAdding] = useState(false);
  const { data, error, loading, again } = useLoad('silences', (abort) =>
    getJson<{ silences: Silence[] }>('/api/v1/silences', abort),
  );
  const active = data?.silences.filter((silence) => silence.active) ?? [];
  const past = data?.silences.filter((silence) => !silence.active) ?? [];
  return (
    <>
      <Heading title="Silences" />
      <p class="muted">
        Nobody is told of what a silence matches. It still shows here, and what goes on after its end is told
        then.
      </p>
      <p>
        <button
          type="button"
          onClick={() => {
            setAdding(true);
          }}
        >
          New silence …
        </button>
      </p>
      <Progress loading={loading} of="silences" />
      {error !== undefined && <Failed what="The silences could not be read" error={error} again={again} />}
      {data !== undefined && active.length === 0 && (
        <Empty title="Nothing is silenced">
          <p>From an incident’s page, or with the button above, something can be silenced for some hours.</p>
        </Empty>
      )}
      {active.length > 0 && (
        <List silences={active} title={`${count(active.length, 'silence')} in force`} again={again} />
      )}
      {past.length > 0 && (
        <details>
          <summary>{count(past.length, 'silence')} over</summary>
          <List silences={past} title="Over" again={again} />
        </details>
      )}
      {adding && (
        <SilenceDialog
          onClose={(done) => {
            setAdding(false);
            if (done) again();
          }}
        />
      )}
    </>
  );
}

function List({
  silences,
  title,
  again,
}: {
  silences: readonly Silence[];
  title: string;
  again: () => void;
}): VNode {
  const [error, setError] = useState<Error>();
  const end = (id: string): void => {
    sendJson('DELETE', `/api/v1/silences/${encodeURIComponent(id)}`).then(again, (cause: unknown) => {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    });
  };
  return (
    <>
      {error !== undefined && <Failed what="The silence could not be ended" error={error} />}
      <section class="panel listed" aria-label={title}>
        <table class="table">
          <caption>{title}</caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Until</th>
              <th scope="col">Why</th>
              <th scope="col">By</th>
              <th scope="col">Since</th>
              <th scope="col">
                <span class="hidden">End it</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {silences.map((silence) => (
              <tr key={silence.id}>
                <td>
                  <Matchers silence={silence} />
                </td>
                <td class="nowrap">
                  <Moment at={silence.ended_at ?? silence.until} only="absolute" />
                </td>
                <td>{silence.reason}</td>
                <td>{silence.by}</td>
                <td class="nowrap">
                  <Moment at={silence.starts_at} />
                </td>
                <td>
                  {silence.active && (
                    <button
                      type="button"
                      onClick={() => {
                        end(silence.id);
                      }}
                    >
                      End now
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function Matchers({ silence: { matchers } }: { silence: Silence }): VNode {
  const { incident, channel, site, rule } = matchers;
  return (
    <>
      {incident !== undefined && (
        <>
          incident <Link href={incidentHref(incident)}>{incident.slice(0, 12)}</Link>{' '}
        </>
      )}
      {channel !== undefined && (
        <>
          channel <Link href={channelHref(channel)}>{channel}</Link>{' '}
        </>
      )}
      {site !== undefined && <>site {site} </>}
      {rule !== undefined && <>rule {rule}</>}
    </>
  );
}
