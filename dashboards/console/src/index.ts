export type * from './contract.js';
export { EXAMPLES, type Example } from './model/examples.js';
export { addConsole, type ConsoleOptions } from './server/console.js';
export { secureHeaders } from './server/headers.js';
export { isPage } from './server/pages.js';
