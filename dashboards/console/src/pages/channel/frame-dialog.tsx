import type { VNode } from 'preact';
import type { FrameAnswer, SpanView } from '../../contract.js';
import { FATES, TROUBLED_FATES, type Journey } from '../../model/journey.js';
import { clock, duration, utc } from '../../model/time.js';
import { installation } from '../frame.js';
import { getJson } from '../http.js';
import { Link } from '../parts/bits.js';
import { Dialog } from '../parts/dialog.js';
import { Failed, Progress, useLoad } from '../parts/load.js';
import { place, setQuery, sqlHref } from '../router.js';
import { frameKey } from './lane-list.js';

/** The frame that the address names, with everything that was told of it. */
export function FrameDialog({ id, journeys }: { id: string; journeys: readonly Journey[] }): VNode | null {
  const key = place.value.query.get('frame');
  if (key === null) return null;
  const parts = key.split('~');
  const [direction = '', connection = '', frame = ''] = parts.map(decoded);
  const journey = journeys.find((one) => frameKey(one) === key);
  return (
    <Dialog
      wide
      title={`Frame ${frame}`}
      onClose={() => {
        setQuery({ frame: undefined });
      }}
    >
      {journey !== undefined && <Story journey={journey} />}
      <Spans key={key} id={id} direction={direction} connection={connection} frame={frame} />
    </Dialog>
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function Story({ journey }: { journey: Journey }): VNode {
  const { frame, fate, told } = journey;
  return (
    <>
      <p>
        <strong>{frame.kind || frame.type}</strong> from the {journey.sender} to the {journey.receiver}:{' '}
        {TROUBLED_FATES.has(fate) ? `${FATES[fate].word}, ${told}` : told}.{' '}
        <span class="muted">{FATES[fate].meaning}</span>
      </p>
      <table class="table">
        <caption class="hidden">Its stages</caption>
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">Told by</th>
            <th scope="col">Began</th>
            <th scope="col">Took</th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {[...frame.stages]
            .sort((a, b) => a.began_us - b.began_us)
            .map(({ stage, end, began_us, ended_us, outcome, why }) => (
              <tr
                key={`${stage}${end}${began_us}${ended_us}`}
                class={outcome === 'ok' || outcome === '' ? '' : 'bad'}
              >
                <td>{stage}</td>
                <td>{end}</td>
                <td class="number" title={utc(began_us / 1000)}>
                  {clock(began_us / 1000, true)}
                </td>
                <td class="number">{duration((ended_us - began_us) / 1000)}</td>
                <td>
                  {outcome}
                  {why !== '' && ` (${why})`}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </>
  );
}

function Spans({
  id,
  direction,
  connection,
  frame,
}: {
  id: string;
  direction: string;
  connection: string;
  frame: string;
}): VNode {
  const path = `/api/v1/channels/${encodeURIComponent(id)}/frame?${new URLSearchParams({ direction, connection, frame }).toString()}`;
  const { data, error, loading, again } = useLoad(path, (abort) => getJson<FrameAnswer>(path, abort));
  const traces = [...new Set(data?.spans.filter(({ own }) => own).map(({ trace_id }) => trace_id))];
  return (
    <>
      <Progress loading={loading} of="the spans" />
      {error !== undefined && <Failed what="The spans could not be read" error={error} again={again} />}
      {data?.spans.length === 0 && <p class="muted">No span of it is stored any more.</p>}
      <p class="links">
        {traces.map((trace) => (
          <TraceLink key={trace} trace={trace} />
        ))}
      </p>
      {data?.spans.map((span) => (
        <Span key={span.span_id} span={span} />
      ))}
      {data?.truncated === true && <p class="note">There are more spans: the link shows them all.</p>}
    </>
  );
}

function TraceLink({ trace }: { trace: string }): VNode {
  const grafana = installation.value?.grafana_url ?? null;
  if (grafana !== null)
    return (
      <a href={`${grafana}/d/halfopen-traces?var-trace=${encodeURIComponent(trace)}`} rel="noreferrer">
        Trace {trace.slice(0, 8)} in Grafana
      </a>
    );
  const sql = `SELECT Timestamp, SpanName, ServiceName, Duration / 1e6 AS ms, SpanAttributes FROM otel_traces WHERE TraceId = '${trace.replace(/[^0-9a-f]/g, '')}' ORDER BY Timestamp`;
  return <Link href={sqlHref(sql)}>Trace {trace.slice(0, 8)} as SQL</Link>;
}

function Span({ span }: { span: SpanView }): VNode {
  const attributes = Object.entries(span.attributes).sort(([a], [b]) => a.localeCompare(b));
  return (
    <details open={span.own} class={span.own ? 'span' : 'span other'}>
      <summary>
        <code>{span.name}</code>{' '}
        <span class="muted">
          {span.service}, {clock(span.began_us / 1000, true)}, {duration(span.duration_us / 1000)}
          {span.own ? '' : ', another frame of the trace'}
        </span>
      </summary>
      <dl class="attributes">
        {attributes.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
