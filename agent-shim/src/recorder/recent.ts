/** The last frames of a connection, by id: for the stages that refer to a frame later. The oldest make way. */
export class Recent<T> {
  readonly #entries = new Map<string, T>();

  constructor(private readonly max: number) {}

  get(id: string): T | undefined {
    return this.#entries.get(id);
  }

  set(id: string, entry: T): void {
    this.#entries.delete(id); // sent again: it is the newest now
    this.#entries.set(id, entry);
    if (this.#entries.size <= this.max) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
