import type { VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { FrameReports, FramesAnswer } from '../../contract.js';
import {
  DEAD_FATES,
  FATES,
  journeysOf,
  TROUBLED_FATES,
  type Fate,
  type Journey,
} from '../../model/journey.js';
import { lanesOf } from '../../model/lanes.js';
import { duration } from '../../model/time.js';
import { count } from '../../model/words.js';
import { getJson } from '../http.js';
import { Empty, Failed, Progress, useLoad } from '../parts/load.js';
import { place, setQuery } from '../router.js';
import { FrameDialog } from './frame-dialog.js';
import { LaneList } from './lane-list.js';
import { Legend } from './legend.js';
import { Overview } from './overview.js';
import type { Range } from './range.js';

const PAGE = 500;
/** A clock that is further ahead is worth a word, us. */
const SKEW_TOLD_US = 100_000;

export function FramesPanel({ id, range, moves }: { id: string; range: Range; moves: boolean }): VNode {
  const { query } = place.value;
  const kinds = query.getAll('kind');
  const path = `/api/v1/channels/${encodeURIComponent(id)}/frames?${new URLSearchParams([
    ['from', String(Math.round(range.from_ms))],
    ['to', String(Math.round(range.to_ms))],
    ['limit', String(PAGE)],
    ...kinds.map((kind) => ['kind', kind]),
  ]).toString()}`;
  const { data, error, loading, again } = useLoad(path, (abort) => getJson<FramesAnswer>(path, abort));
  return (
    <section class="panel frames" aria-labelledby="frames-heading">
      <Progress loading={loading && (data === undefined || !moves)} of="frames" />
      {error !== undefined && <Failed what="The frames could not be read" error={error} again={again} />}
      {data === undefined ? (
        <h2 id="frames-heading">Frames</h2>
      ) : (
        <Frames key={moves ? 'following' : path} id={id} first={data} path={path} kinds={kinds} />
      )}
    </section>
  );
}

function Frames({
  id,
  first,
  path,
  kinds,
}: {
  id: string;
  first: FramesAnswer;
  path: string;
  kinds: readonly string[];
}): VNode {
  const [more, setMore] = useState<{ path: string; frames: readonly FrameReports[]; next: string | null }>();
  const [failed, setFailed] = useState<Error>();
  const [onlyDead, setOnlyDead] = useState(false);
  const added = more?.path === path ? more : undefined;
  const answer = useMemo(
    () => (added === undefined ? first : { ...first, frames: [...first.frames, ...added.frames] }),
    [first, added],
  );
  const next = added === undefined ? first.next : added.next;
  const journeys = useMemo(() => journeysOf(answer), [answer]);
  const shown = useMemo(
    () => (onlyDead ? journeys.filter(({ fate }) => TROUBLED_FATES.has(fate)) : journeys),
    [journeys, onlyDead],
  );
  const lanes = useMemo(() => lanesOf(shown), [shown]);
  const loadMore = (): void => {
    getJson<FramesAnswer>(`${path}&after=${encodeURIComponent(next ?? '')}`).then(
      ({ frames, next: further }) => {
        setMore({ path, frames: [...(added?.frames ?? []), ...frames], next: further });
      },
      (cause: unknown) => {
        setFailed(cause instanceof Error ? cause : new Error(String(cause)));
      },
    );
  };
  return (
    <>
      <FramesHead
        answer={answer}
        journeys={journeys}
        kinds={kinds}
        onlyDead={onlyDead}
        setOnlyDead={setOnlyDead}
      />
      <Overview answer={first} />
      {shown.length === 0 ? (
        <Empty
          title={
            onlyDead ? 'Nothing went wrong with a frame in this time' : 'No frame was told of in this time'
          }
        >
          <p>
            Choose another time above{kinds.length > 0 && ', or other kinds'}. With counters alone (frame
            spans sampled or off) the charts beside still tell.
          </p>
        </Empty>
      ) : (
        <LaneList lanes={lanes} relay={answer.heard_us.relay !== undefined} heard={answer.heard_us} />
      )}
      {next !== null && (
        <button type="button" onClick={loadMore}>
          Show the next {PAGE} frames
        </button>
      )}
      {failed !== undefined && (
        <Failed what="The next frames could not be read" error={failed} again={loadMore} />
      )}
      <Legend relay={answer.heard_us.relay !== undefined} />
      <FrameDialog id={id} journeys={journeys} />
    </>
  );
}

function FramesHead({
  answer,
  journeys,
  kinds,
  onlyDead,
  setOnlyDead,
}: {
  answer: FramesAnswer;
  journeys: readonly Journey[];
  kinds: readonly string[];
  onlyDead: boolean;
  setOnlyDead: (only: boolean) => void;
}): VNode {
  const fates = new Map<Fate, number>();
  for (const { fate } of journeys) if (TROUBLED_FATES.has(fate)) fates.set(fate, (fates.get(fate) ?? 0) + 1);
  const dead = journeys.filter(({ fate }) => DEAD_FATES.has(fate)).length;
  const skew = answer.agent_ahead_us ?? 0;
  return (
    <>
      <div class="frames-head">
        <h2 id="frames-heading">
          {count(journeys.length, 'frame')}
          {dead > 0 && <span class="bad">, {dead} died</span>}
        </h2>
        {[...fates].map(([fate, frames]) => (
          <span key={fate} class="tag bad" title={FATES[fate].meaning}>
            {frames} {FATES[fate].word}
          </span>
        ))}
        {fates.size > 0 && (
          <button
            type="button"
            aria-pressed={onlyDead}
            onClick={() => {
              setOnlyDead(!onlyDead);
            }}
          >
            Only those
          </button>
        )}
      </div>
      <div class="facets" role="group" aria-label="Filter by kind">
        {[...new Set([...answer.kinds.map(({ kind }) => kind), ...kinds])].map((kind) => (
          <button
            key={kind}
            type="button"
            class="facet"
            aria-pressed={kinds.includes(kind)}
            onClick={() => {
              setQuery({
                kind: kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind],
              });
            }}
          >
            {kind || '(no kind)'} {answer.kinds.find((one) => one.kind === kind)?.frames ?? 0}
          </button>
        ))}
      </div>
      {Math.abs(skew) > SKEW_TOLD_US && (
        <p class="note">
          The agent’s clock is about {duration(skew / 1000)} {skew > 0 ? 'ahead of' : 'behind'} the server’s;
          its times are shown by the server’s clock.
        </p>
      )}
    </>
  );
}
