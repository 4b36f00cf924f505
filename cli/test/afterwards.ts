import type { TestContext } from 'node:test';

const pending = new WeakMap<TestContext, (() => unknown)[]>();

/**
 * What has to be ended when the test is over: the last one first, so that a folder goes after what writes into it, and
 * each one even where another fails. (`t.after` runs them in the order given, and none behind one that throws: a
 * broker that stays keeps the file's process alive for ever.)
 */
export function afterwards(t: TestContext, end: () => unknown): void {
  const ends = pending.get(t);
  if (ends !== undefined) {
    ends.push(end);
    return;
  }
  const all = [end];
  pending.set(t, all);
  t.after(async () => {
    const errors: unknown[] = [];
    for (const each of all.reverse()) {
      try {
        await each();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, 'several clean-ups failed');
  });
}
