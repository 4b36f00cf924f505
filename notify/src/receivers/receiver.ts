import type { Acknowledgement, Incident } from '@halfopen/telemetry';
import type { RateLimit } from '../delivery/rate-limit.js';

/** What somebody is to be told of an incident: a transition of it, or that it has been acknowledged. */
export type Notification = Occasion & {
  /** The incident as it was then. */
  readonly incident: Incident;
  /** Of the transition, from 1; 0 for the acknowledgement. With the incident's id, the same at every attempt. */
  readonly sequence: number;
};

type Occasion =
  /** `at_ms`: evaluation instant of the transition, ms since the epoch, event time. */
  | { readonly kind: 'fired' | 'changed' | 'resolved'; readonly at_ms: number }
  | { readonly kind: 'acknowledged'; readonly at_ms: number; readonly acknowledgement: Acknowledgement };

export type FailureReason =
  'unreachable' | 'timeout' | 'throttled' | 'server-error' | 'unexpected-answer' | 'stopped';

/** How an attempt ended. */
export type Outcome =
  | { readonly result: 'delivered'; readonly status: number; readonly answer: string }
  /** The receiver read it and will never take it: not tried again. */
  | { readonly result: 'refused'; readonly status: number; readonly answer: string }
  /** Tried again. */
  | {
      readonly result: 'failed';
      readonly reason: FailureReason;
      /** 0 if no answer came. */
      readonly status: number;
      readonly answer: string;
      /** The receiver asked for that much patience. */
      readonly retryAfter_ms?: number;
    };

export const RECEIVER_KINDS = ['pagerduty', 'webhook'] as const;
export type ReceiverKind = (typeof RECEIVER_KINDS)[number];

/** Somebody who is told of incidents. */
export interface Receiver {
  /** As configured; stands in records and metrics. */
  readonly name: string;
  readonly kind: ReceiverKind;
  readonly rateLimit: RateLimit;
  /** Receivers with one key share one limit. Never shown. */
  readonly rateKey: string;
  /** One attempt. Never throws; its answer holds no secret. Ends soon after the signal aborts. */
  deliver(notification: Notification, signal: AbortSignal): Promise<Outcome>;
}

/** Letters, digits, dash and underscore: it stands in records, metrics and messages. */
export const RECEIVER_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
