export * from './store.js';
export { EmbeddedStore, openEmbeddedStore, type EmbeddedStoreOptions } from './embedded.js';
export { openServerStore, ServerStore, type ServerStoreOptions } from './server.js';
export { dropExpired, type RetentionDays } from './retention.js';
export { openPeopleSql, type PeopleQueryOptions, type PeopleSql } from './gate/people-sql.js';
export type { PeopleAnswer, PeopleStream, PeopleSummary } from './gate/run.js';
export { OPEN_SETTINGS } from './gate/settings.js';
export { DEFAULT_PEOPLE_SQL_LIMITS, type PeopleSqlLimits } from './gate/limits.js';
export { PeopleSqlError, type EngineErrorCode, type PeopleSqlErrorCode } from './gate/error.js';
