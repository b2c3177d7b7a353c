import type { Tensor } from 'onnxruntime-node';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Answer } from '../onnx/card.ts';
import type { Numbers } from './answer-column.ts';

/** What a model says of rows for a horizon. */
export type Given = Readonly<Partial<Record<Answer, Numbers>>>;

/** The column of a tensor that a card names. Error: `model-failed` where the model gave none. */
export function numbersOf(model: string, given: Tensor | undefined, tensor: string, column: number | null, rows: number): Numbers {
  const { data, dims } = given ?? {};
  const columns = dims?.[1] ?? 1;
  const at = column ?? 0;
  if (column === null && columns > 1)
    throw failed(`model "${model}" gave ${columns} columns of "${tensor}", and its card does not say which one it means`);
  if (!(data instanceof Float32Array || data instanceof Float64Array) || data.length !== rows * columns || at >= columns)
    throw failed(`model "${model}" gave no column ${at} of "${tensor}" for every row`);
  return { values: data, width: columns, column: at };
}

const failed = (message: string): MillraceError =>
  new MillraceError(message, {
    code: 'model-failed',
    domain: 'user',
    remedy: 'say in its card which column of which output holds one number a row, or convert the model so that one does',
  });

/** Answers of a batch that is asked about in parts: NaN, which is no answer, for rows that no part has answered. */
export class Parts {
  readonly horizons: readonly Partial<Record<Answer, Numbers & { readonly values: Float64Array }>>[];
  readonly #rows: number;

  constructor(horizons: number, rows: number) {
    this.horizons = Array.from({ length: horizons }, () => ({}));
    this.#rows = rows;
  }

  /** Takes the answers to rows from `from` on. */
  put(part: readonly Given[], from: number, to: number): void {
    this.horizons.forEach((own, i) => {
      for (const [answer, { values, width, column }] of Object.entries(part[i] ?? {}) as [Answer, Numbers][]) {
        const numbers = own[answer] ?? { values: new Float64Array(this.#rows).fill(Number.NaN), width: 1, column: 0 };
        own[answer] = numbers;
        for (let row = from; row < to; row++) numbers.values[row] = values[(row - from) * width + column] as number;
      }
    });
  }
}
