/** `did you mean port? (known are host, port)`; only what is known where none of it is near. */
export function suggestion(known: readonly string[], word: string): string {
  const near = known
    .map((name) => ({ name, distance: editDistance(name.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const list = `known are ${known.join(', ')}`;
  return near !== undefined && near.distance <= Math.max(2, word.length / 3)
    ? `did you mean ${near.name}? (${list})`
    : list;
}

/** Words longer than this are near to none. */
const CHARACTERS_MAX = 256;

/** Levenshtein's distance, two rows at a time. */
function editDistance(a: string, b: string): number {
  if (Math.max(a.length, b.length) > CHARACTERS_MAX) return Infinity;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
