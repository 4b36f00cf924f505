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
  return secrets
    .flatMap(formsOf)
    .sort((a, b) => b.length - a.length)
    .reduce((clean, form) => clean.replaceAll(form, HIDDEN), text);
}

/** Characters of the longest way to write one of the secrets. */
export function longestForm(secrets: readonly Secret[]): number {
  return Math.max(1, ...secrets.flatMap(formsOf).map((form) => form.length));
}

/** As it is, in JSON, in an address; never empty. */
function formsOf(secret: Secret): string[] {
  const value = secret.reveal();
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)].filter((form) => form !== '');
}
