import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Field, Int64, type RecordBatch, Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { column, DictionaryTable, int64, isValid, makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MAX_NS } from '../../graph/contract/frame.ts';
import { throughMerge } from './through-merge.ts';

const DATA = process.env.MILLRACE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const path = (name: string) => join(DATA, 'taq', `${name}-raw.csv.gz`);
const there = existsSync(path('quotes')) && existsSync(path('trades'));

interface Result {
  readonly by_venue: boolean;
  readonly tolerance: string | null;
  readonly ties: string;
  readonly unmatched: number;
  readonly digest: string;
}

const { trades, quotes, results } = JSON.parse(readFileSync(new URL('vectors/taq.json', import.meta.url), 'utf8')) as {
  readonly trades: number;
  readonly quotes: number;
  readonly results: readonly Result[];
};

const RIGHT = new Schema([COLUMNS.ts_event, COLUMNS.venue, new Field('number', new Int64(), false)]);
const LEFT = new Schema([COLUMNS.ts_event, COLUMNS.venue]);

/** Times and venues of a file, sorted by time and numbered; seconds with nine digits as ns. */
function rowsOfFile(name: string, schema: Schema): RecordBatch {
  const [head = '', ...lines] = gunzipSync(readFileSync(path(name)))
    .toString('utf8')
    .trim()
    .split('\n');
  const [at, ex] = ['DT', 'EX'].map((wanted) => head.split(',').indexOf(wanted)) as [number, number];
  const rows = lines.map((line) => {
    const cells = line.split(',');
    const [seconds = '', fraction = ''] = (cells[at] ?? '').split('.');
    return { ns: BigInt(seconds + fraction.padEnd(9, '0')), venue: cells[ex] ?? '' };
  });
  rows.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0));
  const table = new DictionaryTable();
  const codes = Int32Array.from(rows, ({ venue }) => table.code(venue));
  const columns = [
    { values: BigInt64Array.from(rows, ({ ns }) => ns) },
    { values: codes, dictionary: table.vector },
    { values: BigInt64Array.from(rows, (_, i) => BigInt(i)) },
  ];
  return makeBatch(schema, rows.length, columns.slice(0, schema.fields.length));
}

/** The rows in so many parts, the last of them with all that is left. */
const part = (batch: RecordBatch, i: number, parts: number): RecordBatch => {
  const size = Math.floor(batch.numRows / parts);
  return batch.slice(i * size, i === parts - 1 ? batch.numRows : (i + 1) * size);
};

describe.skipIf(!there)(`trades of two days with their quotes (skipped without ${path('quotes')})`, () => {
  const [right, left] = there ? [rowsOfFile('quotes', RIGHT), rowsOfFile('trades', LEFT)] : [];
  const PARTS = 5;

  it.each(results)('by venue $by_venue, tolerance $tolerance, ties $ties: the quotes that pandas finds', (given) => {
    if (!right || !left) throw new RangeError('there are no data');
    expect([left.numRows, right.numRows]).toEqual([trades, quotes]);
    const steps = Array.from({ length: PARTS }, (_, i) => {
      const [a, b] = [part(right, i, PARTS), part(left, i, PARTS)];
      const next = (whole: RecordBatch) => (i === PARTS - 1 ? MAX_NS : (int64(part(whole, i + 1, PARTS), 'ts_event')[0] as bigint));
      return { right: a, left: b, watermarks: [next(right), next(left)] as const };
    });
    const params = {
      by: given.by_venue ? ['venue'] : [],
      columns: ['number'],
      ties: given.ties,
      ...(given.tolerance === null ? {} : { tolerance: given.tolerance }),
    };
    const hash = createHash('sha256');
    let unmatched = 0;
    for (const batch of throughMerge(params, RIGHT, LEFT, steps).get('out') ?? []) {
      const number = column(batch, 'number');
      const values = BigInt64Array.from({ length: batch.numRows }, (_, row) =>
        isValid(number, row) ? (number.values[row] as bigint) : -1n,
      );
      unmatched += values.filter((value) => value < 0n).length;
      hash.update(new Uint8Array(values.buffer));
    }
    expect([unmatched, hash.digest('hex')]).toEqual([given.unmatched, given.digest]);
  });
});
