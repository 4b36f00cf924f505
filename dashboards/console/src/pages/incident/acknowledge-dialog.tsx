import type { Incident } from '@halfopen/telemetry';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { sendJson } from '../http.js';
import { Dialog } from '../parts/dialog.js';
import { rememberedName, rememberName } from '../parts/person.js';

export function AcknowledgeDialog({
  incident,
  onClose,
}: {
  incident: Incident;
  onClose: (done: boolean) => void;
}): VNode {
  const [error, setError] = useState<string>();
  const [by, setBy] = useState(rememberedName());
  const [note, setNote] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await sendJson('POST', `/api/v1/incidents/${encodeURIComponent(incident.id)}/acknowledge`, {
        by,
        note,
      });
      rememberName(by);
      onClose(true);
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause));
    }
  };
  return (
    <Dialog
      title="Acknowledge: you have it"
      onClose={() => {
        onClose(false);
      }}
    >
      <form onSubmit={(event) => void submit(event)}>
        <p class="muted">{incident.summary}</p>
        <label for="by">Your name</label>
        <input
          id="by"
          autofocus
          required
          maxLength={128}
          value={by}
          onInput={(event) => {
            setBy(event.currentTarget.value);
          }}
        />
        <label for="note">Note (optional)</label>
        <textarea
          id="note"
          rows={3}
          maxLength={1000}
          value={note}
          onInput={(event) => {
            setNote(event.currentTarget.value);
          }}
        />
        {error !== undefined && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <footer>
          <button
            type="button"
            onClick={() => {
              onClose(false);
            }}
          >
            Cancel
          </button>
          <button type="submit" class="primary">
            Acknowledge
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
