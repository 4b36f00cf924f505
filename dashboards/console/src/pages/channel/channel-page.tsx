import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { ChannelAnswer, ChannelRow, FleetAnswer } from '../../contract.js';
import { duration } from '../../model/time.js';
import { Heading } from '../frame.js';
import { getJson } from '../http.js';
import { fleet, now, paused } from '../live.js';
import { Link, Moment, SeverityMark, State } from '../parts/bits.js';
import { Empty, Failed, Progress, useLoad } from '../parts/load.js';
import { incidentHref } from '../router.js';
import { Charts } from './charts.js';
import { Claims } from './claims.js';
import { Connections } from './connections.js';
import { FramesPanel } from './frames-panel.js';
import { askedRange, chooseRange, follow, shift, zoom, type Range } from './range.js';

/** States come so often: sooner there is nothing new. */
const AGAIN_MS = 10_000;

export function ChannelPage({ id }: { id: string }): VNode {
  const asked = askedRange();
  const [held, setHeld] = useState(false);
  const turn = useTurn(asked === undefined && !held);
  const query = asked === undefined ? '' : `?from=${asked.from_ms}&to=${asked.to_ms}`;
  const { data, error, loading, again } = useLoad(`${id} ${query} ${turn}`, (abort) =>
    getJson<ChannelAnswer>(`/api/v1/channels/${encodeURIComponent(id)}${query}`, abort),
  );
  const range = asked ?? data;
  return (
    <div class="channel">
      <Head id={id} answer={data} />
      <Progress loading={loading && (data === undefined || asked !== undefined)} of="the channel" />
      {error !== undefined && <Failed what="The channel could not be read" error={error} again={again} />}
      {data?.stored === null ? (
        <Empty title={`Nothing is stored of ${id}`}>
          <p>
            No end has told of a channel of this name. <Link href="/">The fleet</Link> lists those that are
            known.
          </p>
        </Empty>
      ) : (
        <>
          {range !== undefined && (
            <RangeBar range={range} following={asked === undefined} stored={data?.stored} />
          )}
          <div class="channel-columns">
            <div
              onPointerEnter={() => {
                setHeld(true);
              }}
              onPointerLeave={() => {
                setHeld(false);
              }}
            >
              {range !== undefined && <FramesPanel id={id} range={range} moves={asked === undefined} />}
            </div>
            <aside aria-label="Claims, counters and connections">
              {data !== undefined && <Claims answer={data} />}
              {data !== undefined && <Charts answer={data} />}
              {data !== undefined && <Connections answer={data} />}
            </aside>
          </div>
        </>
      )}
    </div>
  );
}

/** Counts up while the page follows the present; stands still with a recording. */
function useTurn(following: boolean): number {
  const [last, setLast] = useState(0);
  const live = fleet.value?.live ?? true;
  const turn = following && live && !paused.value ? Math.floor(now.value / AGAIN_MS) : last;
  if (turn !== last) setLast(turn);
  return turn;
}

function Head({ id, answer }: { id: string; answer: ChannelAnswer | undefined }): VNode {
  const row = useRow(id, answer);
  const incidents =
    fleet.value?.incidents.filter(({ channels }) => channels.includes(id)) ?? answer?.incidents ?? [];
  return (
    <header class="channel-head">
      <Heading title={id} />
      {row !== undefined && (
        <p>
          <State state={row.state} />
          {row.why !== '' && <strong class="why">{row.why}</strong>}
          <span class="muted">
            {[row.site, row.gateway, row.version, row.transport].filter((text) => text !== '').join(' · ')}
          </span>
        </p>
      )}
      {incidents.map((incident) => (
        <p key={incident.id} class="channel-incident">
          <SeverityMark severity={incident.severity} />{' '}
          <Link href={incidentHref(incident.id)}>{incident.summary}</Link>
        </p>
      ))}
    </header>
  );
}

/** Its line of the fleet: of now when the range ends now, else of the end of the range. */
function useRow(id: string, answer: ChannelAnswer | undefined): ChannelRow | undefined {
  const to_ms = answer === undefined ? undefined : Math.round(answer.to_ms / 1000) * 1000;
  const present =
    to_ms !== undefined && fleet.value !== undefined && Math.abs(to_ms - fleet.value.at_ms) < 30_000;
  const needed = to_ms !== undefined && answer?.row === null && !present && fleet.value !== undefined;
  const past = useLoad(needed ? `row ${to_ms}` : 'none', async (abort) =>
    needed ? getJson<FleetAnswer>(`/api/v1/fleet?at=${to_ms}`, abort) : undefined,
  );
  if (present) return fleet.value?.rows.get(id);
  return answer?.row ?? past.data?.channels.find((row) => row.id === id);
}

const SPANS = [
  ['5 m', 300_000],
  ['15 m', 900_000],
  ['1 h', 3_600_000],
  ['6 h', 21_600_000],
] as const;

function RangeBar({
  range,
  following,
  stored,
}: {
  range: Range;
  following: boolean;
  stored: ChannelAnswer['stored'] | undefined;
}): VNode {
  const span_ms = range.to_ms - range.from_ms;
  return (
    <div class="range" role="group" aria-label="Time range">
      <button
        type="button"
        aria-label="Earlier"
        title="Earlier"
        onClick={() => {
          shift(range, -0.5);
        }}
      >
        ◀
      </button>
      <span class="range-text">
        <Moment at={range.from_ms} only="absolute" /> – <Moment at={range.to_ms} only="absolute" />{' '}
        <span class="muted">({duration(span_ms)})</span>
      </span>
      <button
        type="button"
        aria-label="Later"
        title="Later"
        onClick={() => {
          shift(range, 0.5);
        }}
      >
        ▶
      </button>
      <button
        type="button"
        aria-label="Zoom in"
        title="Zoom in"
        onClick={() => {
          zoom(range, 0.5);
        }}
      >
        +
      </button>
      <button
        type="button"
        aria-label="Zoom out"
        title="Zoom out"
        onClick={() => {
          zoom(range, 2);
        }}
      >
        −
      </button>
      <SpanButtons range={range} />
      {stored !== undefined && stored !== null && stored.last_ms - stored.first_ms < 86_400_000 && (
        <button
          type="button"
          title="Everything that is stored of the channel"
          onClick={() => {
            chooseRange({ from_ms: stored.first_ms - 1000, to_ms: stored.last_ms + 1000 });
          }}
        >
          all
        </button>
      )}
      <button
        type="button"
        aria-pressed={following}
        onClick={follow}
        title="Follow the present, or the end of the recording"
      >
        latest
      </button>
    </div>
  );
}

function SpanButtons({ range }: { range: Range }): VNode {
  const span_ms = range.to_ms - range.from_ms;
  return (
    <>
      {SPANS.map(([name, ms]) => (
        <button
          key={name}
          type="button"
          aria-label={`Last ${name} of the range`}
          aria-pressed={Math.abs(span_ms - ms) < 1000}
          onClick={() => {
            chooseRange({ from_ms: range.to_ms - ms, to_ms: range.to_ms });
          }}
        >
          {name}
        </button>
      ))}
    </>
  );
}
