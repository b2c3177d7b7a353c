import { type Data, type Field, type RecordBatch, type Schema, Type } from 'apache-arrow';
import { batchOfData, dictionaryVector, makeColumn } from '../../graph/contract/batch.ts';

/**
 * Adds columns to batches as an effect is to find them: words that are known, by column, for the rows of one input row in turn; the others
 * null, or 0 where they cannot be. Batches share the memory of a column, so it is not to be written to.
 */
export function unanswered(
  schema: Schema,
  added: readonly Field[],
  words: Readonly<Record<string, readonly string[]>>,
): (batch: RecordBatch) => RecordBatch {
  const constants = new Map(
    Object.entries(words).map(([name, texts]) => {
      const distinct = [...new Set(texts)];
      return [name, { dictionary: dictionaryVector(distinct), codes: Int32Array.from(texts, (text) => distinct.indexOf(text)) }];
    }),
  );
  const nobody = dictionaryVector(['']); // an Arrow stream loses an empty one
  const blanks = added.map(() => new Blank()); // each column has memory of its own: Arrow's writer takes neighbours in one memory for one
  return (batch) => {
    const rows = batch.numRows;
    const columns = added.map(({ name, type, nullable }, i): Data => {
      const blank = blanks[i] as Blank;
      const word = constants.get(name);
      if (word) {
        const { codes, dictionary } = word;
        const values =
          codes.length === 1 ? blank.ints(rows) : Int32Array.from({ length: rows }, (_, row) => codes[row % codes.length] as number);
        return makeColumn(type, rows, { values, dictionary });
      }
      const valid = nullable ? blank.nulls(rows) : null;
      if (type.typeId === Type.Float) return makeColumn(type, rows, { values: blank.floats(rows), valid });
      return makeColumn(type, rows, { values: blank.ints(rows), valid, dictionary: type.typeId === Type.Dictionary ? nobody : null });
    });
    return batchOfData(schema, rows, [...(batch.data.children as Data[]), ...columns]);
  };
}

/** Zeros for one column, as many as the longest batch had rows. */
class Blank {
  #floats = new Float64Array(0);
  #ints = new Int32Array(0);
  #nulls = new Uint8Array(0);

  floats(rows: number): Float64Array {
    if (this.#floats.length < rows) this.#floats = new Float64Array(rows);
    return this.#floats.subarray(0, rows);
  }

  ints(rows: number): Int32Array {
    if (this.#ints.length < rows) this.#ints = new Int32Array(rows);
    return this.#ints.subarray(0, rows);
  }

  /** A bitmap in which every row is null. */
  nulls(rows: number): Uint8Array {
    const bytes = (rows + 7) >> 3;
    if (this.#nulls.length < bytes) this.#nulls = new Uint8Array(bytes);
    return this.#nulls.subarray(0, bytes);
  }
}

/** A batch with columns in place of those of the same names. */
export function answeredWith(batch: RecordBatch, columns: Readonly<Record<string, Parameters<typeof makeColumn>[2]>>): RecordBatch {
  const children = batch.schema.fields.map((field, i): Data => {
    const given = columns[field.name];
    return given ? makeColumn(field.type, batch.numRows, given) : (batch.data.children[i] as Data);
  });
  return batchOfData(batch.schema, batch.numRows, children);
}
