import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { csvOf } from '../../model/csv.js';
import { isNumber, ROWS_MAX, type Result } from '../../model/result.js';
import { count } from '../../model/words.js';
import { copy } from '../parts/bits.js';
import { useRowWindow } from '../parts/window.js';

const ROW_PX = 26;

/** Rows of an answer; only those in sight are drawn. */
export function ResultTable({ result, took }: { result: Result; took: string }): VNode {
  const { names, types, rows, total } = result;
  const { ref, first, end, onScroll } = useRowWindow(rows.length, ROW_PX);
  return (
    <section class="result" aria-label="Answer">
      <div class="actions">
        <strong role="status">
          {count(total, 'row')} in {took}
        </strong>
        {total > ROWS_MAX && <span class="note">the first {ROWS_MAX.toLocaleString('en')} are shown</span>}
        <Export result={result} />
      </div>
      {names.length > 0 && (
        <div
          class="result-box"
          ref={ref}
          onScroll={onScroll}
          tabIndex={0}
          role="region"
          aria-label="Rows, scrollable"
        >
          <table class="table" aria-rowcount={rows.length + 1}>
            <thead>
              <tr>
                {names.map((name, index) => (
                  <th key={name} scope="col" title={types[index]}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {first > 0 && <tr aria-hidden="true" style={{ height: `${first * ROW_PX}px` }} />}
              {rows.slice(first, end).map((row, offset) => (
                <tr key={first + offset} aria-rowindex={first + offset + 2}>
                  {row.map((cell, index) => (
                    <td key={names[index]} class={isNumber(types[index] ?? '') ? 'number' : ''} title={cell}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
              {end < rows.length && (
                <tr aria-hidden="true" style={{ height: `${(rows.length - end) * ROW_PX}px` }} />
              )}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Export({ result }: { result: Result }): VNode {
  const [said, setSaid] = useState<string>();
  const text = (): string => csvOf(result.names, result.rows);
  const download = (): void => {
    const address = URL.createObjectURL(new Blob([text()], { type: 'text/csv' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = 'halfopen.csv';
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <>
      <button
        type="button"
        onClick={() => {
          copy(text()).then(
            () => {
              setSaid('copied');
            },
            (error: unknown) => {
              setSaid(String(error));
            },
          );
        }}
      >
        Copy CSV
      </button>
      <button type="button" onClick={download}>
        Download CSV
      </button>
      <span role="status" class="muted">
        {said}
      </span>
    </>
  );
}
