import { StoreError } from '../store.js';

/** Why SQL written by people got no answer. */
export type PeopleSqlErrorCode =
  /** The text is longer than `textBytesMax`. */
  | 'text-too-long'
  /** Not one statement that the engine's parser knows. */
  | 'syntax'
  /** A statement, or a part of one, that is not for reading, or that hides what it reads. */
  | 'statement-refused'
  | 'function-refused'
  | 'table-refused'
  | 'settings-refused'
  /** A setting, given with the request, that is not taken. */
  | 'setting-unknown'
  /** One that is taken, with a value that is none of its own. */
  | 'setting-wrong'
  | 'format-refused'
  /** A `{name:Type}` without a value, or one that is not a value. */
  | 'parameter-refused'
  /** Time, memory, depth or size: the engine or the gate stopped it. */
  | 'limit-exceeded'
  /** Too many queries at once, or this one waited too long. */
  | 'busy'
  | 'cancelled'
  /** The engine's own error, in its own words. */
  | 'query-failed'
  /** The engine runs elsewhere and does not answer. */
  | 'unavailable'
  | 'closed';

/** An error of the engine, as ClickHouse numbers and names it: 60, UNKNOWN_TABLE. */
export interface EngineErrorCode {
  readonly number: number;
  readonly name: string;
}

export class PeopleSqlError extends Error {
  override readonly name = 'PeopleSqlError';
  /** Where the engine said no, not the gate. */
  readonly engine: EngineErrorCode | undefined;

  constructor(
    readonly code: PeopleSqlErrorCode,
    /** For the person who wrote the query: what was refused, why, what is allowed instead. */
    message: string,
    options?: ErrorOptions & { readonly engine?: EngineErrorCode | undefined },
  ) {
    super(message, options);
    this.engine = options?.engine;
  }

  /** May the very same call succeed later? */
  get retryable(): boolean {
    return this.code === 'busy' || this.code === 'unavailable';
  }
}

const ENGINE_MESSAGE_CHARS_MAX = 600;

/** Error codes of ClickHouse (src/Common/ErrorCodes.cpp) that are somebody's limit. */
const LIMIT_CODES = new Set([
  158, // TOO_MANY_ROWS
  159, // TIMEOUT_EXCEEDED
  167, // TOO_DEEP_AST
  168, // TOO_BIG_AST
  191, // SET_SIZE_LIMIT_EXCEEDED
  241, // MEMORY_LIMIT_EXCEEDED
  306, // TOO_DEEP_RECURSION
  307, // TOO_MANY_BYTES
  396, // TOO_MANY_ROWS_OR_BYTES
]);
const SYNTAX_ERROR = 62;
const READONLY = 164;
const QUERY_WAS_CANCELLED = 394;

/** What the engine threw, as an error with a code. */
export function fromEngine(error: unknown): PeopleSqlError {
  if (error instanceof StoreError)
    return new PeopleSqlError(error.code === 'closed' ? 'closed' : 'unavailable', error.message, {
      cause: error,
    });
  const text = error instanceof Error ? error.message : String(error);
  // The parser is asked through a function call, which the engine quotes at length: of no use to the reader.
  const said = text.replace(/: In scope SELECT formatQuerySingleLine\(.*$/s, '');
  const message =
    said.length > ENGINE_MESSAGE_CHARS_MAX ? `${said.slice(0, ENGINE_MESSAGE_CHARS_MAX)}...` : said;
  const engine = engineCodeOf(text);
  return new PeopleSqlError(codeOf(engine?.number), message, { cause: error, engine });
}

/** The number begins the message, the name in brackets ends it. */
function engineCodeOf(text: string): EngineErrorCode | undefined {
  const number = Number(/^Code: (\d+)\./.exec(text)?.[1]);
  if (Number.isNaN(number)) return undefined;
  const name = /\(([A-Z][A-Z0-9_]+)\)\s*$/.exec(text)?.[1];
  // A message that quotes a NUL ends there.
  return { number, name: name ?? (number === SYNTAX_ERROR ? 'SYNTAX_ERROR' : 'UNKNOWN_EXCEPTION') };
}

function codeOf(engineCode: number | undefined): PeopleSqlErrorCode {
  if (engineCode === undefined) return 'query-failed';
  if (LIMIT_CODES.has(engineCode)) return 'limit-exceeded';
  if (engineCode === SYNTAX_ERROR) return 'syntax';
  if (engineCode === READONLY) return 'statement-refused';
  if (engineCode === QUERY_WAS_CANCELLED) return 'cancelled';
  return 'query-failed';
}

/** Why the signal was aborted, as an error. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new PeopleSqlError('cancelled', String(reason));
}

/** Rejects with the signal's reason once it is aborted. */
export function rejectionOf(signal: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_resolve, reject) => {
    const onAbort = () => {
      reject(abortReason(signal));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  rejection.catch(() => undefined); // whoever races it need not be there any more
  return rejection;
}
