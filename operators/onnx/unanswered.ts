import { type Data, type Field, type RecordBatch, type Schema, Type } from 'apache-arrow';
import { batchOfData, dictionaryVector, makeColumn } from '../../graph/contract/batch.ts';

/**
 * Adds columns to batches as an effect is to find them: words that are known, by column, for the rows of one input row in turn; the others
 * null, or 0 where they cannot be. Batches share the memory, so it is not to be written to.
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
  let zeros = zerosFor(0);
  return (batch) => {
    const rows = batch.numRows;
    if (zeros.floats.length < rows) zeros = zerosFor(rows);
    const { floats, ints } = zeros;
    const none = zeros.bits.subarray(0, (rows + 7) >> 3);
    const columns = added.map(({ name, type, nullable }): Data => {
      const word = constants.get(name);
      if (word) return makeColumn(type, rows, { values: repeated(word.codes, rows, ints), dictionary: word.dictionary });
      const valid = nullable ? none : null;
      if (type.typeId === Type.Float) return makeColumn(type, rows, { values: floats.subarray(0, rows), valid });
      const dictionary = type.typeId === Type.Dictionary ? nobody : null;
      return makeColumn(type, rows, { values: ints.subarray(0, rows), valid, dictionary });
    });
    return batchOfData(schema, rows, [...(batch.data.children as Data[]), ...columns]);
  };
}

const zerosFor = (rows: number) => ({ floats: new Float64Array(rows), ints: new Int32Array(rows), bits: new Uint8Array((rows + 7) >> 3) });

function repeated(codes: Int32Array, rows: number, zeros: Int32Array): Int32Array {
  return codes.length === 1 ? zeros.subarray(0, rows) : Int32Array.from({ length: rows }, (_, row) => codes[row % codes.length] as number);
}

/** A batch with columns in place of those of the same names. */
export function answeredWith(batch: RecordBatch, columns: Readonly<Record<string, Parameters<typeof makeColumn>[2]>>): RecordBatch {
  const children = batch.schema.fields.map((field, i): Data => {
    const given = columns[field.name];
    return given ? makeColumn(field.type, batch.numRows, given) : (batch.data.children[i] as Data);
  });
  return batchOfData(batch.schema, batch.numRows, children);
}
