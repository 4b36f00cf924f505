/** A column of a view: its name, its SQL, and what it tells. The views are built from such lists. */
export interface Column {
  readonly name: string;
  readonly sql: string;
  readonly meaning: string;
}

export function column(name: string, sql: string, meaning: string): Column {
  return { name, sql, meaning };
}

/** The columns as the body of a SELECT, one a line. */
export function selectList(columns: readonly Column[]): string {
  return columns.map(({ name, sql }) => `    ${sql} AS ${name}`).join(',\n');
}
