import type { Rule } from '@halfopen/rules';
import type { FastifyInstance } from 'fastify';
import type { RuleShelf } from './rule-shelf.js';

/** `GET /api/v1/rules`: what is in force, and what is wrong with the files or with a rule's SQL. */
export function addRules(app: FastifyInstance, shelf: () => RuleShelf | undefined): void {
  app.get('/api/v1/rules', () => {
    const found = shelf();
    const status = found?.status();
    return {
      loaded_at: status === undefined ? null : new Date(status.loadedAtMs).toISOString(),
      mistake: status?.mistake ?? null,
      rules: found?.book().rules.map(told) ?? [],
    };
  });
}

function told({ expression, ...rule }: Rule): object {
  const sql = expression.kind === 'sql' ? expression.status() : undefined;
  return {
    name: rule.name,
    severity: rule.severity,
    expr: rule.text,
    for_s: rule.for_s,
    keep_firing_for_s: rule.keep_firing_for_s,
    labels: rule.labels,
    annotations: rule.annotations,
    runbook_url: rule.runbookUrl ?? null,
    /** Where it is written; null where it is shipped as it is. */
    place: rule.place ?? null,
    ...(sql === undefined
      ? {}
      : {
          sql: {
            failures: sql.failures,
            last_error: sql.lastError ?? null,
            last_ms: sql.lastDurationMs ?? null,
          },
        }),
  };
}
