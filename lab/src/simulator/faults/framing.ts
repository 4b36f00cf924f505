import { change } from '../conditions.js';
import { type Disturbance, each, MID_RUN_MS, ofKind, receiverOf } from './disturbance.js';

const frameMalformed: Disturbance = {
  cause: 'frame-malformed',
  meaning: 'Frames of one kind are built wrong: they arrive, their envelope decodes, their payload does not.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['direction', 'kind'],
  inject: (channels, { direction = 'to_agent', kind = 'command' }) =>
    each(channels, ({ conditions }) => change(conditions[receiverOf(direction)], { rejects: ofKind(kind) })),
};

const streamDesync: Disturbance = {
  cause: 'stream-desync',
  meaning: 'The receiver loses the framing: from some point on nothing of what arrives decodes.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['direction'],
  inject: (channels, { direction = 'to_agent' }) =>
    each(channels, ({ conditions }) => change(conditions[receiverOf(direction)], { garbles: () => true })),
};

/** What breaks in the frames themselves. */
export const FRAMING_FAULTS = { 'frame-malformed': frameMalformed, 'stream-desync': streamDesync } as const;
