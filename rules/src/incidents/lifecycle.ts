import type { Incident } from '@halfopen/telemetry';
import type { CauseModel } from '../causes/model.js';
import type { Rule } from '../detection/rules.js';
import type { Verdict } from '../detection/verdict.js';
import { identityOf, incidentBody, iso, type Identity } from './body.js';
import type { SharedSymptom } from '../signals/signals.js';
import { scopeOf, type Finding, type Scope } from './finding.js';
import { belongsTo, isParted, sharedSymptom, signatureOf, type Sizes } from './sharing.js';

export type TransitionStatus = 'pending' | 'firing' | 'resolved' | 'inactive';

/** One change of one incident; the sequence counts from 1 without gaps. `inactive`: pending, and never fired. */
export interface Transition {
  readonly sequence: number;
  readonly at_ms: number;
  readonly status: TransitionStatus;
  readonly reason: 'noticed' | 'fired' | 'changed' | 'resolved' | 'passed';
  readonly incident: Incident;
}

/** An incident that is not over. */
export interface OpenIncident {
  readonly identity: Identity;
  readonly rule: string;
  readonly scope: Scope;
  readonly status: 'pending' | 'firing';
  readonly sequence: number;
  readonly first_ms: number;
  readonly started_ms: number;
  readonly fired_ms: number;
  /** Member channels, and the last instant at which the rule fired on each. */
  readonly members: ReadonlyMap<string, number>;
  readonly incident: Incident;
}

export type OpenIncidents = readonly OpenIncident[];

/** What the rules found at one instant: all findings, and the verdicts on channels that are members of open incidents. */
export interface Findings {
  readonly instant_ms: number;
  readonly firing: readonly Finding[];
  /** Findings that have one cause with others, and what their channels share. */
  readonly shared: ReadonlyMap<Finding, Scope>;
  /** How many channels there are to share it; absent where nobody needed to count. */
  readonly sizes?: Sizes;
  /** What explains them. */
  readonly causes: CauseModel;
  verdictOn(rule: string, channel: string): Verdict;
}

export interface Step {
  readonly open: OpenIncidents;
  readonly transitions: readonly Transition[];
}

/** Pure: the open incidents and the findings of an instant give the transitions and the incidents open thereafter. */
export function advance(open: OpenIncidents, findings: Findings, rules: readonly Rule[]): Step {
  const transitions: Transition[] = [];
  const next: OpenIncident[] = [];
  for (const rule of rules) {
    const mine = open.filter((incident) => incident.rule === rule.name);
    const firing = findings.firing.filter((finding) => finding.rule.name === rule.name);
    for (const gathered of gather(rule, mine, firing, findings)) {
      const advanced = advanceOne(rule, gathered, findings);
      transitions.push(...advanced.transitions);
      if (advanced.open !== undefined) next.push(advanced.open);
    }
  }
  // Of a rule that is no longer in force nobody will ever say that it is over.
  const inForce = new Set(rules.map(({ name }) => name));
  for (const orphan of open)
    if (!inForce.has(orphan.rule)) transitions.push(close(orphan, findings.instant_ms));
  return { open: next, transitions };
}

/** An incident, open or about to be, with what was found on its members now. */
interface Gathered {
  readonly before: OpenIncident | undefined;
  readonly scope: Scope;
  readonly members: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
}

interface MutableGathered extends Gathered {
  readonly members: Map<string, number>;
  readonly findings: Finding[];
}

/** Members stay until clear (or held for too long); a new channel joins the open incident of its scope, or opens one. */
function gather(rule: Rule, open: OpenIncidents, firing: readonly Finding[], findings: Findings): Gathered[] {
  const gathering = new Gathering();
  for (const before of open) {
    const members = new Map<string, number>();
    for (const [channel, last_ms] of before.members)
      if (stays(rule, findings.verdictOn(rule.name, channel), last_ms, findings.instant_ms))
        members.set(channel, last_ms);
    gathering.take({ before, scope: before.scope, members, findings: [] });
  }
  for (const finding of firing) gathering.part(finding);
  gathering.widen(firing, findings.shared);
  for (const finding of firing) {
    const group = gathering.groupFor(finding, findings.shared);
    group.members.set(finding.signals.channel, findings.instant_ms);
    group.findings.push(finding);
  }
  return gathering.all();
}

/** The incidents of one rule at one instant, as findings come to them. */
class Gathering {
  readonly #byScope = new Map<string, MutableGathered>();
  readonly #of = new Map<string, MutableGathered>();

  take(group: MutableGathered): MutableGathered {
    this.#byScope.set(group.scope.key, group);
    for (const channel of group.members.keys()) this.#of.set(channel, group);
    return group;
  }

  /** A member whose diagnosis has become another one leaves, and stands for itself. */
  part(finding: Finding): void {
    const { channel } = finding.signals;
    const group = this.#of.get(channel);
    if (group?.scope.signature === undefined || !isParted(finding, group.scope.signature)) return;
    group.members.delete(channel);
    this.#of.delete(channel);
  }

