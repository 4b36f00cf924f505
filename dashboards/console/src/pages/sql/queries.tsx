import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { EXAMPLES } from '../../model/examples.js';
import { forget, save, saved } from './saved.js';

/** What can be asked with one click: examples, and what was kept. */
export function Queries({ text, onChoose }: { text: string; onChoose: (sql: string) => void }): VNode {
  const [title, setTitle] = useState('');
  return (
    <aside class="queries" aria-label="Queries">
      <h2>Examples</h2>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example.title}>
            <button
              type="button"
              class="quiet"
              onClick={() => {
                onChoose(example.sql);
              }}
            >
              {example.title}
            </button>
          </li>
        ))}
      </ul>
      <h2>Saved in this browser</h2>
      {saved.value.length === 0 && <p class="muted">None yet.</p>}
      <ul>
        {saved.value.map((one) => (
          <li key={one.title}>
            <button
              type="button"
              class="quiet"
              onClick={() => {
                onChoose(one.sql);
              }}
            >
              {one.title}
            </button>
            <button
              type="button"
              class="quiet"
              aria-label={`Forget ${one.title}`}
              onClick={() => {
                forget(one.title);
              }}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
      <form
        class="save"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '' && title.trim() !== '') save(title.trim(), text);
          setTitle('');
        }}
      >
        <label for="save-title" class="hidden">
          Name to save the query by
        </label>
        <input
          id="save-title"
          placeholder="Save as …"
          maxLength={100}
          value={title}
          onInput={(event) => {
            setTitle(event.currentTarget.value);
          }}
        />
        <button type="submit">Save</button>
      </form>
    </aside>
  );
}
