import type { VNode } from 'preact';
import type { IncidentAnswer } from '../../contract.js';
import { moment } from '../../model/time.js';
import { Moment } from '../parts/bits.js';

interface Entry {
  readonly key: string;
  readonly at: string;
  readonly what: string;
  readonly more: string;
  readonly bad: boolean;
}

/** How it came and went, who was told, and what people did about it. Oldest first. */
export function Timeline({ answer }: { answer: IncidentAnswer }): VNode {
  const entries = [
    ...began(answer),
    ...transitions(answer),
    ...notifications(answer),
    ...responses(answer),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return (
    <section class="panel">
      <h2>Timeline</h2>
      <ol class="timeline">
        {entries.map(({ key, at, what, more, bad }) => (
          <li key={key} class={bad ? 'bad' : ''}>
            <Moment at={at} only="absolute" />
            <span>
              <strong>{what}</strong>
              {more !== '' && <span class="muted"> {more}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function began({ incident }: IncidentAnswer): Entry[] {
  return [{ key: 'onset', at: incident.started_at, what: 'onset', more: 'estimated', bad: false }];
}

function transitions({ transitions: all }: IncidentAnswer): Entry[] {
  return all.map(({ sequence, at, status, reason, summary }) => ({
    key: `t${sequence}`,
    at,
    what: reason === status ? status : `${reason} (${status})`,
    more: reason === 'changed' || reason === 'fired' ? summary : '',
    bad: false,
  }));
}

function notifications({ notifications: all }: IncidentAnswer): Entry[] {
  return all.map(({ receiver, sequence, outcome, attempts, last_at, status, answer }) => ({
    key: `n${receiver} ${sequence}`,
    at: last_at,
    what: `${receiver}: ${outcome}`,
    more: `${attempts === 1 ? '1 attempt' : `${attempts} attempts`}${status === 0 ? '' : `, HTTP ${status}`}${
      outcome === 'delivered' || answer === '' ? '' : `, ${answer}`
    }`,
    bad: outcome === 'failed' || outcome === 'refused',
  }));
}

function responses({ acknowledgement, silences }: IncidentAnswer): Entry[] {
  return [
    ...(acknowledgement === null
      ? []
      : [
          {
            key: 'ack',
            at: acknowledgement.at,
            what: `taken by ${acknowledgement.by}`,
            more: acknowledgement.note,
            bad: false,
          },
        ]),
    ...silences.map(({ id, starts_at, until, by, reason }) => ({
      key: `s${id}`,
      at: starts_at,
      what: `silenced by ${by}`,
      more: `until ${moment(Date.parse(until), Date.now())}: ${reason}`,
      bad: false,
    })),
  ];
}
