import { positionText, type OpenLetter, type OpenLetters } from '@halfopen/stream';
import { bold, dim, printable } from './text.js';

/** Bytes of a letter that are shown. */
const SHOWN_BYTES = 24;
const MESSAGE_CHARS_MAX = 200;

/** What is in a letter, and who made it, is not known: nothing of it reaches the terminal but plain characters. */
export function lettersText({ letters, more }: OpenLetters): string {
  if (letters.length === 0 && more === 0) return 'no dead letter is open\n';
  const lines = letters.map(letterText);
  const total = letters.length + more;
  const shown = more === 0 ? '' : `, ${letters.length} of them shown: see --limit, --reason, --since`;
  return `${lines.join('\n')}\n\n${total} open${shown}\n`;
}

function letterText(letter: OpenLetter): string {
  const { reason, bytes, whole, appendedAtMs } = letter;
  const head = `${bold(positionText(letter))}  ${new Date(appendedAtMs).toISOString()}  ${printable(reason)}  ${bytes} bytes`;
  const cut = whole ? '' : ', cut: only its first bytes are kept';
  const message = printable(letter.message.slice(0, MESSAGE_CHARS_MAX));
  return `${head}${cut}\n  ${message}\n  ${dim(bytesText(letter.firstBytes))}`;
}

/** As hex and as ASCII. */
function bytesText(firstBytes: Uint8Array): string {
  const shown = Buffer.from(firstBytes).subarray(0, SHOWN_BYTES);
  const ascii = shown.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
  return `${shown.toString('hex').replace(/(..)(?=.)/g, '$1 ')}  |${ascii}|`;
}
