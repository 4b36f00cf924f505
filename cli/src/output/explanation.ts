import type { Explanation } from '@halfopen/rules';
import type { Fact, Hypothesis, Incident, NextStep, Unknown } from '@halfopen/telemetry';
import { bold, dim, wrap } from './text.js';

/** The evidence and the ranking as people read them, 80 columns wide. Facts and inferences stay apart. */
export function printExplanation(explanation: Explanation): string {
  const { channel, instantMs, why, facts, unknowns, hypotheses, nextStep } = explanation;
  const at = new Date(instantMs).toISOString().replace('T', ' ').slice(0, 19);
  const parts = [bold(`${channel} at ${at} UTC`), ...why.split('\n').map((line) => wrap(line, '  '))];
  parts.push(...evidence(facts, unknowns));
  if (hypotheses.length > 0) parts.push(...ranking(hypotheses));
  if (nextStep !== null) parts.push(...step(nextStep));
  return `${parts.join('\n')}\n`;
}

/** One incident, in the same form. */
export function printIncident(incident: Incident): string {
  const times = `${incident.status} since ${clock(incident.fired_at)}${incident.resolved_at === null ? '' : `, resolved ${clock(incident.resolved_at)}`}`;
  return `${[
    bold(`${incident.rule} (${incident.severity}), ${times}`),
    wrap(incident.summary, '  '),
    ...evidence(incident.facts, incident.unknowns),
    ...ranking(incident.hypotheses),
    ...step(incident.next_step),
  ].join('\n')}\n`;
}

const clock = (time: string): string => time.replace('T', ' ').slice(0, 19);

function evidence(facts: readonly Fact[], unknowns: readonly Unknown[]): string[] {
  const wrong = facts.filter(({ observed }) => observed);
  const fine = facts.filter(({ observed }) => !observed);
  return [
    ...(wrong.length === 0
      ? []
      : ['', bold('What is wrong'), ...wrong.map(({ statement }) => wrap(statement, '  ! '))]),
    ...(fine.length === 0
      ? []
      : ['', bold('What works'), ...fine.map(({ statement }) => wrap(statement, '  + '))]),
    ...(unknowns.length === 0
      ? []
      : [
          '',
          bold('What nobody could see'),
          ...distinct(unknowns).map((statement) => wrap(statement, '  ? ')),
        ]),
  ];
}

/** Several questions may have gone unanswered for one reason. */
function distinct(unknowns: readonly Unknown[]): string[] {
  return [...new Set(unknowns.map(({ statement }) => statement))];
}

const BAR_CHARS = 20;

function ranking(hypotheses: readonly Hypothesis[]): string[] {
  const lines = ['', bold('What it probably is')];
  for (const { cause, probability, explanation, for: speaksFor, against } of hypotheses) {
    if (probability < 0.01) continue;
    const bar = '#'.repeat(Math.round(probability * BAR_CHARS)).padEnd(BAR_CHARS, '.');
    lines.push(`  ${String(Math.round(probability * 100)).padStart(3)} % ${bar} ${cause}`);
    lines.push(wrap(explanation, '        '));
    if (speaksFor.length > 0) lines.push(dim(wrap(`for: ${speaksFor.join(', ')}`, '        ')));
    if (against.length > 0) lines.push(dim(wrap(`against: ${against.join(', ')}`, '        ')));
  }
  return lines;
}

function step({ action, outcomes }: NextStep): string[] {
  return [
    '',
    bold('What to do next'),
    wrap(action, '  '),
    ...outcomes.map((outcome) => wrap(`if ${outcome.if}: ${outcome.then.join(', ')}`, '  - ')),
  ];
}
