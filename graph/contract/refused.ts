/** Rows that a source or a node refused for one reason. */
export interface RefusedRows {
  readonly node: string;
  readonly code: string;
  readonly rows: number;
}

/** What was refused, in words: `3 rows of labelled (price-missing)`. */
export const refusedText = (refused: readonly RefusedRows[]): string =>
  refused.map(({ node, code, rows }) => `${rows} row${rows === 1 ? '' : 's'} of ${node} (${code})`).join(', ');
