import type { VNode } from 'preact';
import type { ChannelAnswer } from '../../contract.js';
import { duration } from '../../model/time.js';
import { count } from '../../model/words.js';
import { Moment } from '../parts/bits.js';

/** Sessions and failed attempts, newest first. */
export function Connections({ answer }: { answer: ChannelAnswer }): VNode {
  const { connections, attempts } = answer;
  return (
    <section class="panel">
      <h2>Connections</h2>
      {connections.length === 0 && attempts.length === 0 && (
        <p class="muted">No connect, close or attempt was told of in this time.</p>
      )}
      {connections.length > 0 && (
        <table class="table">
          <caption class="hidden">{count(connections.length, 'connection')}, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Opened</th>
              <th scope="col">Lived</th>
              <th scope="col">Closed by</th>
            </tr>
          </thead>
          <tbody>
            {connections.map((one) => (
              <tr key={one.connection_id}>
                <td class="nowrap" title={one.connection_id}>
                  {one.opened_ms === null ? 'not seen' : <Moment at={one.opened_ms} only="absolute" />}
                </td>
                <td class="number">
                  {one.lifetime_ms === null
                    ? one.closed_ms === null
                      ? 'open'
                      : '–'
                    : duration(one.lifetime_ms)}
                </td>
                <td>
                  {one.closed_by || '–'}
                  {one.close_code !== null && <span class="muted"> {one.close_code}</span>}
                  {one.close_reason !== '' && <span class="muted"> {one.close_reason}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {attempts.length > 0 && (
        <details>
          <summary>{count(attempts.length, 'failed attempt')}</summary>
          <ul class="attempts">
            {attempts.map((one) => (
              <li key={`${one.at_ms} ${one.end}`}>
                <Moment at={one.at_ms} only="absolute" /> {one.end}: {one.outcome} at {one.phase || 'start'}
                {one.status_code !== null && `, HTTP ${one.status_code}`}
                {one.target !== '' && <span class="muted"> {one.target}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
