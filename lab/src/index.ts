export { record } from './recording.js';
export {
  BENIGN,
  type BenignName,
  type Disturbance,
  type DisturbanceOptions,
  FAULTS,
  type FaultName,
} from './simulator/faults/index.js';
export { Random } from './simulator/random.js';
export type { ExportTraceServiceRequest, Span } from './simulator/otlp-json.js';
export { defineScenario, type Plan, type Scenario, ScenarioError } from './simulator/scenario.js';
export type { FleetSettings, Site } from './simulator/settings.js';
export { type Export, simulate, type Simulation, type Truth } from './simulator/simulation.js';
export type { Call, Mishap } from './receivers/faulty-server.js';
export {
  type PagerDutyEvent,
  PagerDutyRecorder,
  type PagerDutyRecorderOptions,
} from './receivers/pagerduty.js';
export { KafkaBroker, type KafkaBrokerOptions } from './kafka/broker.js';
export { type ProxyMood, TcpProxy } from './kafka/proxy.js';
export { WebhookRecorder } from './receivers/webhook.js';
export { LIVE_FAULT_NAMES, LIVE_FAULTS, type LiveFault, type LiveFaultName } from './live/faults.js';
export { LiveFleet, type LiveFleetOptions } from './live/fleet.js';
