/** What has to be ended, the last one begun first. */
export class Undo {
  readonly #ends: (() => unknown)[] = [];

  push(end: () => unknown): void {
    this.#ends.push(end);
  }

  async run(): Promise<void> {
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) await end();
  }
}
