import type { Stage } from './values.js';

/** The spans of a frame's stages, in the order of the stages. */
export const FRAME_SPANS = [
  'frame.enqueue',
  'frame.socket_write',
  'frame.receive',
  'frame.execute',
  'frame.ack',
] as const satisfies readonly `frame.${Stage}`[];

/** The spans about a channel that are no frame's. */
export const CHANNEL_SPANS = [
  'channel.connect',
  'channel.close',
  'channel.expected',
  'channel.state',
] as const;

/** Every span name that the product reads. Spans of other names are stored, and are neither frames nor states. */
export const SPAN_NAMES = [...FRAME_SPANS, ...CHANNEL_SPANS, 'listener.state'] as const;
export type SpanName = (typeof SPAN_NAMES)[number];

/** What each span reports: who emits it, and when it starts and ends. */
export const SPANS: Readonly<Record<SpanName, string>> = {
  'frame.enqueue':
    'Sender: from the application handing the frame over to its acceptance into the outgoing queue.',
  'frame.socket_write':
    'Sender: from the offer to the writer until the transport reports the bytes written, not merely buffered.',
  'frame.receive': 'Receiver: from the read that completed the frame until it is decoded and routed.',
  'frame.execute': "Receiver: from the call of the frame's handler to its end, asynchronous work included.",
  'frame.ack':
    'Receiver as it acknowledges, sender as the acknowledgement arrives; both carry the acknowledged frame.id.',
  'channel.connect': 'Either end: one attempt to connect.',
  'channel.close': 'Either end: the end of one connection.',
  'channel.expected':
    'Server: one channel of its inventory, connected or not, in a sweep at start and every few minutes; expected until two later sweeps of the same server instance lack it.',
  'channel.state':
    'Either end: what it believes and has counted, every 10 s and at each change; without duration, never sampled.',
  'listener.state':
    'Server: whether it accepts connections at an address, at start, at each change, and every minute or so; about every channel of that service.name.',
};
