import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { resultOf, type Result } from '../../model/result.js';
import { duration } from '../../model/time.js';
import { Heading } from '../frame.js';
import { ask } from '../http.js';
import { Failed, Progress } from '../parts/load.js';
import { place, setQuery } from '../router.js';
import { Queries } from './queries.js';
import { ResultTable } from './result-table.js';

const FORMAT = 'JSONCompactStringsEachRowWithNamesAndTypes';

type Run =
  | { readonly state: 'idle' | 'cancelled' }
  | { readonly state: 'running'; readonly stop: AbortController }
  | { readonly state: 'done'; readonly result: Result; readonly ms: number }
  | { readonly state: 'failed'; readonly error: Error };

export function SqlPage(): VNode {
  const asked = place.value.query.get('q') ?? '';
  const [text, setText] = useState(asked);
  const [run, setRun] = useState<Run>({ state: 'idle' });
  const stopRef = useRef<AbortController | undefined>(undefined);
  const start = (sql: string): void => {
    if (sql.trim() === '') return;
    stopRef.current?.abort();
    const stop = new AbortController();
    stopRef.current = stop;
    setQuery({ q: sql });
    setRun({ state: 'running', stop });
    const began = performance.now();
    query(sql, stop.signal).then(
      (result) => {
        if (!stop.signal.aborted) setRun({ state: 'done', result, ms: performance.now() - began });
      },
      (error: unknown) => {
        if (stopRef.current !== stop) return;
        if (stop.signal.aborted) setRun({ state: 'cancelled' });
        else setRun({ state: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
      },
    );
  };
  // An address that holds a query shows its answer: reading harms nothing, and it is bounded.
  useEffect(() => {
    setText(asked);
    start(asked);
    return () => stopRef.current?.abort();
  }, []);
  const choose = (sql: string): void => {
    setText(sql);
    start(sql);
  };
  return (
    <div class="sql">
      <Heading title="SQL" />
      <div class="sql-columns">
        <Queries text={text} onChoose={choose} />
        <div>
          <Editor
            text={text}
            setText={setText}
            start={start}
            running={run.state === 'running'}
            cancel={() => stopRef.current?.abort()}
          />
          <Progress loading={run.state === 'running'} of="the answer" />
          <Answer
            run={run}
            again={() => {
              start(text);
            }}
          />
        </div>
      </div>
    </div>
  );
}

async function query(sql: string, abort: AbortSignal): Promise<Result> {
  const response = await ask('POST', '/api/v1/sql', { query: sql, format: FORMAT }, abort);
  return resultOf(await response.text());
}

function Editor({
  text,
  setText,
  start,
  running,
  cancel,
}: {
  text: string;
  setText: (text: string) => void;
  start: (text: string) => void;
  running: boolean;
  cancel: () => void;
}): VNode {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    start(text);
  };
  return (
    <div class="editor">
      <label for="sql" class="hidden">
        SQL, read-only; Ctrl+Enter runs it
      </label>
      <textarea
        id="sql"
        rows={10}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        value={text}
        placeholder={
          'SELECT channel_id, state, why FROM fleet\n\nAn example from the list is a good beginning.'
        }
        onInput={(event) => {
          setText(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      <div class="actions">
        <button
          type="button"
          class="primary"
          disabled={running}
          onClick={() => {
            start(text);
          }}
        >
          Run <kbd>Ctrl+Enter</kbd>
        </button>
        {running && (
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        )}
        <span class="muted">ClickHouse SQL, read-only. The address holds the query: share it.</span>
      </div>
    </div>
  );
}

function Answer({ run, again }: { run: Run; again: () => void }): VNode | null {
  switch (run.state) {
    case 'idle':
      return null;
    case 'running':
      return null;
    case 'cancelled':
      return <p class="note">Cancelled.</p>;
    case 'failed':
      return <Failed what="The query failed" error={run.error} again={again} />;
    case 'done':
      return <ResultTable result={run.result} took={duration(run.ms)} />;
  }
}
