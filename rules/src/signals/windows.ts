/** Times that the views share, in seconds, and a count. What each allows for is said here, once. */

/** How far back an evaluation looks. Longer than any rule's own window; bounds what it reads. */
export const LOOKBACK_S = 900;

/** An acknowledgement, a pong or an execution that takes longer is overdue: far above a round trip, below a heartbeat. */
export const OVERDUE_S = 30;

/**
 * Allowed between a write counted at one end and its receive counted at the other: what the receiver's last state may be
 * old (below), clocks half a minute apart (list E of the incidents), and the way.
 */
export const CROSSING_S = 75;

/**
 * A receiver's last state must be no older than this, or frames that arrived after it would count as lost. Less than what
 * is allowed above by half a minute of clocks apart, and the way there.
 */
export const CROSSED_S = 40;

/** What is so in every state for so long is no passing moment. */
export const FLOOR_S = 60;

/** Growth of errors and of losses is looked at over so long. */
export const RECENT_S = 120;

/** An end whose last state is older says nothing about now. Two state intervals, and clocks half a minute apart. */
export const STALE_STATE_S = 55;

/** Something moves on a channel at least so often: two heartbeats of half a minute, and a state interval. */
export const QUIET_S = 75;

/**
 * A counter that has moved often may be missed sooner, and never sooner than this: after a burst there is still a heartbeat
 * each half a minute, and a state interval.
 */
export const QUIET_S_MIN = 45;

/** So many of its mean gaps without a move are no pause: as a Poisson process, one in 400. */
export const QUIET_GAPS = 6;

/** Work that nobody else followed may just be slow; after twice the time that makes it overdue it is not. */
export const LONG_OVERDUE_S = 60;

/** The inventory is swept every few minutes, so expectations are looked for further back. */
export const EXPECTATION_LOOKBACK_S = 1800;

/** Frames that were executed twice are looked for over so long. */
export const DUPLICATES_S = 180;

/** Closes are counted over so long (contract: five in ten minutes). */
export const CLOSES_S = 600;

/** Servers report their listeners every minute or so. */
export const LISTENER_S = 150;

/** A queue that has not moved for so long is not being written. */
export const STALLED_S = 20;

/** So many pieces of work, overdue and followed by none that was done, are no coincidence; a single one must wait longer. */
export const OVERDUE_MIN = 2;
