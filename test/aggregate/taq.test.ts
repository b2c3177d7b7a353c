import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type RecordBatch, Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { DictionaryTable, int64, makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { aggregate } from '../../operators/aggregate/operator.ts';

const DATA = process.env.MILLRACE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const PATH = join(DATA, 'taq', 'trades-raw.csv.gz');

interface Result {
  readonly every: string;
  readonly size: string;
  readonly by: readonly string[];
  readonly windows: number;
  readonly sums: Readonly<Record<string, number>>;
  readonly sample: readonly Readonly<Record<string, string | number | null>>[];
}

const { results } = JSON.parse(readFileSync(new URL('vectors/taq.json', import.meta.url), 'utf8')) as {
  readonly results: readonly Result[];
};

const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.venue, COLUMNS.price, COLUMNS.size]);
const FUNCTIONS = {
  trades: 'count',
  volume: { sum: 'size' },
  mean: { mean: 'price' },
  var: { var: 'price' },
  low: { min: 'price' },
  high: { max: 'price' },
  first: { first: 'price' },
  last: { last: 'price' },
};

/** The trades sorted by time; seconds with nine digits as ns. */
function trades(): RecordBatch {
  const [head = '', ...lines] = gunzipSync(readFileSync(PATH)).toString('utf8').trim().split('\n');
  const at = (name: string): number => head.split(',').indexOf(name);
  const [dt, ex, price, size] = [at('DT'), at('EX'), at('PRICE'), at('SIZE')];
  const rows = lines.map((line) => {
    const cells = line.split(',');
    const [seconds = '', fraction = ''] = (cells[dt] ?? '').split('.');
    return {
      ns: BigInt(seconds + fraction.padEnd(9, '0')),
      venue: cells[ex] ?? '',
      price: Number(cells[price]),
      size: Number(cells[size]),
    };
  });
  rows.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0));
  const table = new DictionaryTable();
  const codes = Int32Array.from(rows, ({ venue }) => table.code(venue));
  return makeBatch(SCHEMA, rows.length, [
    { values: BigInt64Array.from(rows, ({ ns }) => ns) },
    { values: codes, dictionary: table.vector },
    { values: Float64Array.from(rows, (row) => row.price) },
    { values: Float64Array.from(rows, (row) => row.size) },
  ]);
}

const close = (found: unknown, wanted: number | null): boolean =>
  wanted === null ? found === null : Math.abs(Number(found) - wanted) <= 1e-9 * Math.max(1e-3, Math.abs(wanted));

describe.skipIf(!existsSync(PATH))(`trades of two days (skipped without ${PATH})`, () => {
  const batch = existsSync(PATH) ? trades() : null;

  it.each(results)('every $every, size $size, by $by: what pandas groups', ({ every, size, by, windows, sums, sample }) => {
    if (!batch) throw new RangeError('there are no data');
    const kernel = subjectOf(aggregate, { every, size, by, columns: FUNCTIONS }, { in: SCHEMA }).create();
    const rows: Row[] = [];
    const emit = (port: string, out: RecordBatch) => void (port === 'out' && rows.push(...rowsOf(out)));
    for (let from = 0; from < batch.numRows; from += 9_999) {
      const part = batch.slice(from, Math.min(from + 9_999, batch.numRows));
      kernel.push(part, 'in', emit, MIN_NS);
      kernel.advance(int64(part, 'ts_event').at(part.numRows - 1) ?? MIN_NS, 0n, emit);
    }
    kernel.advance(MAX_NS, 0n, emit);
    expect(rows.length).toBe(windows);
    for (const [name, sum] of Object.entries(sums)) {
      const found = rows.reduce((all, row) => all + Number(row[name] ?? 0), 0);
      expect(close(found, sum), `${name} in all is ${found}, expected ${sum}`).toBe(true);
    }
    const found = new Map(rows.map((row) => [`${row.ts_event} ${row.venue ?? ''}`, row]));
    for (const { end, venue, ...values } of sample) {
      const row = found.get(`${end} ${venue ?? ''}`);
      const wrong = Object.entries(values).filter(([name, value]) => !close(row?.[name], value as number | null));
      expect(wrong, `window that ends at ${end} of ${venue}`).toEqual([]);
    }
  });
});
