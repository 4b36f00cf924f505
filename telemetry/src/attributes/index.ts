import type { Attribute } from './attribute.js';
import { CHANNEL } from './channel.js';
import { CONNECTION } from './connection.js';
import { COUNTER } from './counters.js';
import { FRAME } from './frame.js';
import { STATE } from './state.js';

const ALL = { ...CHANNEL, ...FRAME, ...CONNECTION, ...STATE, ...COUNTER } as const;

export type AttributeName = keyof typeof ALL;

/** Every span attribute that the product reads, by name. Absent on a span means unobserved, never zero. */
export const ATTRIBUTES: Readonly<Record<AttributeName, Attribute>> = ALL;
export const ATTRIBUTE_NAMES = Object.keys(ALL) as readonly AttributeName[];

export type CounterName = keyof typeof COUNTER;

/** The counters of `channel.state`: cumulative per connection and end, never sampled. */
export const COUNTER_NAMES = Object.keys(COUNTER) as readonly CounterName[];

/** The resource attributes that the product reads; both are OpenTelemetry's own. */
export const RESOURCE_ATTRIBUTES = {
  'service.name': 'The service that speaks; a listener.state concerns the channels of its service.',
  'service.instance.id': 'One process of it; sweeps of channel.expected are compared within one instance.',
} as const;
export type ResourceAttributeName = keyof typeof RESOURCE_ATTRIBUTES;

export type { Attribute, AttributeType, AttributeUnit } from './attribute.js';
