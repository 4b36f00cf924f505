/** Exit codes that scripts may rely on (documented in cli/README.md). */
export const EXIT = {
  ok: 0,
  /** The command could not do its work. */
  failed: 1,
  /** The call or the configuration is wrong. */
  usage: 2,
  /** Another process owns the data directory, and it could not be reached. */
  inUse: 3,
} as const;

/** Something that a person has to be told, in one message that says what, where and what would be right. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    message: string,
    readonly exitCode: (typeof EXIT)[keyof typeof EXIT] = EXIT.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
