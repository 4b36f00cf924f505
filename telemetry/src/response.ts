/** What people do about incidents, as the API tells it. Times are RFC 3339 in UTC (`...Z`). */

/** Somebody has taken an incident on; it is acknowledged once. */
export interface Acknowledgement {
  readonly at: string;
  /** Who, in their own words: the token does not tell people apart. */
  readonly by: string;
  readonly note: string;
}

/** Which incidents a silence holds: all that are given must match, and at least one is given. */
export interface SilenceMatchers {
  /** The id of one incident. */
  readonly incident?: string;
  /** Incidents of this channel and no other: one that others share goes on being told. */
  readonly channel?: string;
  /** Incidents whose channels were all at this site as they fired. */
  readonly site?: string;
  readonly rule?: string;
}

/**
 * While it lasts nobody is told of the incidents that it matches, but of the end of what they had been told before. What
 * still fires at its end is told then.
 */
export interface Silence {
  readonly id: string;
  readonly matchers: SilenceMatchers;
  readonly starts_at: string;
  /** When it ends by itself. */
  readonly until: string;
  /** When it was ended before that; else null. */
  readonly ended_at: string | null;
  readonly reason: string;
  readonly by: string;
  /** At the time of the answer. */
  readonly active: boolean;
}
