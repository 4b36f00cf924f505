export { openSqlServer, type SqlServer, type SqlServerParts } from './server.js';
export type { Caller, Guard, Refusal } from './caller.js';