  /** Where channels turn out to share a cause, the first of their incidents becomes the one of all. */
  widen(firing: readonly Finding[], shared: ReadonlyMap<Finding, Scope>): void {
    for (const finding of firing) {
      const scope = shared.get(finding);
      if (scope === undefined || this.#byScope.has(scope.key)) continue;
      const singles = firing
        .filter((other) => shared.get(other)?.key === scope.key)
        .map((other) => this.#of.get(other.signals.channel))
        .filter((group) => group?.before !== undefined && group.scope.shared === null)
        .sort((a, b) => (a?.before?.first_ms ?? 0) - (b?.before?.first_ms ?? 0));
      const [first] = singles;
      if (first === undefined) continue;
      this.#byScope.delete(first.scope.key);
      this.take({ ...first, scope });
    }
  }

  groupFor(finding: Finding, shared: ReadonlyMap<Finding, Scope>): MutableGathered {
    const { channel } = finding.signals;
    const own = this.#of.get(channel);
    if (own !== undefined && own.scope.shared !== null) return own;
    const common = this.#common(finding, shared.get(finding));
    if (common !== undefined && own !== undefined) own.members.delete(channel);
    const scope = shared.get(finding) ?? scopeOf(finding);
    const group =
      common ??
      own ??
      this.#byScope.get(scope.key) ??
      this.take({ before: undefined, scope, members: new Map(), findings: [] });
    this.#of.set(channel, group);
    return group;
  }

  all(): Gathered[] {
    return [...this.#byScope.values()];
  }

  /** The incident that the channel shares with others by what is found now, or by what was found before. */
  #common(finding: Finding, scope: Scope | undefined): MutableGathered | undefined {
    if (scope !== undefined) return this.#byScope.get(scope.key);
    return this.all().find((group) => belongsTo(finding, group.scope)) as MutableGathered | undefined;
  }
}

function stays(rule: Rule, verdict: Verdict, lastFiring_ms: number, instant_ms: number): boolean {
  switch (verdict.state) {
    case 'firing':
      return true;
    case 'clear':
      return false;
    case 'undetermined':
      return instant_ms - lastFiring_ms <= rule.keep_firing_for_s * 1000;
  }
}

function advanceOne(
  rule: Rule,
  gathered: Gathered,
  all: Findings,
): { open?: OpenIncident; transitions: Transition[] } {
  const { before, members, findings } = gathered;
  const { instant_ms } = all;
  if (members.size === 0)
    return before === undefined ? { transitions: [] } : { transitions: [close(before, instant_ms)] };
  const [first, ...others] = findings;
  if (first === undefined) {
    // Held: nothing new is known, so nothing changes but the members that have left.
    return { transitions: [], ...(before === undefined ? {} : { open: { ...before, members } }) };
  }
  const current = rebuild(rule, gathered, [first, ...others], all);
  if (before?.status !== current.status || hasChanged(before.incident, current.incident)) {
    const transition = transitionTo(current, before, instant_ms);
    return { open: { ...current, sequence: transition.sequence }, transitions: [transition] };
  }
  return { open: current, transitions: [] };
}

function rebuild(
  rule: Rule,
  gathered: Gathered,
  findings: readonly [Finding, ...Finding[]],
  all: Findings,
): OpenIncident {
  const { instant_ms, causes } = all;
  const { before, scope, members } = gathered;
  const first_ms = before?.first_ms ?? instant_ms;
  const status =
    before?.status === 'firing' || instant_ms - first_ms >= rule.for_s * 1000 ? 'firing' : 'pending';
  const started_ms = before?.started_ms ?? Math.min(...findings.map(({ verdict }) => verdict.since_ms));
  const fired_ms = before?.status === 'firing' ? before.fired_ms : instant_ms;
  const identity = before?.identity ?? identityOf(rule.name, scope, first_ms);
  const channels = [...members.keys()].sort();
  const shared = whatIsShared(rule.name, scope, channels, all);
  const incident = incidentBody(
    { scope, identity, started_ms, fired_ms, channels, shared },
    findings,
    causes,
  );
  return {
    identity,
    rule: rule.name,
    scope,
    status,
    sequence: before?.sequence ?? 0,
    first_ms,
    started_ms,
    fired_ms,
    members,
    incident,
  };
}

/** What an incident's channels have in common, as evidence; undefined where its scope has no such thing. */
export function whatIsShared(
  rule: string,
  scope: Scope,
  channels: readonly string[],
  { firing, sizes }: Findings,
): SharedSymptom | undefined {
  const members = new Set(channels);
  const others = firing
    .filter((finding) => finding.rule.name === rule && signatureOf(finding) === scope.signature)
    .map(({ signals }) => signals.channel)
    .filter((channel) => !members.has(channel));
  return sharedSymptom(scope, channels, others, sizes);
}

/** Worth a transition: who is affected, how bad, or the likeliest cause. Numbers in facts move at every evaluation. */
function hasChanged(before: Incident, now: Incident): boolean {
  return (
    before.severity !== now.severity ||
    before.hypotheses[0]?.cause !== now.hypotheses[0]?.cause ||
    before.channels.join('\n') !== now.channels.join('\n')
  );
}

function transitionTo(current: OpenIncident, before: OpenIncident | undefined, at_ms: number): Transition {
  const fires = current.status === 'firing' && before?.status !== 'firing';
  const reason = fires ? 'fired' : before === undefined ? 'noticed' : 'changed';
  return {
    sequence: current.sequence + 1,
    at_ms,
    status: current.status,
    reason,
    incident: current.incident,
  };
}

function close(open: OpenIncident, at_ms: number): Transition {
  const incident: Incident = { ...open.incident, status: 'resolved', resolved_at: iso(at_ms) };
  return open.status === 'firing'
    ? { sequence: open.sequence + 1, at_ms, status: 'resolved', reason: 'resolved', incident }
    : { sequence: open.sequence + 1, at_ms, status: 'inactive', reason: 'passed', incident };
}
