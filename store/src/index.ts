export * from './store.js';
export { EmbeddedStore, openEmbeddedStore, type EmbeddedStoreOptions } from './embedded.js';
export { dropExpired, type RetentionDays } from './retention.js';
