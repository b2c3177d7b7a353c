import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { type RecordBatch, Schema } from 'apache-arrow';
import { layoutOf } from '../connectors/file/layout.ts';
import { openSimulate } from '../connectors/simulate/connector.ts';
import { simulateParams } from '../connectors/simulate/params.ts';
import { batchOfData, columnIndex } from '../graph/contract/batch.ts';
import { COLUMNS } from '../graph/contract/columns.ts';

/** Columns of the trades that the benches read. */
export const TRADE_COLUMNS = ['ts_event', 'ts_recv', 'symbol', 'venue', 'sequence', 'trade_id', 'price', 'size', 'aggressor_side'] as const;

const schemaOf = (names: readonly string[]): Schema => new Schema(names.map((name) => COLUMNS[name as keyof typeof COLUMNS]));
/** Trades per second of event time. */
const RATE = 10_000;

/** Simulated trades of eight symbols, 10,000 a second of event time, in batches of `batchRows`; the same in each run. */
export async function* simulatedTrades(
  rows: number,
  batchRows: number,
  names: readonly string[] = TRADE_COLUMNS,
): AsyncGenerator<RecordBatch> {
  const schema = schemaOf(names);
  const reader = openSimulate(simulateParams.parse({ rows, rate: RATE, quotes: 0, partitions: 1 }));
  for (let at = 0; !reader.ended(0, at); ) {
    const chunk = await reader.read(0, at, batchRows, Number.MAX_SAFE_INTEGER);
    if (!chunk?.batch) throw new Error('the simulated exchange has no more rows');
    const { batch } = chunk;
    const columns = names.map((name) => batch.data.children[columnIndex(batch.schema, name)]);
    yield batchOfData(schema, batch.numRows, columns as never);
    at = chunk.to;
  }
}

/** Writes such trades as an Arrow stream. */
export async function writeTrades(path: string, rows: number, batchRows: number): Promise<void> {
  const layout = layoutOf(schemaOf(TRADE_COLUMNS), 'arrow');
  const file = createWriteStream(path);
  file.write(layout.before);
  for await (const batch of simulatedTrades(rows, batchRows)) {
    if (!file.write(layout.part(batch))) await once(file, 'drain');
  }
  file.end(layout.after);
  await finished(file);
}
