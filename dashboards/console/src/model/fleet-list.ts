import type { ChannelState } from '@halfopen/telemetry';
import type { ChannelRow } from '../contract.js';
import { STATE_ORDER } from './words.js';

export const SORTS = [
  'state',
  'id',
  'to_agent',
  'to_server',
  'last_to_agent',
  'last_to_server',
  'queue',
  'heartbeat',
  'site',
  'version',
] as const;
export type Sort = (typeof SORTS)[number];

export interface FleetChoice {
  readonly text: string;
  readonly states: readonly string[];
  readonly site: string;
  readonly version: string;
  readonly gateway: string;
  readonly sort: Sort;
  readonly descending: boolean;
}

/** Every word must be found somewhere in the row. */
export function matches(row: ChannelRow, { text, states, site, version, gateway }: FleetChoice): boolean {
  if (states.length > 0 && !states.includes(row.state)) return false;
  if (site !== '' && row.site !== site) return false;
  if (version !== '' && row.version !== version) return false;
  if (gateway !== '' && row.gateway !== gateway) return false;
  if (text === '') return true;
  const said =
    `${row.id} ${row.state} ${row.why} ${row.site} ${row.gateway} ${row.version} ${row.transport}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

/** Names as people count: agent-2 before agent-10. */
const byName = new Intl.Collator('en', { numeric: true });
const DIRECTION_ORDER = ['fails', 'unseen', 'quiet', 'works', ''];

/** Ids in the order of the choice. Equal ones by name, so that nothing jumps. */
export function orderOf(rows: Iterable<ChannelRow>, choice: FleetChoice): string[] {
  const kept = [...rows].filter((row) => matches(row, choice));
  const sign = choice.descending ? -1 : 1;
  const compare = COMPARE[choice.sort];
  return kept.sort((a, b) => sign * compare(a, b) || byName.compare(a.id, b.id)).map(({ id }) => id);
}

type Compare = (a: ChannelRow, b: ChannelRow) => number;
/** Unknown comes last, whichever way is up. */
const oldest =
  (moment: (row: ChannelRow) => number | null): Compare =>
  (a, b) =>
    (moment(a) ?? 0) - (moment(b) ?? 0);
const COMPARE: Readonly<Record<Sort, Compare>> = {
  state: (a, b) => severity(a) - severity(b),
  id: (a, b) => byName.compare(a.id, b.id),
  to_agent: (a, b) => DIRECTION_ORDER.indexOf(a.to_agent) - DIRECTION_ORDER.indexOf(b.to_agent),
  to_server: (a, b) => DIRECTION_ORDER.indexOf(a.to_server) - DIRECTION_ORDER.indexOf(b.to_server),
  last_to_agent: oldest((row) => row.last_to_agent_ms),
  last_to_server: oldest((row) => row.last_to_server_ms),
  queue: (a, b) => (b.queue ?? -1) - (a.queue ?? -1),
  heartbeat: oldest((row) => row.heartbeat_ms),
  site: (a, b) => byName.compare(a.site, b.site),
  version: (a, b) => byName.compare(a.version, b.version),
};

/** Worst first; among equals those of an incident. */
function severity(row: ChannelRow): number {
  return STATE_ORDER.indexOf(row.state) * 2 + (row.incidents.length > 0 ? 0 : 1);
}

export function countStates(rows: Iterable<ChannelRow>): ReadonlyMap<ChannelState, number> {
  const counts = new Map<ChannelState, number>();
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

/** Values of a facet, as many rows as they have. */
export function facet(
  rows: Iterable<ChannelRow>,
  of: (row: ChannelRow) => string,
): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const row of rows) if (of(row) !== '') counts.set(of(row), (counts.get(of(row)) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => byName.compare(a, b));
}
