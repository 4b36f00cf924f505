import { PeopleSqlError, type PeopleSqlErrorCode } from '@halfopen/store';

/** An error as ClickHouse's clients know it: a number, a name, an HTTP status (src/Common/ErrorCodes.cpp). */
export class ClickHouseException extends Error {
  override readonly name = 'ClickHouseException';

  constructor(
    readonly code: ErrorName,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Those that we answer by ourselves. */
const NUMBERS = {
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  UNKNOWN_TABLE: 60,
  SYNTAX_ERROR: 62,
  UNKNOWN_FORMAT: 73,
  UNKNOWN_DATABASE: 81,
  UNKNOWN_COMPRESSION_METHOD: 89,
  UNKNOWN_SETTING: 115,
  INCORRECT_DATA: 117,
  TIMEOUT_EXCEEDED: 159,
  READONLY: 164,
  REQUIRED_PASSWORD: 194,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  QUERY_IS_TOO_LARGE: 229,
  ABORTED: 236,
  QUERY_WAS_CANCELLED: 394,
  UNKNOWN_QUERY_PARAMETER: 456,
  ACCESS_DENIED: 497,
  AUTHENTICATION_FAILED: 516,
  UNKNOWN_EXCEPTION: 1002,
} as const;

export type ErrorName = keyof typeof NUMBERS;

/** What the gate's refusals and limits are called in ClickHouse. */
const OF_PEOPLE_SQL: Readonly<Record<PeopleSqlErrorCode, ErrorName>> = {
  'text-too-long': 'QUERY_IS_TOO_LARGE',
  syntax: 'SYNTAX_ERROR',
  'statement-refused': 'READONLY',
  'function-refused': 'ACCESS_DENIED',
  'table-refused': 'UNKNOWN_TABLE',
  'settings-refused': 'READONLY',
  'setting-unknown': 'UNKNOWN_SETTING',
  'setting-wrong': 'BAD_ARGUMENTS',
  'format-refused': 'UNKNOWN_FORMAT',
  'parameter-refused': 'UNKNOWN_QUERY_PARAMETER',
  'limit-exceeded': 'TIMEOUT_EXCEEDED',
  busy: 'TOO_MANY_SIMULTANEOUS_QUERIES',
  cancelled: 'QUERY_WAS_CANCELLED',
  'query-failed': 'UNKNOWN_EXCEPTION',
  unavailable: 'ABORTED',
  closed: 'ABORTED',
};

/** As ClickHouse maps them (src/Server/HTTP/exceptionCodeToHTTPStatus.cpp); what is not named is a 500. */
const STATUSES: readonly (readonly [status: number, names: readonly string[]])[] = [
  [401, ['REQUIRED_PASSWORD']],
  [403, ['ACCESS_DENIED', 'AUTHENTICATION_FAILED', 'SET_NON_GRANTED_ROLE', 'UNKNOWN_USER', 'WRONG_PASSWORD']],
  [
    400,
    `BAD_ARGUMENTS CANNOT_COMPILE_REGEXP CANNOT_PARSE_DATE CANNOT_PARSE_DATETIME CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING
    CANNOT_PARSE_ESCAPE_SEQUENCE CANNOT_PARSE_INPUT_ASSERTION_FAILED CANNOT_PARSE_IPV4 CANNOT_PARSE_IPV6
    CANNOT_PARSE_NUMBER CANNOT_PARSE_QUOTED_STRING CANNOT_PARSE_TEXT CANNOT_PARSE_UUID DUPLICATE_COLUMN ILLEGAL_COLUMN
    INCORRECT_DATA SYNTAX_ERROR THERE_IS_NO_COLUMN TOO_BIG_AST TOO_DEEP_AST TYPE_MISMATCH UNEXPECTED_AST_STRUCTURE
    UNKNOWN_ELEMENT_IN_AST UNKNOWN_TYPE_OF_AST_NODE VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE`.split(/\s+/),
  ],
  [
    404,
    `UNKNOWN_AGGREGATE_FUNCTION UNKNOWN_DATABASE UNKNOWN_DATABASE_ENGINE UNKNOWN_DIRECTION_OF_SORTING UNKNOWN_FORMAT
    UNKNOWN_FUNCTION UNKNOWN_IDENTIFIER UNKNOWN_ROLE UNKNOWN_SETTING UNKNOWN_STORAGE UNKNOWN_TABLE UNKNOWN_TYPE
    UNKNOWN_TYPE_OF_QUERY`.split(/\s+/),
  ],
  [413, ['QUERY_IS_TOO_LARGE']],
  [501, ['NOT_IMPLEMENTED']],
  [503, ['CANNOT_OPEN_FILE', 'CANNOT_SCHEDULE_TASK', 'SOCKET_TIMEOUT']],
  [408, ['TIMEOUT_EXCEEDED']],
  // Where ClickHouse says 500, and it is not the server that is at fault: 5xx must stay a reason to look at us.
  [403, ['READONLY']],
  [400, ['UNKNOWN_QUERY_PARAMETER']],
  [415, ['UNKNOWN_COMPRESSION_METHOD']],
  [429, ['TOO_MANY_SIMULTANEOUS_QUERIES']],
  [503, ['ABORTED']],
];
const STATUS_BY_NAME = new Map(STATUSES.flatMap(([status, names]) => names.map((name) => [name, status])));

/** What is sent of an error. */
export interface ErrorAnswer {
  readonly status: number;
  readonly number: number;
  readonly name: string;
  /** `Code: 62. DB::Exception: ... (SYNTAX_ERROR) (version 26.7.2.1)`: clients look for the number and the name. */
  readonly text: string;
}

export function errorAnswer(error: unknown, version: string): ErrorAnswer {
  const { number, name, message } = known(error);
  const said = message.replace(/^Code: \d+\. DB::Exception: /, '').replace(/ \([A-Z][A-Z0-9_]+\)\s*$/, '');
  return {
    status: STATUS_BY_NAME.get(name) ?? 500,
    number,
    name,
    text: `Code: ${number}. DB::Exception: ${said.replace(/\.$/, '')}. (${name}) (version ${version})`,
  };
}

/** Errors that somebody may cause by what he asks; any other is our own fault. */
export function isForeseen(error: unknown): boolean {
  return error instanceof ClickHouseException || error instanceof PeopleSqlError;
}

function known(error: unknown): { number: number; name: string; message: string } {
  if (error instanceof ClickHouseException)
    return { number: NUMBERS[error.code], name: error.code, message: error.message };
  if (error instanceof PeopleSqlError) {
    const name = OF_PEOPLE_SQL[error.code];
    return { ...(error.engine ?? { number: NUMBERS[name], name }), message: error.message };
  }
  // An error that nobody has thought of: its words may tell of our insides.
  return {
    number: NUMBERS.UNKNOWN_EXCEPTION,
    name: 'UNKNOWN_EXCEPTION',
    message: 'unexpected error, see the log',
  };
}
