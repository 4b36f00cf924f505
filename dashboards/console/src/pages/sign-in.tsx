import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { signIn } from './http.js';
import { Heading } from './frame.js';

export function SignIn(): VNode {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(field.current?.value ?? '');
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause));
      setBusy(false);
      field.current?.select();
    }
  };
  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <Heading title="Sign in" />
        <p class="muted">
          This halfopen asks for its token: <code>token</code> or <code>tokenFile</code> in its configuration.
        </p>
        <label for="token">Token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autocomplete="current-password"
          required
          aria-describedby={error === undefined ? undefined : 'sign-in-error'}
          aria-invalid={error !== undefined}
        />
        {error !== undefined && (
          <p id="sign-in-error" class="error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy}>
          Sign in
        </button>
      </form>
    </main>
  );
}
