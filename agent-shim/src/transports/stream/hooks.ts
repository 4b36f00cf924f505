type Method = (this: unknown, ...args: unknown[]) => unknown;

interface Hook {
  readonly target: object;
  readonly name: string;
  readonly own: PropertyDescriptor | undefined;
  readonly mine: Method;
}

/** Methods that are replaced on instances, and given back. What replaces one is never seen in a listing of its keys. */
export class Hooks {
  readonly #hooks: Hook[] = [];
  #released = false;

  /**
   * @param around is given what calls the original, with the same `this` and arguments, and the arguments; what it returns
   *   or throws the caller gets
   */
  replace(target: object, name: string, around: (call: () => unknown, args: unknown[]) => unknown): void {
    const original = Reflect.get(target, name) as Method | undefined | null;
    if (typeof original !== 'function') return; // a stream may have no `_writev`, and then must not seem to have one
    const released = (): boolean => this.#released;
    const mine: Method = function (...args) {
      if (released()) return Reflect.apply(original, this, args);
      return around(() => Reflect.apply(original, this, args), args);
    };
    const own = Reflect.getOwnPropertyDescriptor(target, name);
    this.#hooks.push({ target, name, own, mine });
    Object.defineProperty(target, name, {
      value: mine,
      writable: true,
      configurable: true,
      enumerable: false,
    });
  }

  /** What somebody else has replaced since is theirs, and goes on calling ours, which then only passes on. */
  release(): void {
    this.#released = true;
    for (const { target, name, own, mine } of this.#hooks.splice(0).reverse()) {
      if (Reflect.get(target, name) !== mine) continue;
      if (own === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, own);
    }
  }
}
