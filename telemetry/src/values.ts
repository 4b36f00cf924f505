/** The closed lists of values that attributes take, and the open ones' well-known members. */

/** What happens to a frame, in order; each is one span named `frame.<stage>`. */
export const STAGES = ['enqueue', 'socket_write', 'receive', 'execute', 'ack'] as const;
export type Stage = (typeof STAGES)[number];

/** A frame's own way. An `ack` span carries the direction of the frame that is acknowledged. */
export const DIRECTIONS = ['to_agent', 'to_server'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Who observed. */
export const ENDS = ['agent', 'server', 'relay'] as const;
export type End = (typeof ENDS)[number];

/** Open: applications name their own. */
export const TRANSPORTS = ['websocket', 'tcp', 'unix', 'virtio-serial'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** What the wire calls a frame. */
export const FRAME_TYPES = ['text', 'binary', 'ping', 'pong', 'close', 'stream'] as const;
export type FrameType = (typeof FRAME_TYPES)[number];

/** What the application calls a frame. Open: applications name their own. */
export const FRAME_KINDS = [
  'command',
  'ack',
  'result',
  'heartbeat',
  'config',
  'hello',
  'ping',
  'pong',
] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

/** The kinds that are control whatever the wire calls them; `channel.*.frames` does not count them. */
export const CONTROL_KINDS = ['ping', 'pong'] as const satisfies readonly FrameKind[];

/** How a stage ended; `pending` is the interim report of one that has not. */
export const FRAME_OUTCOMES = ['ok', 'pending', 'error', 'timeout', 'dropped'] as const;
export type FrameOutcome = (typeof FRAME_OUTCOMES)[number];

/** `ok`: the transport is open, which does not say that any frame arrived. */
export const CONNECT_OUTCOMES = ['ok', 'refused', 'timeout', 'rejected', 'error'] as const;
export type ConnectOutcome = (typeof CONNECT_OUTCOMES)[number];

/** The phases of a connect attempt, in order. */
export const CONNECT_PHASES = ['dns', 'tcp', 'tls', 'upgrade', 'hello'] as const;
export type ConnectPhase = (typeof CONNECT_PHASES)[number];

/** Who closed, as the reporting end sees it. */
export const CLOSE_INITIATORS = ['self', 'peer', 'transport'] as const;
export type CloseInitiator = (typeof CLOSE_INITIATORS)[number];
