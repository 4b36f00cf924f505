export * from './attributes/index.js';
export * from './causes.js';
export * from './channel-states.js';
export * from './incident.js';
export * from './response.js';
export * from './rules.js';
export * from './spans.js';
export * from './values.js';
