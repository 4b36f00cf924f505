/** @returns why a query may have no rows, where that is so */
export function whyEmpty(_query: string, _column: string): string | undefined {
  return undefined;
}
