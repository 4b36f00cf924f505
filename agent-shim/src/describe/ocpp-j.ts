import type { Direction } from '@halfopen/telemetry';
import type { DescribeFrame, FrameDescription, Undecodable } from '../options.js';
import { answer, describeParsed, kindOf, type Kinds } from './parse.js';

/** OCPP-J 1.6 and 2.0.1, part 4: message types. */
const CALL = 2;
const CALL_RESULT = 3;
const CALL_ERROR = 4;

const KINDS: Kinds = { Heartbeat: 'heartbeat', BootNotification: 'hello' };

/**
 * Frames are OCPP-J arrays: `[2, id, action, {...}]`, `[3, id, {...}]`, `[4, id, code, ...]`. The charge point is the agent:
 * a call to it is a `command`, one of its own has its action as its kind (`Heartbeat` and `BootNotification` are `heartbeat`
 * and `hello`); an answer is a `result`. Other message types are counted and not told of.
 *
 * @param kinds actions by the contract's kinds, beyond these
 */
export function describeOcppJ(kinds?: Kinds): DescribeFrame {
  return (data, _isBinary, direction) =>
    describeParsed(data, (message) => describe(message, direction, kinds));
}

function describe(
  message: unknown,
  direction: Direction,
  kinds: Kinds | undefined,
): FrameDescription | Undecodable | undefined {
  if (!Array.isArray(message)) return { decodeError: 'not_ocpp' };
  const [type, id, action] = message as readonly unknown[];
  if (typeof type !== 'number' || typeof id !== 'string') return { decodeError: 'not_ocpp' };
  switch (type) {
    case CALL:
      if (typeof action !== 'string') return { decodeError: 'not_ocpp' };
      return {
        id,
        kind:
          kindOf(action, kinds) ?? kindOf(action, KINDS) ?? (direction === 'to_agent' ? 'command' : action),
      };
    case CALL_RESULT:
    case CALL_ERROR:
      return answer('result', id);
    default:
      return undefined;
  }
}
