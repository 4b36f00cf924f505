import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * What the proxy does with a connection's bytes. `swallow`: what clients send arrives, what is answered does not, so that
 * acknowledgements get lost; `refuse`: connections end, and new ones at once.
 */
export type ProxyMood = 'pass' | 'delay' | 'swallow' | 'refuse';

const DELAY_MS = 300;

/** TCP between clients and a broker on loopback, which can be spoilt. */
export class TcpProxy {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server = createServer((client) => {
    this.#join(client);
  });
  #mood: ProxyMood = 'pass';

  /** @param target port of the broker, once it is known */
  constructor(private readonly target: () => number) {}

  /** @returns the port */
  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Whoever lost an answer by `swallow` finds his connection ended when the mood changes. */
  turn(mood: ProxyMood): void {
    if (mood === 'refuse' || this.#mood === 'swallow') this.cut();
    this.#mood = mood;
  }

  /** Ends all connections of this moment. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #join(client: Socket): void {
    if (this.#mood === 'refuse') {
      client.destroy();
      return;
    }
    const broker = connect({ port: this.target(), host: '127.0.0.1' });
    const pair = [client, broker] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined); // the close that follows says it all
      socket.once('close', () => {
        this.#pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
    client.on('data', (bytes: Buffer) => {
      this.#hand(broker, bytes);
    });
    broker.on('data', (bytes: Buffer) => {
      if (this.#mood !== 'swallow') this.#hand(client, bytes);
    });
  }

  /** In order: what is delayed is all delayed alike. */
  #hand(to: Socket, bytes: Buffer): void {
    const write = () => {
      if (!to.destroyed) to.write(bytes);
    };
    if (this.#mood === 'delay') setTimeout(write, DELAY_MS);
    else write();
  }
}
