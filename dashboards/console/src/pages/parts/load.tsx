import { useCallback, useEffect, useState } from 'preact/hooks';
import type { ComponentChildren, VNode } from 'preact';

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: Error | undefined;
  readonly loading: boolean;
  readonly again: () => void;
}

/** Asks when the key changes, and gives up what nobody waits for any more. What was there stays until the new is. */
export function useLoad<T>(key: string, load: (abort: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: Error; loading: boolean }>({ loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...(before.data === undefined ? {} : { data: before.data }), loading: true }));
    load(stop.signal).then(
      (data) => {
        if (!stop.signal.aborted) setState({ data, loading: false });
      },
      (error: unknown) => {
        if (!stop.signal.aborted)
          setState({ error: error instanceof Error ? error : new Error(String(error)), loading: false });
      },
    );
    return () => {
      stop.abort();
    };
  }, [key, turn]);
  const again = useCallback(() => {
    setTurn((before) => before + 1);
  }, []);
  return { data: state.data, error: state.error, loading: state.loading, again };
}

/** Sooner, progress would only flicker. */
const SLOW_MS = 300;

export function useSlow(loading: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!loading) {
      setSlow(false);
      return undefined;
    }
    const timer = setTimeout(() => {
      setSlow(true);
    }, SLOW_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [loading]);
  return slow;
}

/** A thin line that moves while something is awaited. Its room is always there, so nothing jumps. */
export function Progress({ loading, of }: { loading: boolean; of: string }): VNode {
  const slow = useSlow(loading);
  return (
    <div class={slow ? 'progress on' : 'progress'} role="status">
      {slow && <span class="hidden">{`Loading ${of} …`}</span>}
    </div>
  );
}

export function Failed({
  what,
  error,
  again,
}: {
  what: string;
  error: Error;
  again?: (() => void) | undefined;
}): VNode {
  return (
    <div class="failed" role="alert">
      <strong>{what}</strong>
      <p>{error.message}</p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }): VNode {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}
