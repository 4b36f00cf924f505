import { FRAME_SPANS } from '../spans.js';
import { CLOSE_INITIATORS, CONNECT_OUTCOMES, CONNECT_PHASES } from '../values.js';
import type { Attribute } from './attribute.js';

/** A connection's life, and the listener it arrives at. */
export const CONNECTION = {
  'channel.connect.outcome': {
    type: 'string',
    spans: ['channel.connect'],
    values: CONNECT_OUTCOMES,
    meaning: 'How the attempt ended; ok means that the transport is open, not that any frame arrived.',
  },
  'channel.connect.phase': {
    type: 'string',
    spans: ['channel.connect'],
    values: CONNECT_PHASES,
    meaning: 'The phase that the attempt reached.',
  },
  'http.response.status_code': {
    type: 'int',
    spans: ['channel.connect'],
    meaning: 'What answered the upgrade request.',
  },
  'server.address': {
    type: 'string',
    spans: ['channel.connect', 'listener.state'],
    meaning: 'The host that is dialled, or listened at.',
  },
  'server.port': {
    type: 'int',
    spans: ['channel.connect', 'listener.state'],
    meaning: 'The port that is dialled, or listened at.',
  },
  'error.type': {
    type: 'string',
    spans: [...FRAME_SPANS, 'channel.connect', 'listener.state'],
    meaning: 'The class of error, as in the OpenTelemetry conventions.',
  },
  'channel.close.code': {
    type: 'int',
    spans: ['channel.close'],
    meaning: 'The close code, as WebSocket numbers them.',
  },
  'channel.close.reason': {
    type: 'string',
    spans: ['channel.close'],
    meaning: 'The reason text that came with the close.',
  },
  'channel.close.initiator': {
    type: 'string',
    spans: ['channel.close'],
    values: CLOSE_INITIATORS,
    meaning: 'Who closed, as this end sees it.',
  },
  'channel.lifetime_ms': {
    type: 'int',
    unit: 'ms',
    spans: ['channel.close'],
    meaning: 'From the open of the connection to its close.',
  },
  'listener.up': {
    type: 'bool',
    spans: ['listener.state'],
    meaning: 'The server accepts connections at server.address and server.port.',
  },
} as const satisfies Record<string, Attribute>;
