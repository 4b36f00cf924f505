import { quoted } from '@halfopen/store';
import { sizesSource } from '../signals/populations.js';
import type { ChannelSignals, SharedSymptom } from '../signals/signals.js';
import { notSo, seen, unobserved, type ProbeDefinition } from './probe.js';

/** What lies on the path to a site. */
const ON_THE_PATH: readonly string[] = ['channel.site', 'channel.gateway'];

/** Names in a query; of more channels the fact would be too long to read. */
const NAMED_MAX = 500;

/** Do the channels of the same site or gateway show the same symptom, and others not? */
export const sharedBySite: ProbeDefinition = {
  group: 'shared-by-site',
  question: 'Do other channels of the same site or gateway show the same, and those of others not?',
  measure: {
    action: 'Compare with other agents of the same site and gateway, and with agents of another site.',
    yes: 'those of the site show it too, others do not: look at its gateway and path',
    no: 'it is this agent alone, or agents everywhere',
  },
  read(signals) {
    const { shared } = signals;
    if (shared === undefined || shared.channels.length + shared.others.length > NAMED_MAX)
      return unobserved(
        'whether others of the same site or gateway show the same: no incident has them in common',
      );
    const { affected, of, others, ofElsewhere, attribute, value } = shared;
    const words = `${affected} of the ${of} channels with ${attribute} ${value} show it, and ${others.length} of the ${ofElsewhere} others; by chance that is so once in ${once(shared.chance)} times`;
    const sql = sharedSql(signals, shared);
    return ON_THE_PATH.includes(attribute) ? seen(words, sql) : notSo(words, sql);
  },
};

/** Two digits of so large a number are more than enough. */
function once(chance: number): string {
  const times = 1 / Math.max(chance, 1e-12);
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(times)) - 1);
  return String(Math.round(times / digits) * digits);
}

/** The channels of the incident and the others that show it, among those with the value and without. */
function sharedSql(
  { instant_ms }: ChannelSignals,
  { attribute, value, channels, others }: SharedSymptom,
): string {
  const having = `${attribute.replaceAll('.', '_')} = ${quoted(value)}`;
  const among = (names: readonly string[]): string =>
    names.length === 0 ? 'false' : `channel_id IN (${names.map(quoted).join(', ')})`;
  return `SELECT ${quoted(value)} AS value, toUInt32(countIf(${having})) AS of, toUInt32(count()) - of AS of_elsewhere,
    toUInt32(countIf(${among(channels)})) AS affected, toUInt32(countIf(${among(others)})) AS elsewhere
FROM (${sizesSource(instant_ms)})`;
}
