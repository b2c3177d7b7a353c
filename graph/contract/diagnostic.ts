/** A fault of the file: data with a position, never thrown. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  /** Lower case, no final stop, quotes the user's words. */
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Characters to underline, at least 1. */
  readonly length: number;
  readonly hint?: string;
}
