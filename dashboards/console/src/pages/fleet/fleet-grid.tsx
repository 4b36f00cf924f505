import type { VNode } from 'preact';
import { memo } from 'preact/compat';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { ChannelRow } from '../../contract.js';
import { orderOf, type FleetChoice, type Sort } from '../../model/fleet-list.js';
import { age, instantText, utc } from '../../model/time.js';
import { count } from '../../model/words.js';
import { Direction, Link, State } from '../parts/bits.js';
import { stepTo, useRowWindow } from '../parts/window.js';
import { channelHref, go, setQuery } from '../router.js';

const ROW_PX = 28;

const COLUMNS: readonly { readonly sort: Sort; readonly name: string; readonly title: string }[] = [
  { sort: 'state', name: 'State', title: 'What its ends claim, held against what they count' },
  { sort: 'id', name: 'Channel', title: 'channel.id' },
  { sort: 'to_agent', name: '→ agent', title: 'How the direction to the agent does' },
  { sort: 'to_server', name: '→ server', title: 'How the direction to the server does' },
  { sort: 'last_to_agent', name: 'At agent', title: 'Age of the last frame that arrived at the agent' },
  { sort: 'last_to_server', name: 'At server', title: 'Age of the last frame that arrived at the server' },
  { sort: 'queue', name: 'Queue', title: 'Frames that wait to be written, and the age of the oldest' },
  { sort: 'heartbeat', name: 'Heartbeat', title: 'Age of the last heartbeat at the server' },
  { sort: 'site', name: 'Site', title: 'channel.site' },
  { sort: 'version', name: 'Version', title: 'channel.agent.version' },
];

/** The fleet, a line a channel. Only what is in sight is drawn; the order stands still under the hand. */
export function FleetGrid({
  rows,
  choice,
  at_ms,
  past,
}: {
  rows: ReadonlyMap<string, ChannelRow>;
  choice: FleetChoice;
  at_ms: number;
  past: boolean;
}): VNode {
  const [held, setHeld] = useState(false);
  const [active, setActive] = useState(0);
  const { order, waiting, renew } = useStillOrder(rows, choice, held);
  const { ref, first, end, onScroll, reveal } = useRowWindow(order.length, ROW_PX);
  const roving = Math.min(Math.max(active, first), Math.max(first, end - 1));
  const move = (index: number): void => {
    const to = Math.max(0, Math.min(order.length - 1, index));
    setActive(to);
    reveal(to);
    requestAnimationFrame(() => ref.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((ref.current?.clientHeight ?? 400) / ROW_PX) - 1);
    const to = stepTo(event.key, roving, page, order.length);
    const id = order[roving];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (event.key === 'Enter' && id !== undefined) go(hrefOf(id, at_ms, past));
  };
  return (
    <div class="grid-place">
      <div class="grid-news" role="status">
        {waiting > 0 && (
          <button type="button" onClick={renew}>
            {count(waiting, 'change')} of order or rows {waiting === 1 ? 'waits' : 'wait'} · show
          </button>
        )}
      </div>
      <div
        class="grid fleet-grid"
        role="grid"
        aria-label="Channels"
        aria-rowcount={order.length + 1}
        aria-colcount={COLUMNS.length}
      >
        <GridHead choice={choice} />
        <div
          class="grid-body"
          role="rowgroup"
          ref={ref}
          onScroll={onScroll}
          onKeyDown={onKeyDown}
          onPointerEnter={() => {
            setHeld(true);
          }}
          onPointerLeave={() => {
            setHeld(ref.current?.contains(document.activeElement) ?? false);
          }}
          onFocusIn={() => {
            setHeld(true);
          }}
          onFocusOut={() => {
            setHeld(ref.current?.matches(':hover') ?? false);
          }}
        >
          <div class="grid-all" role="presentation" style={{ height: `${order.length * ROW_PX}px` }}>
            {order.slice(first, end).map((id, offset) => (
              <Row
                key={id}
                id={id}
                row={rows.get(id)}
                index={first + offset}
                at_ms={at_ms}
                past={past}
                tabbable={first + offset === roving}
                onFocus={setActive}
              />
            ))}
          </div>
          {order.length === 0 && <p class="grid-none">No channel matches the filter.</p>}
        </div>
      </div>
    </div>
  );
}

/** The order as it was while the hand is on it; then as it is. */
function useStillOrder(
  rows: ReadonlyMap<string, ChannelRow>,
  choice: FleetChoice,
  held: boolean,
): { order: readonly string[]; waiting: number; renew: () => void } {
  const fresh = useMemo(() => orderOf(rows.values(), choice), [rows, choice]);
  const kept = useRef<{ order: readonly string[]; choice: FleetChoice }>({ order: fresh, choice });
  const [, setTurn] = useState(0);
  // Who chooses another order or filter wants it now.
  if (!held || kept.current.choice !== choice) kept.current = { order: fresh, choice };
  const { order } = kept.current;
  const waiting = useMemo(() => (order === fresh ? 0 : differences(order, fresh)), [order, fresh]);
  return {
    order,
    waiting,
    renew: () => {
      kept.current = { order: fresh, choice };
      setTurn((turn) => turn + 1);
    },
  };
}

