import type { Direction } from '@halfopen/telemetry';
import type { DescribeFrame, FrameDescription, Undecodable } from '../options.js';
import { answer, describeParsed, idOf, isObject, kindOf, type Kinds } from './parse.js';

/** What is told of several messages in one frame: they have no id together. */
const BATCH = 'batch';

/**
 * Frames are JSON-RPC 2.0. A request to the agent is a `command`, one to the server has its method as its kind; a response
 * is a `result` that answers the request's id; a notification has no id, so it is counted and has no spans.
 *
 * @param kinds the application's methods by the contract's kinds, such as `{ 'agent.heartbeat': 'heartbeat' }`
 */
export function describeJsonRpc(kinds?: Kinds): DescribeFrame {
  return (data, _isBinary, direction) =>
    describeParsed(data, (message) => describe(message, direction, kinds));
}

function describe(
  message: unknown,
  direction: Direction,
  kinds: Kinds | undefined,
): FrameDescription | Undecodable {
  if (Array.isArray(message)) return { kind: BATCH };
  if (!isObject(message) || message['jsonrpc'] !== '2.0') return { decodeError: 'not_json_rpc' };
  const { method } = message;
  const id = idOf(message['id']);
  if (typeof method === 'string') {
    const kind = kindOf(method, kinds);
    if (id === undefined) return { kind: kind ?? method };
    return { id, kind: kind ?? (direction === 'to_agent' ? 'command' : method) };
  }
  if (!('result' in message) && !('error' in message)) return { decodeError: 'not_json_rpc' };
  return id === undefined ? { kind: 'result' } : answer('result', id); // null: what it answers had no readable id
}
