import { OPEN_SETTINGS } from '@halfopen/store';
import { IGNORED_SETTINGS, type Asked } from './asked.js';

/**
 * The two statements of clients' own that are answered otherwise than the engine would (ADR 0011).
 */

export const DISPLAY_NAME = 'halfopen';
export const TIME_ZONE = 'UTC';

const HELLO = 'select displayname(), version(), revision(), timezone()';

/** Since when a block begins with its number, and each type is followed by how it is encoded. */
const BLOCK_INFO_SINCE = 1;
const SERIALIZATION_SINCE = 54_454;

/** As the protocol has it: not overflowing, bucket -1, end. */
const BLOCK_INFO = Buffer.from([1, 0, 2, 255, 255, 255, 255, 0]);

/**
 * clickhouse-go's first statement on each connection. It reads the answer at its own revision, and every later block at
 * the one that it is told here: 0 is plain Native, which is what the engine writes.
 *
 * @returns undefined if it is another statement
 */
export function helloAnswer({ sql, format, protocolVersion }: Asked, version: string): Buffer | undefined {
  if (format !== 'Native' || protocolVersion < BLOCK_INFO_SINCE || plain(sql) !== HELLO) return undefined;
  const serialization = protocolVersion >= SERIALIZATION_SINCE ? [Buffer.from([0])] : [];
  const column = (name: string, type: string, value: Buffer) => [
    text(name),
    text(type),
    ...serialization,
    value,
  ];
  return Buffer.concat([
    BLOCK_INFO,
    Buffer.from([4, 1]), // columns, rows
    ...column('displayName()', 'String', text(DISPLAY_NAME)),
    ...column('version()', 'String', text(version)),
    ...column('revision()', 'UInt32', Buffer.alloc(4)),
    ...column('timezone()', 'String', text(TIME_ZONE)),
  ]);
}

const SETTINGS =
  /^select name, value, readonly(?: as readonly)? from system\.settings(?: limit \d+)?( format native)?$/;

/**
 * clickhouse-connect asks which settings it may send. In the engine's read-only sessions none may be changed; here some
 * may be given with the request.
 */
export function asAnswered(sql: string): string {
  const format = SETTINGS.exec(plain(sql));
  if (format === null) return sql;
  const open = [...OPEN_SETTINGS, ...IGNORED_SETTINGS].map((name) => `'${name}'`).join(', ');
  return `SELECT name, value, toUInt8(name NOT IN (${open})) AS readonly FROM system.settings${format[1] === undefined ? '' : ' FORMAT Native'}`;
}

/** In lower case, with single spaces: good enough to know these, and no more is decided by it. */
function plain(sql: string): string {
  return sql
    .slice(0, 200)
    .replace(/\s+/g, ' ')
    .replace(/^ | ?;? ?$/g, '')
    .toLowerCase();
}

/** Length and bytes; lengths below 128 are one byte. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value.slice(0, 100));
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
