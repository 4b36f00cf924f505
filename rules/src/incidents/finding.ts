import type { Diagnosis } from '../diagnosis/diagnose.js';
import type { Rule } from '../detection/rules.js';
import type { Verdict } from '../detection/verdict.js';
import { serverService } from '../signals/derive.js';
import type { ChannelSignals } from '../signals/signals.js';

/** A rule that fires on a channel, with its explanation. */
export interface Finding {
  readonly rule: Rule;
  readonly signals: ChannelSignals;
  readonly verdict: Extract<Verdict, { state: 'firing' }>;
  readonly diagnosis: Diagnosis;
}

/** What an incident is about: one channel, or what its channels share. */
export interface Scope {
  /** Stable while the incident lasts; part of its id and dedup key. */
  readonly key: string;
  readonly shared: { readonly attribute: string; readonly value: string } | null;
  /** What the diagnosis of each member must have in common; absent where the scope alone decides. */
  readonly signature?: string;
}

/** Causes that sit where agents arrive: whoever dials there has the same trouble, so they are one incident from the start. */
const AT_THE_ADDRESS: readonly string[] = ['listener-down', 'proxy-misroute'];

/** Channels whose trouble is the same server's are one incident; others stand for themselves. */
export function scopeOf(finding: Finding): Scope {
  const { signals, diagnosis, rule } = finding;
  const cause = diagnosis.hypotheses[0]?.cause ?? 'unknown-cause';
  const target = signals.connections?.target ?? '';
  const service = serverService(signals);
  if (rule.name === 'never-connected' && AT_THE_ADDRESS.includes(cause) && target !== '') {
    return { key: `server.address=${target}`, shared: { attribute: 'server.address', value: target } };
  }
  if (rule.name === 'telemetry-gap' && service !== '' && serverIsSilent(signals)) {
    return { key: `service.name=${service}`, shared: { attribute: 'service.name', value: service } };
  }
  return { key: `channel.id=${signals.channel}`, shared: null };
}

function serverIsSilent(signals: ChannelSignals): boolean {
  const { server, agent } = signals.ends;
  return (
    server !== undefined &&
    (agent === undefined ||
      server.state_ms <= agent.state_ms ||
      signals.instant_ms - server.state_ms > 60_000)
  );
}
