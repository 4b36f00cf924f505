import { clock, duration, type End, type Row, type Rows } from './rows.js';

/** What a person reads in the rows behind a fact. */
export interface Reading {
  /** Whether the rows bear the statement out, apart from its numbers. */
  readonly holds: boolean;
  /** The numbers, times and names that the statement must tell, in its order; where rows leave a choice, one of these. */
  readonly tells: readonly (readonly (string | number)[])[];
}

type Reader = (rows: Rows, observed: boolean) => Reading;

/** As the rules have it, and as their statements say. */
const OVERDUE = '30 s';

/** An end whose last state is older has fallen silent, ms. */
const SILENT_MS = 55_000;

const tells = (holds: boolean, ...told: readonly (string | number)[]): Reading => ({ holds, tells: [told] });

function dead(part: 'reader' | 'handler'): Reader {
  return (rows, observed) => {
    const last_ms = rows.moment_ms(`${part}_alive_ms`);
    const claims = rows.value('connected') === true && rows.value(`${part}_alive`) === 0;
    return tells(claims === observed, ...(observed && last_ms !== undefined ? [clock(last_ms)] : []));
  };
}

const writes: Reader = (rows, observed) => {
  if (rows.has('writes'))
    return tells(observed, rows.number('writes'), clock(rows.moment_ms('oldest_write_at')));
  const depth = rows.number('queue_depth');
  const oldest_ms = rows.value('queue_oldest_ms') as number | null;
  if (observed) return tells(depth > 0, depth, duration((oldest_ms ?? NaN) / 1000));
  return tells(depth === 0 || (oldest_ms ?? 0) < 10_000, ...(depth === 0 ? [] : [`${oldest_ms ?? 0} ms`]));
};

const executions: Reader = (rows, observed) => {
  if (rows.has('executing_floor')) return tells(observed, rows.number('executing_floor'));
  if (rows.has('executions'))
    return tells(observed, rows.number('executions'), clock(rows.moment_ms('oldest_execution_at')));
  const running = rows.number('executing');
  return observed
    ? tells(running > 0, running, duration(rows.since_s('executed_moved_ms')))
    : tells(true, running);
};

/** `counter` grows, or has not for a while. */
function moving(counter: string): Reader {
  return (rows, stands) =>
    stands
      ? tells(true, duration(rows.since_s(`${counter}_moved_ms`)))
      : tells(true, rows.number(counter), clock(rows.moment_ms(`${counter}_moved_ms`)));
}

function errors(error: string): Reader {
  return (rows, observed) => {
    const recent = rows.number(`${error}_recent`);
    return tells(recent > 0 === observed, ...(observed ? [recent] : []));
  };
}

const eventLoop: Reader = (rows, observed) => {
  const lag_ms = rows.number('event_loop_lag_peak_ms');
  return observed ? tells(lag_ms >= 5_000, duration(lag_ms / 1000)) : tells(lag_ms < 5_000, `${lag_ms} ms`);
};

function commandsWait(done: 'executions' | 'replies'): Reader {
  return (rows, observed) => {
    const overdue = rows.number(`${done}_overdue`);
    const running = done === 'executions' ? (rows.value('executing') as number | null) : 0;
    const waiting = Math.max(0, overdue - (running ?? 0));
    return observed
      ? tells(waiting > 0, Math.max(rows.number('executions_due'), waiting), waiting, OVERDUE)
      : tells(waiting === 0, rows.number('rx_commands'));
  };
}

/** Frames are counted by class, in this order (the comments of the columns say so). */
const CLASSES = ['any', 'control', 'heartbeats', 'commands', 'acks'];

function lost(to: End, name: string): Reader {
  return lostBetween(to === 'agent' ? 'server' : 'agent', to, name);
}

function lostBetween(from: End | 'relay', to: End | 'relay', name: string): Reader {
  return (rows, observed) => {
    const [sender, receiver] = [rows.of(from), rows.of(to)];
    const at = (end: Rows, column: string): number => end.numbers(column)[CLASSES.indexOf(name)] ?? NaN;
    const missing = Math.max(0, at(sender, 'tx_settled') - at(receiver, 'rx_now'));
    const before = Math.max(0, at(sender, 'tx_settled_before') - at(receiver, 'rx_before'));
    const gone = Math.max(0, missing - before);
    return observed
      ? tells(gone > 0, gone)
      : tells(gone === 0, at(sender, 'tx_settled') - at(sender, 'tx_settled_before'));
  };
}

