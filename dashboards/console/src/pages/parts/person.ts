const KEY = 'halfopen.by';

/** The token does not tell people apart: they say who they are, and the browser remembers. */
export function rememberedName(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}

export function rememberName(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Without storage it is asked again.
  }
}
