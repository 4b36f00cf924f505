import { inspect } from 'node:util';
import type { NotifyLog } from '../src/index.js';

/** Keeps what was said, as a person might see it in the worst case. */
export class KeptLog implements NotifyLog {
  readonly lines: string[] = [];

  info(fields: object, message: string): void {
    this.#keep('info', fields, message);
  }
  warn(fields: object, message: string): void {
    this.#keep('warn', fields, message);
  }
  error(fields: object, message: string): void {
    this.#keep('error', fields, message);
  }

  #keep(level: string, fields: object, message: string): void {
    const shown = inspect(fields, { depth: 10, showHidden: true });
    this.lines.push(`${level} ${message} ${shown} ${JSON.stringify(fields)}`);
  }
}