/** As reported by an end; else the median gap; else a third of a monitor's limit. Seconds. */
function interval_s(rows: Rows): number {
  const said = (column: string): number | null =>
    ((rows.of('agent').value(column) ?? rows.of('server').value(column)) as number | null) ?? null;
  const reported_ms = said('heartbeat_interval_ms');
  if (reported_ms !== null) return reported_ms / 1000;
  const median_s = rows.value('median_gap_s');
  return typeof median_s === 'number' ? median_s : (said('heartbeat_timeout_ms') ?? NaN) / 3000;
}

/** The last beat by its span or by the counter; where none came, the connect. */
function beats(end: End, moved: string, span: string): Reader {
  return (rows, observed) => {
    const own = rows.of(end);
    const connected_ms = own.moment_ms('connected_ms') ?? NaN;
    const moments = [span, moved, 'connected_ms'].filter(
      (column) => (own.moment_ms(column) ?? 0) >= connected_ms,
    );
    const due = duration(interval_s(rows));
    return {
      holds: own.rows.length === 1,
      tells: moments.map((column) => [
        clock(own.moment_ms(column)),
        ...(observed ? [duration(own.since_s(column))] : []),
        due,
      ]),
    };
  };
}

function silent(end: End): Reader {
  return (rows, observed) => {
    if (rows.has('attempts_failed_by_agent'))
      return tells(!observed, rows.number('attempts_failed_by_agent'));
    const last_ms = rows.of(end).moment_ms('state_ms');
    const speaks = last_ms !== undefined && (rows.at_ms ?? NaN) - last_ms < SILENT_MS;
    return tells(speaks !== observed, ...(observed && last_ms !== undefined ? [clock(last_ms)] : []));
  };
}

const unconnected: Reader = (rows, observed) => {
  const open = rows.rows.filter(({ connected }) => connected === true);
  if (!observed) return tells(open.length > 0);
  const [server, agent] = [rows.of('server'), rows.of('agent')];
  const known = (moments: readonly (number | undefined)[]) =>
    moments.filter((moment) => moment !== undefined);
  const first_ms = Math.min(
    ...known([
      rows.moment_ms('first_expected_at'),
      agent.moment_ms('first_state_ms'),
      rows.moment_ms('first_event_at'),
    ]),
  );
  const lastOpen_ms = [server, agent].map((end) => {
    if (end.value('connected') === true) return end.moment_ms('state_ms');
    return end.moment_ms(
      end.moment_ms('connected_ms') === undefined ? 'first_state_ms' : 'last_connected_ms',
    );
  });
  const since_ms = Math.max(...known([first_ms, rows.moment_ms('closed_at'), ...lastOpen_ms]));
  return tells(true, clock(since_ms), duration(((rows.at_ms ?? NaN) - since_ms) / 1000));
};

function attempts(...columns: readonly string[]): Reader {
  return (rows, observed) => {
    const found = columns.reduce((sum, column) => sum + rows.number(column), 0);
    if (!observed) return tells(found === 0, rows.number('attempts'));
    const answered = rows.has('attempts_misrouted') || rows.rows[0]?.['attempts_refused'] === 0;
    return tells(
      found > 0,
      found,
      String(rows.value('target')),
      ...(answered ? [rows.number('last_status_code')] : []),
    );
  };
}

function closes(kind: 'closes_for_heartbeat' | 'closes_by_transport'): Reader {
  return (rows, observed) => {
    const limits = ['server', 'agent'].map((end) => rows.of(end as End).value('heartbeat_timeout_ms'));
    const limit_ms = limits.find((limit) => typeof limit === 'number');
    const lived = rows.numbers('lifetimes_ms').map((lived_ms) => duration(lived_ms / 1000));
    const all = kind === 'closes_for_heartbeat' ? [rows.number('closes')] : [];
    return tells(
      observed ? rows.number(kind) > 0 : kind === 'closes_by_transport' || rows.number(kind) === 0,
      ...(observed ? [rows.number(kind)] : all),
      ...lived,
      ...(lived.length > 0 && limit_ms !== undefined ? [duration(limit_ms / 1000)] : []),
    );
  };
}