/** Rows that came or went, or stand elsewhere because another has moved. */
function differences(shown: readonly string[], fresh: readonly string[]): number {
  const place = new Map(fresh.map((id, index) => [id, index]));
  let changes = fresh.length - shown.filter((id) => place.has(id)).length;
  let before = -1;
  for (const id of shown) {
    const at = place.get(id);
    if (at === undefined || at < before) changes++;
    else before = at;
  }
  return changes;
}

function GridHead({ choice }: { choice: FleetChoice }): VNode {
  const sortBy = (sort: Sort): void => {
    const again = choice.sort === sort;
    setQuery({
      sort: sort === 'state' ? undefined : sort,
      dir: again && !choice.descending ? 'desc' : undefined,
    });
  };
  return (
    <div class="grid-head" role="rowgroup">
      <div class="grid-row" role="row" aria-rowindex={1}>
        {COLUMNS.map(({ sort, name, title }) => {
          const by = choice.sort === sort;
          return (
            <div
              key={sort}
              role="columnheader"
              class={`col-${sort}`}
              aria-sort={by ? (choice.descending ? 'descending' : 'ascending') : 'none'}
            >
              <button
                type="button"
                title={title}
                onClick={() => {
                  sortBy(sort);
                }}
              >
                {name}
                <span aria-hidden="true" class="sort">
                  {by ? (choice.descending ? '▾' : '▴') : ''}
                </span>
              </button>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function hrefOf(id: string, at_ms: number, past: boolean): string {
  return channelHref(
    id,
    past
      ? new URLSearchParams({ from: instantText(at_ms - 900_000), to: instantText(at_ms) }).toString()
      : '',
  );
}

const Row = memo(function Row({
  id,
  row,
  index,
  at_ms,
  past,
  tabbable,
  onFocus,
}: {
  id: string;
  row: ChannelRow | undefined;
  index: number;
  at_ms: number;
  past: boolean;
  tabbable: boolean;
  onFocus: (index: number) => void;
}): VNode {
  const href = hrefOf(id, at_ms, past);
  return (
    <div
      class={`grid-row ${row === undefined ? 'gone' : `row-${row.state}`}`}
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      data-channel={id}
      tabIndex={tabbable ? 0 : -1}
      style={{ transform: `translateY(${index * ROW_PX}px)` }}
      onFocus={() => {
        onFocus(index);
      }}
      onClick={(event) => {
        if (!(event.target instanceof Element) || event.target.closest('a') === null) go(href);
      }}
    >
      {row === undefined ? (
        <div role="gridcell" class="gone-cell">
          {id} is no longer told of
        </div>
      ) : (
        <Cells row={row} href={href} at_ms={at_ms} />
      )}
    </div>
  );
});

function Cells({ row, href, at_ms }: { row: ChannelRow; href: string; at_ms: number }): VNode {
  return (
    <>
      <div role="gridcell" class="col-state">
        <State state={row.state} />
      </div>
      <div
        role="gridcell"
        class="col-id"
        title={[row.id, row.why, row.transport].filter((text) => text !== '').join('\n')}
      >
        {row.incidents.length > 0 && (
          <span class="mark" title={count(row.incidents.length, 'firing incident')}>
            <span aria-hidden="true">◆</span>
            <span class="hidden">{count(row.incidents.length, 'firing incident')}: </span>
          </span>
        )}
        <Link href={href} tabIndex={-1}>
          {row.id}
        </Link>
        {row.why !== '' && <span class="why">{row.why}</span>}
      </div>
      <div role="gridcell" class="col-to_agent">
        <Direction state={row.to_agent} />
      </div>
      <div role="gridcell" class="col-to_server">
        <Direction state={row.to_server} />
      </div>
      <AgeCell name="last_to_agent" at={row.last_to_agent_ms} now_ms={at_ms} late_ms={75_000} />
      <AgeCell name="last_to_server" at={row.last_to_server_ms} now_ms={at_ms} late_ms={75_000} />
      <div role="gridcell" class={`col-queue number ${(row.queue ?? 0) > 0 ? 'some' : 'muted'}`}>
        {row.queue ?? '–'}
        {(row.queue ?? 0) > 0 &&
          row.queue_oldest_ms !== null &&
          ` · ${age(at_ms - row.queue_oldest_ms, at_ms)}`}
      </div>
      <AgeCell name="heartbeat" at={row.heartbeat_ms} now_ms={at_ms} late_ms={65_000} />
      <div role="gridcell" class="col-site">
        {row.site}
      </div>
      <div role="gridcell" class="col-version">
        {row.version}
      </div>
    </>
  );
}

function AgeCell({
  name,
  at,
  now_ms,
  late_ms,
}: {
  name: string;
  at: number | null;
  now_ms: number;
  late_ms: number;
}): VNode {
  const late = at !== null && now_ms - at > late_ms;
  return (
    <div
      role="gridcell"
      class={`col-${name} number ${late ? 'late' : ''}`}
      title={at === null ? 'not known' : utc(at)}
    >
      {age(at, now_ms)}
    </div>
  );
}
