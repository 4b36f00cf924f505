import type { Incident } from '@halfopen/telemetry';
import { percent } from './words.js';

/** An incident as text for a ticket. What telemetry says is quoted, so that it cannot be more than text. */
export function markdownOf(incident: Incident, href: string): string {
  const statement = new Map(
    [...incident.facts, ...incident.unknowns].map(({ id, statement }) => [id, escapeMarkdown(statement)]),
  );
  const said = (ids: readonly string[]): string => ids.map((id) => statement.get(id) ?? id).join('; ');
  const facts = incident.facts.map(
    ({ observed, statement: text }) => `- ${observed ? '' : '(looked at) '}${escapeMarkdown(text)}`,
  );
  const hypotheses = incident.hypotheses.flatMap(
    ({ cause, probability, explanation, for: speaks, against, missing }) => [
      `1. **${cause}**, ${percent(probability)}: ${escapeMarkdown(explanation)}`,
      ...(speaks.length > 0 ? [`   - for: ${said(speaks)}`] : []),
      ...(against.length > 0 ? [`   - against: ${said(against)}`] : []),
      ...(missing.length > 0 ? [`   - would tell: ${said(missing)}`] : []),
    ],
  );
  const outcomes = incident.next_step.outcomes.map(
    (outcome) => `- if ${escapeMarkdown(outcome.if)}: ${outcome.then.join(', ')}`,
  );
  return [
    `## ${escapeMarkdown(incident.summary)}`,
    '',
    `${incident.severity}, ${incident.rule}, ${incident.status}; began ${incident.started_at}, fired ${incident.fired_at}${incident.resolved_at === null ? '' : `, resolved ${incident.resolved_at}`}`,
    '',
    `Channels: ${incident.channels.map(code).join(', ')}${incident.shared === null ? '' : `; they share ${code(`${incident.shared.attribute} = ${incident.shared.value}`)}`}`,
    '',
    `<${href}>`,
    ...section('What is true', facts),
    ...section(
      'What is not known',
      incident.unknowns.map(({ statement: text }) => `- ${escapeMarkdown(text)}`),
    ),
    ...section('What it probably is', hypotheses),
    ...section('Next step', [escapeMarkdown(incident.next_step.action), '', ...outcomes]),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `### ${title}`, '', ...lines];
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>|#~]/g, (sign) => `\\${sign}`).replace(/\s+/g, ' ');
}

function code(text: string): string {
  const ticks = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1;
  const fence = '`'.repeat(ticks);
  const space = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${space}${text.replace(/\s+/g, ' ')}${space}${fence}`;
}