const listener: Reader = (rows, observed) => {
  const address = (row: Row) => `${String(row['server_address'])}:${String(row['server_port'])}`;
  const alike = rows.rows.filter((row) => row['listener_up'] === !observed);
  return { holds: alike.length > 0, tells: alike.map((row) => [address(row)]) };
};

/**
 * How seldom so many of a group are affected by chance, if each is as likely to be as the others are (one in ten, before
 * any of them is known).
 */
function once(affected: number, of: number, elsewhere: number, ofElsewhere: number): number {
  const rate = (elsewhere + 1) / (ofElsewhere + 10);
  let chance = 0;
  let ways = 1;
  for (let k = 0; k <= of; k++) {
    if (k > 0) ways *= (of - k + 1) / k;
    if (k >= affected) chance += ways * rate ** k * (1 - rate) ** (of - k);
  }
  const times = 1 / Math.max(chance, 1e-12);
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(times)) - 1);
  return Math.round(times / digits) * digits;
}

/** By probe: what its rows tell. A new probe needs its entry. */
export const READINGS: Readonly<Record<string, Reader>> = {
  'server-reader-dead': dead('reader'),
  'agent-reader-dead': dead('reader'),
  'server-handler-dead': dead('handler'),
  'agent-handler-dead': dead('handler'),
  'server-writes-stall': writes,
  'agent-writes-stall': writes,
  'server-control-stalls': moving('tx_control'),
  'agent-control-stalls': moving('tx_control'),
  'server-hears-nothing': moving('rx_any'),
  'agent-hears-nothing': moving('rx_any'),
  'commands-lost-before-relay': lostBetween('server', 'relay', 'commands'),
  'acks-lost-behind-relay': lostBetween('relay', 'server', 'acks'),
  'heartbeats-lost-behind-relay': lostBetween('relay', 'server', 'heartbeats'),
  'acks-missing-at-relay': (rows, observed) =>
    observed
      ? tells(rows.number('acks_overdue') > 0, rows.number('acks_due'), rows.number('acks_overdue'), OVERDUE)
      : tells(rows.number('acks_overdue') === 0, rows.number('rx_acks')),
  'executed-twice': (rows, observed) => {
    if (rows.has('executed_twice')) {
      const executors = rows.value('last_executors') as string[];
      const frame = [rows.number('executed_twice'), String(rows.value('last_frame_id'))];
      const at = clock(rows.moment_ms('last_twice_at'));
      return tells(observed, ...frame, at, ...(executors.length > 1 ? executors : []));
    }
    const [executed, received] = [rows.number('executed_recent'), rows.number('rx_frames_recent')];
    return observed ? tells(executed > received, executed, received) : tells(true);
  },
  'commands-unacknowledged': (rows, observed) =>
    observed
      ? tells(
          rows.number('acks_overdue') > 0,
          rows.number('acks_due'),
          ...(rows.number('rx_acks') > 0 ? [clock(rows.moment_ms('rx_acks_moved_ms'))] : []),
          rows.number('acks_overdue'),
          OVERDUE,
        )
      : tells(
          rows.number('acks_overdue') === 0,
          rows.number('rx_acks'),
          clock(rows.moment_ms('rx_acks_moved_ms')),
        ),
  'pings-unanswered': (rows, observed) =>
    observed
      ? tells(
          rows.number('pongs_overdue') > 0,
          rows.number('pongs_due'),
          rows.number('pongs_overdue'),
          OVERDUE,
        )
      : moving('rx_control')(rows, false),
  'commands-lost': lost('agent', 'commands'),
  'control-to-agent-lost': lost('agent', 'control'),
  'frames-to-server-lost': lost('server', 'any'),
  'heartbeats-lost': lost('server', 'heartbeats'),
  'commands-unexecuted': commandsWait('executions'),
  'commands-unreplied': commandsWait('replies'),
  'server-execution-hangs': executions,
  'agent-execution-hangs': executions,
  'server-decode-errors': errors('rx_decode_errors'),
  'agent-decode-errors': errors('rx_decode_errors'),
  'server-unrouted': errors('rx_unrouted'),
  'agent-unrouted': errors('rx_unrouted'),
  'server-handler-errors': errors('handler_errors'),
  'agent-handler-errors': errors('handler_errors'),
  'server-work-waits': (rows, observed) =>
    observed
      ? tells(
          true,
          rows.number('beat_executions_overdue'),
          OVERDUE,
          duration(rows.since_s('executed_moved_ms')),
        )
      : tells(rows.number('beat_executions_overdue') === 0),
  'split-connection': (rows, observed) => {
    if (rows.has('tx_anywhere_moved_ms'))
      return tells(
        observed,
        ...['tx_anywhere_moved_ms', 'tx_any_moved_ms'].map((column) => clock(rows.moment_ms(column))),
      );
    const [server, agent] = [
      rows.of('server').value('connection_id'),
      rows.of('agent').value('connection_id'),
    ];
    return tells((server !== agent) === observed, ...(observed ? [String(server), String(agent)] : []));
  },
  'clocks-apart': (rows) => {
    const [ahead_ms, bound_ms] = [rows.number('agent_ahead_ms'), rows.number('uncertainty_ms')];
    const frames = [rows.number('frames_to_agent'), rows.number('frames_to_server')];
    return tells(true, `${Math.abs(ahead_ms)} ms`, `${bound_ms} ms`, ...frames);
  },
  'shared-by-site': (rows) => {
    const [affected, of] = [rows.number('affected'), rows.number('of')];
    const [elsewhere, ofElsewhere] = [rows.number('elsewhere'), rows.number('of_elsewhere')];
    const times = once(affected, of, elsewhere, ofElsewhere);
    return tells(affected <= of, affected, of, String(rows.value('value')), elsewhere, ofElsewhere, times);
  },
  'heartbeat-timer-off': (rows, observed) =>
    tells((rows.value('connected') === true && rows.value('heartbeat_active') === 0) === observed),
  'heartbeats-queued': (rows, observed) => {
    const written_ms = rows.moment_ms('written_at');
    if (!observed) return tells(written_ms !== undefined);
    return tells(
      true,
      clock(rows.moment_ms('enqueued_at')),
      ...(written_ms === undefined ? [] : [clock(written_ms)]),
    );
  },
  'heartbeats-not-written': beats('agent', 'tx_heartbeats_moved_ms', 'written_at'),
  'heartbeats-not-received': beats('server', 'rx_heartbeats_moved_ms', 'received_at'),
  'heartbeats-dropped': (rows, observed) =>
    tells(true, clock(rows.moment_ms(observed ? 'dropped_at' : 'executed_at'))),
  'heartbeats-unhandled': (rows, observed) => {
    const handled = ['executed_at', 'execution_failed_at', 'dropped_at'].map((column) =>
      rows.moment_ms(column),
    );
    const last = clock(Math.max(...handled.filter((moment_ms) => moment_ms !== undefined)));
    return tells(true, ...(observed ? [clock(rows.moment_ms('received_at'))] : []), last);
  },
  'record-stale': (rows) =>
    tells(true, duration(rows.number('last_seen_age_ms') / 1000 + rows.since_s('state_ms'))),
  unconnected,
  'attempts-find-nobody': attempts('attempts_refused', 'attempts_without_backend'),
  'attempts-misrouted': attempts('attempts_misrouted'),
  'attempts-unauthorized': attempts('attempts_unauthorized'),
  'attempts-time-out': attempts('attempts_timed_out'),
  'no-useful-attempt': (rows, observed) => {
    const made = rows.value(rows.has('attempts_failed') ? 'attempts_failed' : 'attempts') as number | null;
    const impossible = (rows.value('attempts_impossible') as number | null) ?? 0;
    if (impossible > 0) return tells(observed, String(rows.value('target')));
    return tells((made ?? 0) > 0 !== observed, ...(observed ? [] : [made ?? 0]));
  },
  'listener-down': listener,
  'closed-by-monitor': closes('closes_for_heartbeat'),
  'closed-by-transport': (rows, observed) => {
    if (!rows.has('connected_at')) return closes('closes_by_transport')(rows, observed);
    // By the first end that says so; else by the attempt that succeeded.
    const opened = ['server', 'agent'].map((end) => rows.of(end as End).moment_ms('connected_ms'));
    const [first] = opened.filter((moment_ms) => moment_ms !== undefined);
    return tells(!observed, clock(first ?? rows.moment_ms('connected_at')));
  },
  'others-unconnected': (rows, observed) => {
    const [open, channels] = [rows.number('open'), rows.number('channels')];
    return tells(open * 2 < channels - 1 === observed, open, channels);
  },
  'server-event-loop-blocked': eventLoop,
  'agent-event-loop-blocked': eventLoop,
  'server-silent': silent('server'),
  'agent-silent': silent('agent'),
};
