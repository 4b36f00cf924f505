import { Duplex } from 'node:stream';
import fc from 'fast-check';

/** One thing that happens to a stream: what its application does, or what its transport does to it. */
export type Step =
  | {
      readonly do: 'write';
      readonly bytes: string;
      readonly how: 'text' | 'buffer' | 'array' | 'callback' | 'hex';
    }
  | { readonly do: 'arrive'; readonly bytes: string }
  | { readonly do: 'read'; readonly size: number | undefined }
  | { readonly do: 'destroy'; readonly error: boolean }
  | { readonly do: 'misuse'; readonly chunk: 'null' | 'number' | 'encoding' }
  | {
      readonly do:
        | 'cork'
        | 'uncork'
        | 'written'
        | 'fail'
        | 'end'
        | 'end with'
        | 'eof'
        | 'data'
        | 'readable'
        | 'pause'
        | 'resume'
        | 'put back'
        | 'encode'
        | 'pipe'
        | 'unpipe'
        | 'iterate';
    };

export interface Script {
  /** `at once`: its transport takes bytes within the call; `later`: only as the script says. */
  readonly transport: 'at once' | 'later';
  /** Several chunks are written together. */
  readonly gathers: boolean;
  readonly allowHalfOpen: boolean;
  readonly decodeStrings: boolean;
  readonly steps: readonly Step[];
}

const bytes = fc.oneof(
  fc.constantFrom('\u0000\u0000\u0000\u0002', '{}', '{"id":"c1","kind":"command"}\n', 'é', '\n'),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      bytes,
      how: fc.constantFrom('text', 'buffer', 'array', 'callback', 'hex'),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('arrive' as const), bytes }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      size: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'written',
        'written',
        'cork',
        'uncork',
        'data',
        'readable',
        'pause',
        'resume',
        'put back',
        'pipe',
        'unpipe',
        'iterate',
        'encode',
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ do: fc.constantFrom('fail', 'end', 'end with', 'eof') }),
      fc.record({ do: fc.constant('destroy' as const), error: fc.boolean() }),
      fc.record({ do: fc.constant('misuse' as const), chunk: fc.constantFrom('null', 'number', 'encoding') }),
    ),
  },
) as fc.Arbitrary<Step>;

export const script: fc.Arbitrary<Script> = fc.record({
  transport: fc.constantFrom('at once', 'later'),
  gathers: fc.boolean(),
  allowHalfOpen: fc.boolean(),
  decodeStrings: fc.boolean(),
  steps: fc.array(step, { maxLength: 40 }),
});

const EVENTS = ['drain', 'finish', 'end', 'close', 'pause', 'resume', 'pipe', 'unpipe', 'error'];

/**
 * Plays a script on a stream, prepared by `instrument`, and notes all that its application and its transport could see:
 * what calls return or throw, events, callbacks, bytes, and between which ticks.
 */
export async function play(
  { steps, ...transport }: Script,
  instrument: (stream: Duplex) => void,
): Promise<string[]> {
  const log: string[] = [];
  const stage = new Stage(transport, log);
  instrument(stage.stream);
  for (const event of EVENTS)
    stage.stream.on(event, (detail: unknown) => log.push(`${event} ${detailOf(detail)}`));
  for (const step of steps) {
    stage.play(step);
    process.nextTick(() => log.push('tick'));
    queueMicrotask(() => log.push('microtask'));
    await new Promise(setImmediate);
    log.push('immediate');
  }
  stage.stream.destroy();
  await new Promise(setImmediate);
  return [...log]; // what has not come by now is left out
}

function detailOf(detail: unknown): string {
  return detail instanceof Error
    ? `${detail.name} ${(detail as NodeJS.ErrnoException).code ?? detail.message}`
    : typeof detail;
}

/** A stream over a transport that does what the script says. */
class Stage {
  readonly stream: Duplex;
  readonly #sink: Duplex;
  readonly #writes: ((error?: Error | null) => void)[] = [];
  #last: Buffer | string | undefined;

