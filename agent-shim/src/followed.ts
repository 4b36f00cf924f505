import type { Guard } from './guard.js';

/** Calls a handler and ends its stage when it has ended, be it a promise; returns or throws what the handler does. */
export function followed<T>(
  guard: Guard,
  done: ((error?: unknown) => void) | undefined,
  handler: () => T,
): T {
  const end = (error?: unknown): void => {
    guard.run(() => done?.(error));
  };
  let result: T;
  try {
    result = handler();
  } catch (error) {
    end(error ?? '_OTHER');
    throw error;
  }
  // Only promises: other thenables may begin their work when `then` is called.
  if (!(result instanceof Promise)) {
    end();
    return result;
  }
  // Rejects as the handler's does, so that a rejection which nobody handles stays one.
  return result.then(
    (value: unknown) => {
      end();
      return value;
    },
    (error: unknown) => {
      end(error ?? '_OTHER');
      throw error;
    },
  ) as T;
}
