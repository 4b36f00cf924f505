import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

/** Rows beyond the edges, so that a quick hand does not see them come. */
const BEYOND = 8;

export interface RowWindow {
  readonly ref: RefObject<HTMLDivElement | null>;
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
  readonly onScroll: () => void;
  /** Brings a row into sight. */
  readonly reveal: (index: number) => void;
}

/** Which rows of a long list are to be drawn: what is scrolled to, and a little more. */
export function useRowWindow(rows: number, row_px: number): RowWindow {
  const ref = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ first: 0, visible: 40 });
  const look = useCallback(() => {
    const box = ref.current;
    if (box === null) return;
    const first = Math.floor(box.scrollTop / row_px);
    const visible = Math.ceil(box.clientHeight / row_px) + 1;
    setSeen((before) => (before.first === first && before.visible === visible ? before : { first, visible }));
  }, [row_px]);
  useEffect(() => {
    const box = ref.current;
    if (box === null) return undefined;
    look();
    const watcher = new ResizeObserver(look);
    watcher.observe(box);
    return () => {
      watcher.disconnect();
    };
  }, [look]);
  const reveal = useCallback(
    (index: number) => {
      const box = ref.current;
      if (box === null) return;
      const top = index * row_px;
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + row_px > box.scrollTop + box.clientHeight)
        box.scrollTop = top + row_px - box.clientHeight;
      look();
    },
    [look, row_px],
  );
  return {
    ref,
    first: Math.max(0, Math.min(seen.first - BEYOND, rows)),
    end: Math.min(rows, seen.first + seen.visible + BEYOND),
    onScroll: look,
    reveal,
  };
}

/** Where a key leads in a list; undefined: it is none of those. */
export function stepTo(key: string, at: number, page: number, rows: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: rows - 1,
  };
  return steps[key];
}
