import type { CloseInitiator } from '@halfopen/telemetry';

/** Codes of what goes wrong below the application: the system's, OpenSSL's and TLS's. Those of streams are misuse. */
const TRANSPORT = /^E(?!RR_STREAM)/;

/** Who closed a connection: whoever did the first thing that ends one. */
export class Closer {
  #initiator: CloseInitiator | undefined;

  /** If nobody was seen to do anything, it was the transport. */
  get initiator(): CloseInitiator {
    return this.#initiator ?? 'transport';
  }

  /** This end ends what it writes. */
  ends(): void {
    this.#initiator ??= 'self';
  }

  /** The peer has ended what it writes. */
  peerEnds(): void {
    this.#initiator ??= 'peer';
  }

  /** The stream is destroyed: by the application, or by Node itself where the transport failed. */
  destroyed(error: unknown): void {
    const code: unknown = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
    this.#initiator ??= typeof code === 'string' && TRANSPORT.test(code) ? 'transport' : 'self';
  }
}
