export { createCollector, type Collector, type CollectorParts } from './collector.js';
export { CollectorError, defaultConfig, type CollectorConfig, type CollectorErrorCode } from './config.js';
export type { Readiness } from './health.js';
