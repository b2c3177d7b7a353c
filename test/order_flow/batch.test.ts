import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { RecordBatch, Schema } from 'apache-arrow';
import { expect, test } from 'vitest';
import { capture } from '../../connectors/formats/capture.ts';
import { columnIndex } from '../../graph/contract/batch.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { normalize } from '../../operators/normalize/operator.ts';
import { orderFlow } from '../../operators/order_flow/operator.ts';
import { payloadsOf } from '../formats/payloads.ts';
import { expectVector } from './vector.ts';

const DATA = process.env.MILLRACE_DATA ?? new URL('../../../shared/data', import.meta.url).pathname;
const PATH = `${DATA}/binance/usdm-btcusdt-20240808.ndjson.gz`;
const FILES = new Map([['i.csv', 'venue,symbol,tick_size,lot_size\nbinance_usdm,BTCUSDT,0.10,0.001\n']]);

/** Lines of a chunk as they stream through: quotes and trades by two nodes, then both into one. */
const CHUNK_LINES = 4_000;
const LAG_NS = 2_000_000_000n;

function highest(batch: RecordBatch, before: bigint): bigint {
  const times = batch.getChildAt(columnIndex(batch.schema, 'ts_event'))?.data[0]?.values as BigInt64Array;
  return times.reduce((most, time) => (time > most ? time : most), before);
}

function streamed(lines: readonly string[]): { rows: Row[]; refused: number } {
  const schema = capture.ownSchema?.({}) as Schema;
  const reader = (kind: string) => subjectOf(normalize, { kind, venue: 'binance_usdm', instruments: 'i.csv' }, { in: schema }, FILES);
  const readers = { quotes: reader('quotes'), trades: reader('trades') };
  const ports = { quotes: readers.quotes.outputs.out as Schema, trades: readers.trades.outputs.out as Schema };
  const kernels = { quotes: readers.quotes.create(), trades: readers.trades.create() };
  const flow: Kernel = subjectOf(orderFlow, {}, ports).create();
  const decoder = capture.decoder(schema as never, {});
  const rows: Row[] = [];
  let refused = 0;
  const emit = (port: string, batch: RecordBatch) => {
    if (port === 'out') rows.push(...rowsOf(batch));
    else refused += batch.numRows;
  };
  let newest = MIN_NS;
  for (let at = 0; at < lines.length; at += CHUNK_LINES) {
    const { batch } = decoder.decode(payloadsOf(lines.slice(at, at + CHUNK_LINES)));
    for (const kind of ['quotes', 'trades'] as const) {
      const read = (port: string, some: RecordBatch) => {
        if (port !== 'out') return;
        newest = highest(some, newest);
        flow.push(some, kind, emit, MIN_NS);
      };
      kernels[kind].push(batch as RecordBatch, 'in', read, MIN_NS);
    }
    flow.advance(newest - LAG_NS, 0n, emit);
  }
  flow.advance(MAX_NS, 0n, emit);
  return { rows, refused };
}

test.skipIf(!existsSync(PATH))(`streaming features equal batch features of pandas (skipped without ${PATH})`, () => {
  const { rows, refused } = streamed(gunzipSync(readFileSync(PATH)).toString('utf8').trimEnd().split('\n'));
  expect(refused).toBe(0);
  expectVector(rows);
});
