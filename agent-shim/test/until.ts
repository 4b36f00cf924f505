/** Looks until it is so. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline_ms = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline_ms) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
