import type { DescribeFrame, FrameDescription } from '../options.js';
import { answer, describeParsed, idOf, isObject, kindOf, type Kinds } from './parse.js';

/** Where an application's JSON objects say what they are. Of several names the first that is there counts. */
export interface JsonFields {
  /** @default ['id', 'message_id', 'command_id'] */
  readonly id?: string | readonly string[];
  /** @default ['type', 'kind'] */
  readonly type?: string | readonly string[];
  /** @default ['reply_to', 'in_reply_to', 'replyTo', 'inReplyTo'] */
  readonly replyTo?: string | readonly string[];
  /** The application's types by the contract's kinds, such as `{ CommandAck: 'ack' }`. */
  readonly kinds?: Kinds;
}

const ID = ['id', 'message_id', 'command_id'];
const TYPE = ['type', 'kind'];
const REPLY_TO = ['reply_to', 'in_reply_to', 'replyTo', 'inReplyTo'];

/** Answers that often carry nothing but the id of what they answer. */
const ANSWERS = new Set(['ack', 'result']);

/** What is told of an object that does not say its type. */
const UNTYPED = 'message';

/** Frames are JSON objects with an id and a type. An `ack` or `result` without a reply field answers the id that it has. */
export function describeJson(fields: JsonFields = {}): DescribeFrame {
  const names = { id: list(fields.id ?? ID), type: list(fields.type ?? TYPE) };
  const replies = list(fields.replyTo ?? REPLY_TO);
  const describe = (message: unknown): FrameDescription | undefined => {
    if (!isObject(message)) return undefined;
    const type = idOf(first(message, names.type)) ?? UNTYPED;
    const kind = kindOf(type, fields.kinds) ?? type;
    const id = idOf(first(message, names.id));
    const replyTo = idOf(first(message, replies));
    if (replyTo === undefined)
      return id !== undefined && ANSWERS.has(kind)
        ? answer(kind, id)
        : { ...(id === undefined ? {} : { id }), kind };
    return { ...answer(kind, replyTo), ...(id === undefined ? {} : { id }) };
  };
  return (data) => describeParsed(data, describe);
}

function list(names: string | readonly string[]): readonly string[] {
  return typeof names === 'string' ? [names] : names;
}

function first(message: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  const name = names.find((candidate) => Object.hasOwn(message, candidate));
  return name === undefined ? undefined : message[name];
}
