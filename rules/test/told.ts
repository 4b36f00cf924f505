import type { Store } from '@halfopen/store';
import { readSignals } from '../src/signals/read.js';
import type { ChannelSignals } from '../src/signals/signals.js';

/** What ends tell, in the contract's names; moments are seconds after the beginning. */
export const BEGIN_MS = Date.UTC(2026, 9, 1, 12);

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A span that begins `at_s` and lasts `for_s`. */
export async function tell(
  store: Store,
  name: string,
  at_s: number,
  attributes: Attributes,
  { for_s = 0, instance = 'one' }: { readonly for_s?: number; readonly instance?: string } = {},
): Promise<void> {
  await store.command(
    `INSERT INTO otel_traces (Timestamp, SpanName, ServiceName, Duration, SpanAttributes, ResourceAttributes)
     SELECT fromUnixTimestamp64Milli({at:Int64}), {name:String}, 'control-server', {ns:UInt64},
       {attributes:Map(String, String)}, {resource:Map(String, String)}`,
    {
      params: {
        at: BEGIN_MS + at_s * 1000,
        name,
        ns: for_s * 1e9,
        attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, String(value)])),
        resource: new Map([['service.instance.id', instance]]),
      },
    },
  );
}

/** `channel.state` of an end of channel `a`; `said` goes without the prefix `channel.` */
export function state(store: Store, end: string, at_s: number, said: Attributes = {}): Promise<void> {
  const told = Object.fromEntries(Object.entries(said).map(([name, value]) => [`channel.${name}`, value]));
  return tell(store, 'channel.state', at_s, {
    'channel.id': 'a',
    'channel.end': end,
    'channel.connection.id': 'c1',
    'channel.connected': true,
    'channel.state.interval_ms': 10_000,
    ...told,
  });
}

/** A heartbeat's stage. */
export function beat(store: Store, end: string, stage: string, at_s: number, outcome = 'ok'): Promise<void> {
  return tell(store, `frame.${stage}`, at_s, {
    'channel.id': 'a',
    'channel.end': end,
    'channel.connection.id': 'c1',
    'frame.stage': stage,
    'frame.direction': 'to_server',
    'frame.id': `beat-${at_s}`,
    'frame.kind': 'heartbeat',
    'frame.outcome': outcome,
  });
}

/** A close as one end reports it. */
export function close(
  store: Store,
  end: string,
  at_s: number,
  connection: string,
  initiator: string,
  more: Attributes = {},
): Promise<void> {
  return tell(store, 'channel.close', at_s, {
    'channel.id': 'a',
    'channel.end': end,
    'channel.connection.id': connection,
    'channel.close.initiator': initiator,
    ...more,
  });
}

export async function signalsAt(
  store: Store,
  at_s: number,
  channel = 'a',
): Promise<ChannelSignals | undefined> {
  return (await readSignals(store, BEGIN_MS + at_s * 1000, [channel]))[0];
}

/** All that is known at an instant, as text. */
export async function everythingAt(store: Store, at_s: number): Promise<string> {
  const signals = await readSignals(store, BEGIN_MS + at_s * 1000);
  return JSON.stringify(signals, (_key, value: unknown) =>
    value instanceof Set || value instanceof Map ? [...value] : value,
  );
}
