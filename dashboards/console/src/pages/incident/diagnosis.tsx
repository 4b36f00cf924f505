import { CAUSES, type Fact, type Hypothesis, type Incident } from '@halfopen/telemetry';
import type { VNode } from 'preact';
import { percent } from '../../model/words.js';
import { Link } from '../parts/bits.js';
import { isSafe, sqlHref } from '../router.js';

/** Below this a cause is folded away. */
const LIKELY_MIN = 0.03;

export function Causes({ incident }: { incident: Incident }): VNode {
  const likely = incident.hypotheses.filter(
    ({ probability }, index) => index === 0 || probability >= LIKELY_MIN,
  );
  const rest = incident.hypotheses.filter((hypothesis) => !likely.includes(hypothesis));
  const statements = statementsOf(incident);
  return (
    <section class="panel">
      <h2>What it probably is</h2>
      <ol class="causes">
        {likely.map((hypothesis) => (
          <Cause key={hypothesis.cause} hypothesis={hypothesis} statements={statements} />
        ))}
      </ol>
      {rest.length > 0 && (
        <details>
          <summary>
            {rest.length} less likely, {percent(rest.reduce((sum, { probability }) => sum + probability, 0))}{' '}
            together
          </summary>
          <ol class="causes">
            {rest.map((hypothesis) => (
              <Cause key={hypothesis.cause} hypothesis={hypothesis} statements={statements} />
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}

function statementsOf({ facts, unknowns }: Incident): ReadonlyMap<string, string> {
  return new Map([...facts, ...unknowns].map(({ id, statement }) => [id, statement]));
}

function Cause({
  hypothesis,
  statements,
}: {
  hypothesis: Hypothesis;
  statements: ReadonlyMap<string, string>;
}): VNode {
  const { cause, probability, explanation } = hypothesis;
  return (
    <li>
      <div class="cause-head">
        <strong title={CAUSES[cause]}>{cause}</strong>
        <span class="bar" aria-hidden="true">
          <span style={{ width: `${probability * 100}%` }} />
        </span>
        <span class="number">{percent(probability)}</span>
      </div>
      <p>{explanation}</p>
      <Reasons word="for" sign="+" ids={hypothesis.for} statements={statements} />
      <Reasons word="against" sign="−" ids={hypothesis.against} statements={statements} />
      <Reasons word="would tell" sign="?" ids={hypothesis.missing} statements={statements} />
    </li>
  );
}

function Reasons({
  word,
  sign,
  ids,
  statements,
}: {
  word: string;
  sign: string;
  ids: readonly string[];
  statements: ReadonlyMap<string, string>;
}): VNode | null {
  if (ids.length === 0) return null;
  return (
    <ul class={`reasons reasons-${word.replace(' ', '-')}`} aria-label={word}>
      {ids.map((id) => (
        <li key={id}>
          <span aria-hidden="true" class="sign">
            {sign}
          </span>
          {statements.get(id) ?? id}
        </li>
      ))}
    </ul>
  );
}

export function Facts({ incident }: { incident: Incident }): VNode {
  const seen = incident.facts.filter(({ observed }) => observed);
  const not = incident.facts.filter(({ observed }) => !observed);
  return (
    <section class="panel">
      <h2>What is true</h2>
      <FactList facts={seen} />
      {not.length > 0 && (
        <details open={seen.length === 0}>
          <summary>{not.length} things looked at, and in order</summary>
          <FactList facts={not} />
        </details>
      )}
    </section>
  );
}

function FactList({ facts }: { facts: readonly Fact[] }): VNode {
  return (
    <ul class="facts">
      {facts.map(({ id, statement, sql, observed }) => (
        <li key={id}>
          <span aria-hidden="true" class={observed ? 'sign seen' : 'sign'}>
            {observed ? '●' : '○'}
          </span>
          <span>{statement}</span>
          <Link href={sqlHref(sql)} class="sql-link" label={`SQL that shows it: ${statement}`}>
            SQL
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function Unknowns({ incident }: { incident: Incident }): VNode {
  return (
    <section class="panel">
      <h2>What is not known</h2>
      {incident.unknowns.length === 0 ? (
        <p class="muted">Everything that was asked could be seen by somebody.</p>
      ) : (
        <ul class="facts">
          {incident.unknowns.map(({ id, statement }) => (
            <li key={id}>
              <span aria-hidden="true" class="sign">
                ?
              </span>
              <span>{statement}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function NextStep({ incident }: { incident: Incident }): VNode {
  const { action, outcomes } = incident.next_step;
  return (
    <section class="panel next-step">
      <h2>Do this next</h2>
      <p class="action">{action}</p>
      <Runbook href={incident.runbook_url} />
      {outcomes.length > 0 && (
        <dl>
          {outcomes.map((outcome) => (
            <div key={outcome.if}>
              <dt>if {outcome.if}</dt>
              <dd>
                {outcome.then.map((cause) => (
                  <span key={cause} class="tag" title={CAUSES[cause]}>
                    {cause}
                  </span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

/** Without a configured address of the runbooks it is a page of the repository. */
function Runbook({ href }: { href: string }): VNode | null {
  if (href === '') return null;
  return (
    <p>
      Runbook:{' '}
      {isSafe(href) ? (
        <a href={href} rel="noreferrer">
          {href}
        </a>
      ) : (
        <code>{href}</code>
      )}
    </p>
  );
}
