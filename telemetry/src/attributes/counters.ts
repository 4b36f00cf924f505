import type { Attribute } from './attribute.js';

const FRAMES = { type: 'int', unit: 'frames', spans: ['channel.state'] } as const;
const BYTES = { ...FRAMES, unit: 'bytes' } as const;
const EXECUTIONS = { ...FRAMES, unit: 'executions' } as const;

/**
 * What an end has counted on this connection: cumulative from its open, at the completed write (`tx`) or the receive
 * (`rx`, decode errors excluded). Exact however frame spans are sampled or lost; the connection's last state holds
 * the final counts.
 */
export const COUNTER = {
  'channel.tx.frames': { ...FRAMES, meaning: 'Written: all but control frames, heartbeats included.' },
  'channel.rx.frames': { ...FRAMES, meaning: 'Received: all but control frames, heartbeats included.' },
  'channel.tx.control': { ...FRAMES, meaning: 'Pings and pongs written.' },
  'channel.rx.control': { ...FRAMES, meaning: 'Pings and pongs received.' },
  'channel.tx.heartbeats': { ...FRAMES, meaning: 'Heartbeats written.' },
  'channel.rx.heartbeats': { ...FRAMES, meaning: 'Heartbeats received.' },
  'channel.tx.commands': { ...FRAMES, meaning: 'Commands written.' },
  'channel.rx.commands': { ...FRAMES, meaning: 'Commands received.' },
  'channel.tx.acks': { ...FRAMES, meaning: 'Acknowledgements written.' },
  'channel.rx.acks': { ...FRAMES, meaning: 'Acknowledgements received.' },
  'channel.executed': { ...EXECUTIONS, meaning: 'Executions that ended.' },
  'channel.tx.bytes': { ...BYTES, meaning: 'Bytes written.' },
  'channel.rx.bytes': { ...BYTES, meaning: 'Bytes received.' },
  'channel.rx.decode_errors': { ...FRAMES, meaning: 'Arrivals that could not be decoded.' },
  'channel.rx.unrouted': { ...FRAMES, meaning: 'Frames received that no handler took.' },
  'channel.handler.errors': { ...EXECUTIONS, meaning: 'Executions that failed.' },
} as const satisfies Record<string, Attribute>;
