/** How long the answers of one round may take, ms: a commit waits for them, and so does a stop. */
const ANSWERED_MS = 1000;
/** Rows of the first round, and of the smallest. */
const ROWS = { first: 1024, least: 16, most: 262_144 };

/** How many rows a round may read where effects are asked about them, so that their answers do not hold it up for long. */
export class Pace {
  rows = ROWS.first;

  /** A round of so many rows waited so long for its answers; it may have been less than it was allowed. */
  answered(rows: number, ms: number): void {
    if (rows === 0) return;
    const fitting = Math.floor((ANSWERED_MS / Math.max(ms, 1)) * rows);
    // answers to a few rows tell little of what many take
    this.rows = Math.max(ROWS.least, Math.min(ROWS.most, fitting, 2 * Math.max(rows, this.rows)));
  }
}
