const TABLE = {
  'writer-stalled':
    'Frames are enqueued and their writes do not complete although the peer reads; control frames may still pass.',
  'reader-dead':
    "An end's read loop has ended or blocks for ever on an open connection: it receives nothing, and in time the peer's writes block.",
  'handler-dead': 'Frames are received, and none begins to execute.',
  'handler-stuck': 'Executions begin and do not end.',
  'frames-lost':
    'Writes complete and the path carries on, but frames do not arrive: all, some, or those of one kind.',
  'site-path-loss': 'Frames are lost on the way for the channels that share a site or gateway.',
  'network-partition': 'Nothing passes in either direction while both ends live.',
  'stale-route': 'The server writes into another connection than the one the agent lives on.',
  'frame-malformed':
    'Frames of some kind arrive and fail to decode while others decode: they are built wrong.',
  'stream-desync': 'Framing is lost: after some point nothing decodes any more.',
  'listener-down':
    'Nothing listens where agents should arrive: refused, or a proxy answers 502, 503 or 504; the server may say so itself.',
  'proxy-misroute': "What answers the upgrade is not the channel's server: 404, 400, 405, or a plain 200.",
  'auth-rejected': 'Credentials are refused: 401, 403, or a refusal in TLS or at the hello.',
  'agent-not-running': 'The channel is expected; its agent sends no telemetry and makes no attempt.',
  'agent-misconfigured':
    "The agent's telemetry is alive, and it makes no attempt, or dials an impossible address.",
  'duplicate-executor': 'Two executors take the same frames.',
  'heartbeat-not-started': "Connected, and the sender's heartbeat timer does not run.",
  'heartbeat-not-sent':
    'The timer runs, and heartbeats are queued or suppressed at the sender instead of written.',
  'heartbeat-unrouted': 'Heartbeats arrive and are dropped before their handler.',
  'heartbeat-handler-error': "The heartbeats' handler fails.",
  'last-seen-not-recorded': "The heartbeats' handler succeeds, and the record of the agent does not advance.",
  'idle-timeout':
    "A middlebox closes quiet connections at a fixed period that is neither end's configured limit.",
  'event-loop-blocked': 'The process runs, and its event loop does not turn.',
  'telemetry-lost': "The channel works; an end's telemetry does not arrive.",
  'unknown-cause': 'None of these.',
} as const;

export type CauseName = keyof typeof TABLE;

/** Every cause that a hypothesis can name, and what is broken if it is the one. */
export const CAUSES: Readonly<Record<CauseName, string>> = TABLE;
export const CAUSE_NAMES = Object.keys(TABLE) as readonly CauseName[];
