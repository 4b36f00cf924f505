import { quoted } from '@halfopen/store';

/**
 * Which channels a query of the signals reads: a condition on `channel_id`. Each query stands in a view, for people and
 * for one channel or all; and rules read a few channels by the same text.
 */
export type ChannelScope = string;

/** The parameter `channel` of a view: one, or all where it is empty. */
export const BY_PARAMETER: ChannelScope = "({channel:String} = '' OR channel_id = {channel:String})";

export const EVERY_CHANNEL: ChannelScope = 'true';

export function oneOf(channels: readonly string[]): ChannelScope {
  return `channel_id IN (${channels.map(quoted).join(', ')})`;
}
