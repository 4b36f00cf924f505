const COLUMNS = 80;

const coloured = (): boolean => process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

export function bold(text: string): string {
  return coloured() ? `\u001b[1m${text}\u001b[22m` : text;
}

export function dim(text: string): string {
  return coloured() ? `\u001b[2m${text}\u001b[22m` : text;
}

/** Breaks at spaces; the first line begins with `lead`, the others are indented as far. Words are never cut. */
export function wrap(text: string, lead: string): string {
  const indent = ' '.repeat(lead.length);
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    if (line !== '' && lead.length + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((part, index) => (index === 0 ? lead : indent) + part).join('\n');
}

/** Names come from outside: a terminal must not obey them, nor turn their direction around. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}|\p{Bidi_Control}/gu, '\u{fffd}');
}
