import { CHANNEL_SPANS, FRAME_SPANS, SPAN_NAMES } from '../spans.js';
import { ENDS, TRANSPORTS } from '../values.js';
import type { Attribute } from './attribute.js';

const ABOUT_A_CHANNEL = [...FRAME_SPANS, ...CHANNEL_SPANS] as const;

/** Which channel, which connection, who speaks, and what channels are grouped by. */
export const CHANNEL = {
  'channel.id': {
    type: 'string',
    spans: ABOUT_A_CHANNEL,
    required: true,
    meaning: "The logical channel, stable over reconnects: usually one agent's control channel.",
  },
  'channel.connection.id': {
    type: 'string',
    spans: [...FRAME_SPANS, 'channel.connect', 'channel.close', 'channel.state'],
    meaning: 'One transport session, the same value at both ends where it can be conveyed.',
  },
  'channel.end': {
    type: 'string',
    spans: SPAN_NAMES,
    required: true,
    values: ENDS,
    meaning: 'Which observer speaks.',
  },
  'channel.transport': {
    type: 'string',
    spans: ABOUT_A_CHANNEL,
    values: TRANSPORTS,
    open: true,
    meaning: 'What carries the frames.',
  },
  'channel.agent.id': {
    type: 'string',
    spans: ABOUT_A_CHANNEL,
    meaning: 'The agent behind the channel.',
  },
  'channel.agent.version': {
    type: 'string',
    spans: ABOUT_A_CHANNEL,
    meaning: "The agent's software version.",
  },
  'channel.site': {
    type: 'string',
    spans: ABOUT_A_CHANNEL,
    meaning: 'Where the agent stands: channels of one site share a network.',
  },
  'channel.gateway': {
    type: 'string',
    spans: ABOUT_A_CHANNEL,
    meaning: 'The proxy or gateway that the channel passes.',
  },
} as const satisfies Record<string, Attribute>;
