/** Bytes that all requests under way may hold together. */
export class ByteBudget {
  private held = 0;
  private released: () => void = () => undefined;

  constructor(private readonly bytesMax: number) {}

  get bytesHeld(): number {
    return this.held;
  }

  /** Called whenever bytes are given back. */
  onRelease(released: () => void): void {
    this.released = released;
  }

  lease(): Lease {
    let leased = 0;
    return {
      hold: (bytes) => {
        const held = this.held - leased + bytes;
        if (bytes > leased && held > this.bytesMax) return false;
        this.held = held;
        const fewer = bytes < leased;
        leased = bytes;
        if (fewer) this.released();
        return true;
      },
    };
  }
}

/** One request's share. */
export interface Lease {
  /** Now holds so many bytes in all, 0 to end; false, and nothing changes, where the budget does not allow for more. */
  hold(bytes: number): boolean;
}
