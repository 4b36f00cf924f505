import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * Speaks just enough of ClickHouse's HTTP protocol for `halfopen ingest` to work, and forgets the rows it is sent: the cost
 * of sending them is measured, not that of storing.
 */
export class ForgetfulServer {
  readonly #server: Server;
  rowBytes = 0;
  #lock = '';

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request).then(
        (answer) => response.end(answer),
        () => response.destroy(),
      );
    });
  }

  static async listen(): Promise<ForgetfulServer> {
    const server = new ForgetfulServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage): Promise<string> {
    if (request.url?.includes('INSERT') === true) {
      for await (const chunk of request) this.rowBytes += (chunk as Buffer).length;
      return '';
    }
    const sql = await text(request);
    const made = /CREATE TABLE schema_migration_lock .*COMMENT '([^']*)'\s*$/s.exec(sql)?.[1];
    if (made !== undefined) this.#lock = made;
    if (sql.startsWith('SELECT comment FROM system.tables')) return `{"comment":"${this.#lock}"}\n`;
    if (sql.includes('AS until')) return `{"until":${Math.ceil(Date.now() / 1000) + 120}}\n`;
    if (sql.includes('AS now')) return `{"now":${Date.now()}}\n`;
    return ''; // no rows: nothing is in the ledger, no migration has been seen
  }
}
