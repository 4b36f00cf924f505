import type { VNode } from 'preact';
import { Dialog } from './dialog.js';

/** Where the browser does not let a page copy (plain http, beyond this machine), the viewer does. */
export function TextDialog({ text, onClose }: { text: string; onClose: () => void }): VNode {
  return (
    <Dialog wide title="Copy this" onClose={onClose}>
      <textarea
        rows={20}
        readOnly
        aria-label="Text to copy"
        value={text}
        onFocus={(event) => {
          event.currentTarget.select();
        }}
      />
    </Dialog>
  );
}
