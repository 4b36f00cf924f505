import type { Incident } from '@halfopen/telemetry';
import { RULES } from '@halfopen/telemetry';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { IncidentAnswer } from '../../contract.js';
import { markdownOf } from '../../model/markdown.js';
import { instantText } from '../../model/time.js';
import { count } from '../../model/words.js';
import { Heading } from '../frame.js';
import { getJson } from '../http.js';
import { fleet, now } from '../live.js';
import { copy, Link, Moment, SeverityMark } from '../parts/bits.js';
import { Failed, Progress, useLoad } from '../parts/load.js';
import { TextDialog } from '../parts/text-dialog.js';
import { channelHref, isSafe } from '../router.js';
import { AcknowledgeDialog } from './acknowledge-dialog.js';
import { Causes, Facts, NextStep, Unknowns } from './diagnosis.js';
import { SilenceDialog } from '../silences/silence-dialog.js';
import { Timeline } from './timeline.js';

/** What moves in an incident without a transition: its numbers. */
const AGAIN_MS = 10_000;

export function IncidentPage({ id }: { id: string }): VNode {
  const brief = fleet.value?.incidents.find((one) => one.id === id);
  const turn = brief === undefined ? 0 : Math.floor(now.value / AGAIN_MS);
  const { data, error, loading, again } = useLoad(`${id} ${turn}`, (abort) =>
    getJson<IncidentAnswer>(`/api/v1/incidents/${encodeURIComponent(id)}`, abort),
  );
  return (
    <>
      {data === undefined && <Heading title="Incident" />}
      <Progress loading={loading && data === undefined} of="the incident" />
      {error !== undefined && <Failed what="The incident could not be read" error={error} again={again} />}
      {data !== undefined && <Shown answer={data} again={again} />}
    </>
  );
}

function Shown({ answer, again }: { answer: IncidentAnswer; again: () => void }): VNode {
  const { incident } = answer;
  return (
    <article class="incident">
      <header>
        <p class="incident-kind">
          <SeverityMark severity={incident.severity} />
          <span class={`status status-${incident.status}`}>{incident.status}</span>
          <span class="muted" title={meaningOf(incident.rule)}>
            {incident.rule}
          </span>
          <span class="muted">
            began <Moment at={incident.started_at} />
          </span>
          <span class="muted">
            fired <Moment at={incident.fired_at} only="absolute" />
          </span>
          {incident.resolved_at !== null && (
            <span class="muted">
              resolved <Moment at={incident.resolved_at} />
            </span>
          )}
        </p>
        <Heading title={incident.summary} />
        <Actions answer={answer} again={again} />
      </header>
      <div class="incident-columns">
        <div>
          <Causes incident={incident} />
          <Facts incident={incident} />
        </div>
        <div>
          <NextStep incident={incident} />
          <Unknowns incident={incident} />
          <Affected incident={incident} />
          <Timeline answer={answer} />
        </div>
      </div>
    </article>
  );
}

/** Users' own rules have none here. */
function meaningOf(rule: string): string | undefined {
  return Object.entries(RULES).find(([name]) => name === rule)?.[1].fires;
}

function Actions({ answer, again }: { answer: IncidentAnswer; again: () => void }): VNode {
  const { incident, acknowledgement, silences } = answer;
  const [open, setOpen] = useState<'acknowledge' | 'silence' | 'text'>();
  const [copied, setCopied] = useState<string>();
  const close = (done: boolean): void => {
    setOpen(undefined);
    if (done) again();
  };
  const text = markdownOf(incident, location.href);
  const onCopy = (): void => {
    copy(text).then(
      () => {
        setCopied('copied');
      },
      () => {
        setOpen('text');
      },
    );
  };
  const silence = silences.find(({ active }) => active);
  return (
    <div class="actions">
      {acknowledgement === null ? (
        incident.status === 'firing' && (
          <button
            type="button"
            class="primary"
            onClick={() => {
              setOpen('acknowledge');
            }}
          >
            Acknowledge
          </button>
        )
      ) : (
        <span class="tag">
          taken by {acknowledgement.by} <Moment at={acknowledgement.at} only="absolute" />
          {acknowledgement.note !== '' && `: ${acknowledgement.note}`}
        </span>
      )}
      {silence === undefined ? (
        incident.status === 'firing' && (
          <button
            type="button"
            onClick={() => {
              setOpen('silence');
            }}
          >
            Silence …
          </button>
        )
      ) : (
        <span class="tag">
          silenced until <Moment at={silence.until} only="absolute" /> by {silence.by}: {silence.reason}
        </span>
      )}
      <button type="button" onClick={onCopy}>
        Copy as Markdown
      </button>
      <span role="status" class="muted">
        {copied}
      </span>
      {open === 'text' && (
        <TextDialog
          text={text}
          onClose={() => {
            close(false);
          }}
        />
      )}
      {open === 'acknowledge' && <AcknowledgeDialog incident={incident} onClose={close} />}
      {open === 'silence' && (
        <SilenceDialog matchers={{ incident: incident.id }} about={incident.summary} onClose={close} />
      )}
    </div>
  );
}

/** Past so many, names are only a wall. */
const CHANNELS_MAX = 40;
const BEFORE_MS = 5 * 60_000;
const AFTER_MS = 10 * 60_000;

function Affected({ incident }: { incident: Incident }): VNode {
  const began_ms = Date.parse(incident.started_at);
  const range = new URLSearchParams({
    from: instantText(began_ms - BEFORE_MS),
    to: instantText(Math.min(Date.now(), Date.parse(incident.resolved_at ?? incident.fired_at) + AFTER_MS)),
  }).toString();
  const others = incident.links.filter(({ href }) => isSafe(href) && !leadsHere(href));
  return (
    <section class="panel">
      <h2>Who is affected: {count(incident.channels.length, 'channel')}</h2>
      {incident.shared !== null && (
        <p>
          They share <code>{incident.shared.attribute}</code> = <code>{incident.shared.value}</code>.
        </p>
      )}
      <ul class="names">
        {incident.channels.slice(0, CHANNELS_MAX).map((channel) => (
          <li key={channel}>
            <Link href={channelHref(channel, range)}>{channel}</Link>
          </li>
        ))}
        {incident.channels.length > CHANNELS_MAX && (
          <li>and {incident.channels.length - CHANNELS_MAX} more</li>
        )}
      </ul>
      {others.length > 0 && (
        <p class="links">
          {others.map(({ text, href }) =>
            href.startsWith('/') ? (
              <Link key={href} href={href}>
                {text}
              </Link>
            ) : (
              <a key={href} href={href} rel="noreferrer">
                {text}
              </a>
            ),
          )}
        </p>
      )}
    </section>
  );
}

function leadsHere(href: string): boolean {
  return new URL(href, location.href).pathname === location.pathname;
}
