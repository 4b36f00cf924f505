import type { Explanation } from '@halfopen/rules';
import type { Incident, IncidentStatus } from '@halfopen/telemetry';
import type { DeadLetterDesk } from '@halfopen/stream';
import type { Config } from '../config/load.js';
import { deskThroughApi } from '../dead-letters/remote-desk.js';
import { EXIT, Failure } from '../failure.js';

/** A `halfopen up` that owns the data directory, asked through its ports. */
export class RemoteService {
  constructor(
    private readonly apiUrl: string,
    readonly collectorUrl: string,
    private readonly config: Config,
  ) {}

  async answers(): Promise<boolean> {
    return fetch(new URL('/healthz', this.apiUrl)).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async incidents(status: IncidentStatus | 'all'): Promise<Incident[]> {
    const answer = await this.#fetch(`/api/v1/incidents?status=${status}`, {});
    return ((await answer.json()) as { incidents: Incident[] }).incidents;
  }

  async sql(query: string, format: string | undefined): Promise<Uint8Array> {
    const response = await this.#post('/api/v1/sql', { query, ...(format === undefined ? {} : { format }) });
    return new Uint8Array(await response.arrayBuffer());
  }

  async explain(channel: string, at: string | undefined): Promise<Explanation> {
    const params = new URLSearchParams({ channel, ...(at === undefined ? {} : { at }) });
    return (await (await this.#fetch(`/api/v1/explain?${params.toString()}`, {})).json()) as Explanation;
  }

  async backtest(options: { fromMs: number; toMs: number; stepMs: number }): Promise<Incident[]> {
    const answer = (await (await this.#post('/api/v1/backtest', options)).json()) as {
      incidents: Incident[];
    };
    return answer.incidents;
  }

  deadLetters(): DeadLetterDesk {
    return deskThroughApi({
      get: async (path) => (await this.#fetch(path, {})).json(),
      post: async (path, body) => (await this.#post(path, body)).json(),
    });
  }

  headers(): Record<string, string> {
    return this.config.token === undefined ? {} : { authorization: `Bearer ${this.config.token.reveal()}` };
  }

  #post(path: string, body: object): Promise<Response> {
    return this.#fetch(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  }

  async #fetch(
    path: string,
    init: { method?: string; body?: string; headers?: Record<string, string> },
  ): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(new URL(path, this.apiUrl), {
        ...init,
        headers: { ...this.headers(), ...init.headers },
      });
    } catch (cause) {
      throw new Failure(`the running halfopen at ${this.apiUrl} does not answer`, EXIT.inUse, { cause });
    }
    if (response.ok) return response;
    const told = (await response.json().catch(() => ({}))) as { error?: string };
    throw new Failure(told.error ?? `the running halfopen answered ${response.status} to ${path}`);
  }
}
