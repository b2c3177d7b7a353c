/** A column of a tensor, by row. */
export interface Numbers {
  readonly values: Float32Array | Float64Array;
  readonly width: number;
  readonly column: number;
}

/** One column of answers, every `step` rows one of a horizon; a row that is not put is null. */
export class AnswerColumn {
  readonly values: Float64Array;
  readonly #step: number;
  readonly #valid: Uint8Array;
  #put = 0;

  constructor(rows: number, step: number) {
    this.values = new Float64Array(rows);
    this.#step = step;
    this.#valid = new Uint8Array((rows + 7) >> 3);
  }

  /** Validity bitmap; null when no row is null. */
  get valid(): Uint8Array | null {
    return this.#put === this.values.length ? null : this.#valid;
  }

  /** Takes the numbers of rows that lack nothing, for the horizon at `from`. NaN is no answer. */
  put({ values, width, column }: Numbers, missing: Int32Array, from: number): void {
    const step = this.#step;
    const to = this.values;
    let whole = 0;
    const rows = Math.ceil((to.length - from) / step);
    for (let row = 0, read = column, out = from; row < rows; row++, read += width, out += step) {
      const value = values[read] as number;
      to[out] = value;
      if (missing[row] === 0 && !Number.isNaN(value)) whole++;
    }
    this.#put += whole;
    this.#mark(from, whole === rows, (row) => missing[row] === 0 && !Number.isNaN(values[row * width + column]));
  }

  /** What is left to 1 of another column, for the horizon at `from`. */
  complement(other: AnswerColumn, from: number): void {
    const rows = Math.ceil((this.values.length - from) / this.#step);
    let whole = 0;
    for (let row = 0, at = from; row < rows; row++, at += this.#step) {
      this.values[at] = 1 - (other.values[at] as number);
      if (other.#isValid(at)) whole++;
    }
    this.#put += whole;
    this.#mark(from, whole === rows, (row) => other.#isValid(from + row * this.#step));
  }

  #isValid(row: number): boolean {
    return (((this.#valid[row >> 3] as number) >> (row & 7)) & 1) === 1;
  }

  #mark(from: number, all: boolean, isWhole: (row: number) => boolean): void {
    if (all && this.#step === 1) {
      this.#valid.fill(255);
      return;
    }
    for (let row = 0, at = from; at < this.values.length; row++, at += this.#step)
      if (all || isWhole(row)) this.#valid[at >> 3] = (this.#valid[at >> 3] as number) | (1 << (at & 7));
  }
}
