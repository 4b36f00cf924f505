export { durationS } from './duration.js';
export { check } from './check.js';
export { MistakeError } from './mistake-error.js';
export { lineOf, parseSource, place, readSource, readText, type Path, type Source } from './source.js';
export { suggestion } from './suggestion.js';
