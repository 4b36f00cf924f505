import { FRAME_SPANS } from '../spans.js';
import { DIRECTIONS, FRAME_KINDS, FRAME_OUTCOMES, FRAME_TYPES, STAGES } from '../values.js';
import type { Attribute } from './attribute.js';

/** One stage of one frame. A frame is (channel, connection, direction, `frame.id`). */
export const FRAME = {
  'frame.stage': {
    type: 'string',
    spans: FRAME_SPANS,
    required: true,
    values: STAGES,
    meaning: "The stage, as in the span's name.",
  },
  'frame.direction': {
    type: 'string',
    spans: FRAME_SPANS,
    required: true,
    values: DIRECTIONS,
    meaning: "The frame's own way; on an ack span the acknowledged frame's.",
  },
  'frame.id': {
    type: 'string',
    spans: FRAME_SPANS,
    meaning:
      'Message or command id, the same at both ends and for a ping and its pong; sent again it is another attempt.',
  },
  'frame.seq': {
    type: 'int',
    spans: ['frame.socket_write', 'frame.receive', 'frame.execute', 'frame.ack'],
    meaning: "The sender's counter per connection and direction, from 1, given at the write.",
  },
  'frame.type': {
    type: 'string',
    spans: FRAME_SPANS,
    values: FRAME_TYPES,
    meaning: 'What the wire calls the frame.',
  },
  'frame.kind': {
    type: 'string',
    spans: FRAME_SPANS,
    values: FRAME_KINDS,
    open: true,
    meaning: 'What the application calls the frame; ping and pong are control whatever the wire calls them.',
  },
  'frame.size': {
    type: 'int',
    unit: 'bytes',
    spans: FRAME_SPANS,
    meaning: "The frame's length.",
  },
  'frame.reply_to': {
    type: 'string',
    spans: FRAME_SPANS,
    meaning: 'The frame.id that this frame answers.',
  },
  'frame.outcome': {
    type: 'string',
    spans: FRAME_SPANS,
    values: FRAME_OUTCOMES,
    meaning: 'How the stage ended; pending reports one that has begun and not ended.',
  },
  'frame.drop_reason': {
    type: 'string',
    spans: FRAME_SPANS,
    values: ['unrouted', 'decode', 'not_connected'],
    open: true,
    meaning: 'Why the frame went no further.',
  },
  'frame.executor.id': {
    type: 'string',
    spans: ['frame.execute'],
    meaning: 'Who executed the frame.',
  },
  'frame.sample_rate': {
    type: 'double',
    spans: FRAME_SPANS,
    meaning: 'This span stands for that many; absent is 1.',
  },
} as const satisfies Record<string, Attribute>;
