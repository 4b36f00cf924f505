/** The last frames of a connection, by id: for the stages that refer to a frame later. The oldest make way. */
export class Recent<T> {
  readonly #entries = new Map<string, T>();

  constructor(private readonly max: number) {}

  get(id: string): T | undefined {
    return this.#entries.get(id);
  }

  set(id: string, entry: T): void {
    this.add(id, entry);
    this.trim();
  }

  /** Without making room yet: {@link trim} does, as soon as the newest ones may be forgotten as well. */
  add(id: string, entry: T): void {
    this.#entries.delete(id); // sent again: it is the newest now
    this.#entries.set(id, entry);
  }

  trim(): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.max) return;
      this.#entries.delete(oldest);
    }
  }
}
