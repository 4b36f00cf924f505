/**
 * The state of a channel in one word, worst first: what its ends claim, held against what they count. The view `fleet`
 * says it, and whoever shows a fleet says the same words.
 */
export const CHANNEL_STATES = {
  asymmetric: 'open; one direction works while the other does not get its work done',
  stalled: 'open; a direction does not get its work done, and the other does not demonstrably work either',
  down: 'no open connection, by the word of an end or of the inventory',
  silent: 'open by its last word, and no end has spoken since',
  up: 'open, and nothing that was due is missing',
} as const;
export type ChannelState = keyof typeof CHANNEL_STATES;

/** How one direction of an open channel does. */
export const DIRECTION_STATES = {
  fails: 'work that was due there is not done: not written, received, executed or acknowledged',
  works: 'something has arrived there lately',
  quiet: 'nothing has arrived there lately, and nothing was due',
  unseen: 'nobody who speaks can tell',
} as const;
export type DirectionState = keyof typeof DIRECTION_STATES;
