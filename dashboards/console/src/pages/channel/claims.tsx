import type { VNode } from 'preact';
import type { ChannelAnswer, ClaimName, ClaimView, EndOfChannel } from '../../contract.js';
import { CLAIM_WORDS } from '../../model/words.js';
import { Moment } from '../parts/bits.js';

const CLAIMS: readonly ClaimName[] = ['connected', 'reader', 'writer', 'handler', 'heartbeat'];

/** What each end says of itself, beside what its own counters show. */
export function Claims({ answer }: { answer: ChannelAnswer }): VNode {
  const ends = answer.ends.map(({ end }) => end).filter((end) => end !== 'relay');
  const shown: readonly EndOfChannel[] = (['agent', 'server'] as const).filter((end) => ends.includes(end));
  return (
    <section class="panel claims">
      <h2>Says, and is seen</h2>
      {shown.length === 0 ? (
        <p class="muted">No end has told of its state before the end of this range.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <td />
              {shown.map((end) => (
                <th key={end} scope="col">
                  {end}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {CLAIMS.map((claim) => (
              <tr key={claim}>
                <th scope="row">{CLAIM_WORDS[claim]}</th>
                {shown.map((end) => (
                  <td key={end}>
                    <Claim view={answer.claims.find((one) => one.end === end && one.claim === claim)} />
                  </td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row">last word</th>
              {shown.map((end) => (
                <td key={end}>
                  <Moment at={answer.ends.find((one) => one.end === end)?.state_ms ?? 0} only="absolute" />
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      )}
      {shown.length === 1 && (
        <p class="note">Only the {shown[0]} sends telemetry: what happens at the other end is not known.</p>
      )}
    </section>
  );
}

function Claim({ view }: { view: ClaimView | undefined }): VNode {
  if (view === undefined) return <span class="muted">–</span>;
  const { claimed, seen, evidence } = view;
  const contradicted = claimed === true && seen === false;
  return (
    <div class={contradicted ? 'claim contradicted' : 'claim'}>
      <span>says {claimed === null ? 'nothing' : claimed ? 'yes' : <strong class="bad">no</strong>}</span>
      <span>
        {seen === null ? 'not seen' : seen ? 'seen: yes' : <strong class="bad">seen: no</strong>}
        {contradicted && <strong class="bad"> (contradicted)</strong>}
      </span>
      <span class="evidence">{evidence}</span>
    </div>
  );
}