  constructor(
    { transport, gathers, allowHalfOpen, decodeStrings }: Omit<Script, 'steps'>,
    private readonly log: string[],
  ) {
    const took = (chunk: unknown, callback: (error?: Error | null) => void): void => {
      log.push(`wire ${text(chunk)}`);
      if (transport === 'at once') callback();
      else this.#writes.push(callback);
    };
    this.stream = new Duplex({
      allowHalfOpen,
      decodeStrings,
      writableHighWaterMark: 20,
      readableHighWaterMark: 20,
      read: () => void log.push('wants more'),
      write: (chunk, _encoding, callback) => {
        took(chunk, callback);
      },
      ...(gathers
        ? {
            writev: (chunks: { chunk: unknown }[], callback: (error?: Error | null) => void) => {
              took(chunks.map(({ chunk }) => text(chunk)).join('+'), callback);
            },
          }
        : {}),
    });
    this.#sink = new Duplex({
      writableHighWaterMark: 10,
      read: () => undefined,
      write: (chunk, _encoding, callback) => {
        log.push(`piped ${text(chunk)}`);
        setImmediate(callback);
      },
    });
  }

  play(step: Step): void {
    try {
      this.log.push(`${step.do}: ${String(this.#play(step))}`);
    } catch (error) {
      this.log.push(`${step.do} throws ${detailOf(error)}`);
    }
  }

  #play(step: Step): unknown {
    const { stream, log } = this;
    switch (step.do) {
      case 'write':
        return this.#write(step.bytes, step.how);
      case 'arrive':
        return stream.readableEnded || stream.destroyed ? 'gone' : stream.push(Buffer.from(step.bytes));
      case 'read':
        return text((this.#last = (stream.read(step.size) as Buffer | string | null) ?? undefined));
      case 'destroy':
        stream.destroy(step.error ? new Error('destroyed') : undefined);
        return stream.destroyed;
      case 'misuse':
        return step.chunk === 'null'
          ? stream.write(null)
          : step.chunk === 'number'
            ? stream.write(7)
            : stream.write('x', 'no-such' as BufferEncoding);
      case 'written':
        return this.#writes.shift()?.();
      case 'fail':
        return this.#writes.shift()?.(new Error('broken'));
      case 'end':
        return stream.end(() => log.push('end callback')) === stream;
      case 'end with':
        return stream.end('last', 'latin1', () => log.push('end callback')) === stream;
      case 'eof':
        return stream.readableEnded || stream.destroyed ? 'gone' : stream.push(null);
      case 'put back':
        return this.#last === undefined || stream.destroyed || stream.readableEnded
          ? 'nothing'
          : stream.unshift(this.#last);
      case 'data':
        return (
          stream.listenerCount('data') < 2 &&
          stream.on('data', (chunk: unknown) => log.push(`data ${text(chunk)}`)) === stream
        );
      case 'readable':
        return (
          stream.listenerCount('readable') < 1 && stream.on('readable', () => log.push('readable')) === stream
        );
      case 'encode':
        return stream.setEncoding('utf8') === stream;
      case 'pipe':
        return stream.pipe(this.#sink) === this.#sink;
      case 'unpipe':
        return stream.unpipe(this.#sink) === stream;
      case 'iterate':
        return void this.#iterate();
      case 'cork':
      case 'uncork':
        return stream[step.do]();
      case 'pause':
      case 'resume':
        return stream[step.do]() === stream;
    }
  }

  #write(bytes: string, how: 'text' | 'buffer' | 'array' | 'callback' | 'hex'): unknown {
    const { stream, log } = this;
    switch (how) {
      case 'text':
        return stream.write(bytes);
      case 'buffer':
        return stream.write(Buffer.from(bytes));
      case 'array':
        return stream.write(new Uint8Array(Buffer.from(bytes)), (error) =>
          log.push(`callback ${detailOf(error)}`),
        );
      case 'callback':
        return stream.write(bytes, 'utf8', (error) => log.push(`callback ${detailOf(error)}`));
      case 'hex':
        return stream.write(Buffer.from(bytes).toString('hex'), 'hex');
    }
  }

  async #iterate(): Promise<void> {
    try {
      for await (const chunk of this.stream) this.log.push(`iterated ${text(chunk)}`);
      this.log.push('iterated');
    } catch (error) {
      this.log.push(`iteration ${detailOf(error)}`);
    }
  }
}

function text(chunk: unknown): string {
  return typeof chunk === 'string'
    ? `'${chunk}'`
    : chunk instanceof Uint8Array
      ? Buffer.from(chunk).toString('latin1')
      : String(chunk);
}
