import { inspect } from 'node:util';

/** What stands where a secret would. */
export const HIDDEN = '(secret)';

/** A key or an address that must not be shown. However it is printed, logged or serialised, it shows {@link HIDDEN}. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The one way to the value: for the call that needs it, never for a message. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/** Takes the secrets out of a text from outside, such as an answer that repeats the request, however it wrote them. */
export function scrub(text: string, secrets: readonly Secret[]): string {
  let clean = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value === '') continue;
    const written = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)];
    for (const form of written) clean = clean.replaceAll(form, HIDDEN);
  }
  return clean;
}
