import { MillraceError } from '../../graph/contract/error.ts';

/** What is asked of a model, and what becomes of what it cannot take. */
export interface Asking {
  /** Asks about rows [from, to). */
  ask(from: number, to: number): Promise<void>;
  /** Asks about a row that every model of its kind takes. */
  probe(): Promise<void>;
  /** The model takes a row not even alone. */
  failed(row: number): void;
}

const isFailure = (error: unknown): boolean => error instanceof MillraceError && error.code === 'model-failed';

/**
 * Asks about rows; where the model fails on them, about halves of them, until what it cannot take stands alone. So one row costs the
 * others no answer. Throws where the model does not answer the probe either: then it is not the rows.
 */
export async function askApart(rows: number, asking: Asking): Promise<void> {
  try {
    await asking.ask(0, rows);
  } catch (error) {
    if (!isFailure(error)) throw error;
    await asking.probe();
    await halve(0, rows, asking);
  }
}

async function halve(from: number, to: number, asking: Asking): Promise<void> {
  if (to - from === 1) {
    asking.failed(from);
    return;
  }
  const middle = (from + to) >> 1;
  for (const [start, end] of [
    [from, middle],
    [middle, to],
  ] as const) {
    try {
      await asking.ask(start, end);
    } catch (error) {
      if (!isFailure(error)) throw error;
      await halve(start, end, asking);
    }
  }
}
