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
  | { readonly do: 'misuse'; readonly chunk: keyof typeof MISUSES }
  | PlainStep;

/** Steps of which there is no more to say. */
interface PlainStep {
  readonly do: Plain;
}

/** What nobody should write. */
const MISUSES = {
  null: (stream: Duplex) => stream.write(null),
  number: (stream: Duplex) => stream.write(7),
  encoding: (stream: Duplex) => stream.write('x', 'no-such' as BufferEncoding),
};

type Plain =
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

const OTHERS = new Set<string>(['write', 'arrive', 'read', 'destroy', 'misuse']);

function isPlain(step: Step): step is PlainStep {
  return !OTHERS.has(step.do);
}

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
);

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
    if (isPlain(step)) return this.#plain[step.do]();
    switch (step.do) {
      case 'write':
        return this.#write(step.bytes, step.how);
      case 'arrive':
        return this.#gone ? 'gone' : this.stream.push(Buffer.from(step.bytes));
      case 'read':
        this.#last = (this.stream.read(step.size) as Buffer | string | null) ?? undefined;
        return text(this.#last);
      case 'destroy':
        return this.stream.destroy(step.error ? new Error('destroyed') : undefined).destroyed;
      case 'misuse':
        return MISUSES[step.chunk](this.stream);
    }
  }

  get #gone(): boolean {
    return this.stream.readableEnded || this.stream.destroyed;
  }

  /** Steps of one word. */
  readonly #plain: Readonly<Record<Plain, () => unknown>> = {
    cork: () => {
      this.stream.cork();
    },
    uncork: () => {
      this.stream.uncork();
    },
    written: () => this.#writes.shift()?.(),
    fail: () => this.#writes.shift()?.(new Error('broken')),
    end: () => this.stream.end(() => this.log.push('end callback')) === this.stream,
    'end with': () => this.stream.end('last', 'latin1', () => this.log.push('end callback')) === this.stream,
    eof: () => (this.#gone ? 'gone' : this.stream.push(null)),
    'put back': () => {
      if (this.#last !== undefined && !this.#gone) this.stream.unshift(this.#last);
    },
    data: () =>
      this.stream.listenerCount('data') < 2 &&
      this.stream.on('data', (chunk: unknown) => this.log.push(`data ${text(chunk)}`)) === this.stream,
    readable: () =>
      this.stream.listenerCount('readable') < 1 &&
      this.stream.on('readable', () => this.log.push('readable')) === this.stream,
    pause: () => this.stream.pause() === this.stream,
    resume: () => this.stream.resume() === this.stream,
    encode: () => this.stream.setEncoding('utf8') === this.stream,
    pipe: () => this.stream.pipe(this.#sink) === this.#sink,
    unpipe: () => this.stream.unpipe(this.#sink) === this.stream,
    iterate: () => {
      void this.#iterate();
    },
  };

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
