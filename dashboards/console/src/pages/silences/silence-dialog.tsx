import type { SilenceMatchers } from '@halfopen/telemetry';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { clock } from '../../model/time.js';
import { sendJson } from '../http.js';
import { Dialog } from '../parts/dialog.js';
import { rememberedName, rememberName } from '../parts/person.js';

const HOURS = [1, 4, 12, 24, 72] as const;
const HOUR_MS = 3_600_000;

/** Holds notifications back. The incident is still seen, and rules go on. */
export function SilenceDialog({
  matchers,
  about,
  onClose,
}: {
  /** Undefined: they are asked for. */
  matchers?: SilenceMatchers;
  about?: string;
  onClose: (done: boolean) => void;
}): VNode {
  const [error, setError] = useState<string>();
  const [by, setBy] = useState(rememberedName());
  const [reason, setReason] = useState('');
  const [hours, setHours] = useState<number>(HOURS[0]);
  const [kind, setKind] = useState<keyof SilenceMatchers>('channel');
  const [value, setValue] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const until = new Date(Date.now() + hours * HOUR_MS).toISOString();
      await sendJson('POST', '/api/v1/silences', {
        matchers: matchers ?? { [kind]: value },
        until,
        reason,
        by,
      });
      rememberName(by);
      onClose(true);
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause));
    }
  };
  return (
    <Dialog
      title="Silence: nobody is told"
      onClose={() => {
        onClose(false);
      }}
    >
      <form onSubmit={(event) => void submit(event)}>
        {about !== undefined && <p class="muted">{about}</p>}
        {matchers === undefined && (
          <Matcher kind={kind} setKind={setKind} value={value} setValue={setValue} />
        )}
        <Until hours={hours} setHours={setHours} />
        <label for="reason">Why</label>
        <input
          id="reason"
          autofocus={matchers !== undefined}
          required
          maxLength={1000}
          value={reason}
          onInput={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
        <label for="silence-by">Your name</label>
        <input
          id="silence-by"
          required
          maxLength={128}
          value={by}
          onInput={(event) => {
            setBy(event.currentTarget.value);
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
            Silence
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function Until({ hours, setHours }: { hours: number; setHours: (hours: number) => void }): VNode {
  return (
    <>
      <label for="until">For</label>
      <select
        id="until"
        value={String(hours)}
        onChange={(event) => {
          setHours(Number(event.currentTarget.value));
        }}
      >
        {HOURS.map((one) => (
          <option key={one} value={String(one)}>
            {one} h, until {clock(Date.now() + one * HOUR_MS).slice(0, 5)}
          </option>
        ))}
      </select>
    </>
  );
}

function Matcher({
  kind,
  setKind,
  value,
  setValue,
}: {
  kind: keyof SilenceMatchers;
  setKind: (kind: keyof SilenceMatchers) => void;
  value: string;
  setValue: (value: string) => void;
}): VNode {
  return (
    <>
      <label for="matcher">Incidents of one</label>
      <select
        id="matcher"
        autofocus
        value={kind}
        onChange={(event) => {
          setKind(event.currentTarget.value as keyof SilenceMatchers);
        }}
      >
        <option value="channel">channel</option>
        <option value="site">site</option>
        <option value="rule">rule</option>
        <option value="incident">incident id</option>
      </select>
      <label for="matcher-value">Which {kind}</label>
      <input
        id="matcher-value"
        required
        maxLength={512}
        value={value}
        onInput={(event) => {
          setValue(event.currentTarget.value);
        }}
      />
    </>
  );
}
