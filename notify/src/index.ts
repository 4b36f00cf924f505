export { startNotifier, type NotifierOptions, type RunningNotifier } from './notifier.js';
export type { CourierStatus } from './delivery/courier.js';
export type { NotifyLog } from './log.js';
export { SYSTEM_CLOCK, type Clock } from './clock.js';
export { countFiring, type FiringCount } from './outbox/firing.js';
export type { LinkBases } from './receivers/pagerduty/event.js';
export { pagerDuty, PAGERDUTY_URL, type PagerDutyOptions } from './receivers/pagerduty/pagerduty.js';
export {
  RECEIVER_NAME,
  type Notification,
  type Outcome,
  type Receiver,
  type ReceiverKind,
} from './receivers/receiver.js';
export { webhook, type WebhookOptions } from './receivers/webhook/webhook.js';
export { WEBHOOK_SECRET } from './receivers/webhook/signature.js';
export {
  acknowledge,
  readAcknowledgements,
  type AcknowledgementRequest,
  type AcknowledgementResult,
} from './responses/acknowledgements.js';
export {
  endSilence,
  makeSilence,
  readSilenced,
  readSilences,
  readSilencesOf,
  SILENCE_MS_MAX,
  type SilenceRequest,
} from './responses/silences.js';
export { isQuiet, type Route, type Routing } from './routing/routing.js';
export { Secret } from './secret.js';
export {
  startWatchdog,
  type RunningWatchdog,
  type WatchdogOptions,
  type WatchdogStatus,
} from './watchdog.js';
