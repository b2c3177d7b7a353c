import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, Float64, Schema } from 'apache-arrow';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { batchOf, COLUMNS, load, type Row, rowsOf, run } from '../../index.ts';

const QUOTES = new Schema([COLUMNS.ts_event, COLUMNS.symbol, new Field('bid', new Float64(), false), COLUMNS.size]);
const TRADES = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.price, COLUMNS.size]);

const YAML = `version: 1
pipelines:
  p:
    sources:
      trades:
        topic: trades.in
        schema: { columns: [ts_event, symbol, price, size] }
        time: ts_event
        key: symbol
      quotes:
        topic: quotes.in
        schema: { columns: { ts_event: timestamp, symbol: dictionary, bid: float64, size: float64 } }
        time: ts_event
        key: symbol
    operators:
      quoted: { use: as_of, from: { left: trades, right: quotes }, with: { prefix: q_ } }
      windows: { use: aggregate, from: quoted, with: { every: 10ns, by: [symbol], columns: { trades: count, bid: { last: bid }, size: { sum: q_size } } } }
    sinks:
      out: { from: windows, print: {} }
`;

async function fileOf(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'millrace-as-of-')), 'pipelines.yaml');
  await writeFile(path, text);
  return path;
}

describe('as_of and aggregate in a pipeline', () => {
  it('see at one time the quote before the trade, in whichever order the file names them', async () => {
    const [trades, quotes] = [new Subject<ReturnType<typeof batchOf>>(), new Subject<ReturnType<typeof batchOf>>()];
    const running = run(load(await fileOf(YAML)), { trades, quotes });
    const [quoted, windows]: [Row[], Row[]] = [[], []];
    running.port('quoted').subscribe((batch) => quoted.push(...rowsOf(batch)));
    running.port('windows').subscribe((batch) => windows.push(...rowsOf(batch)));
    running.start();
    const trade = (at: number): Row => ({ ts_event: BigInt(at), symbol: 'A', price: at, size: 1 });
    const quote = (at: number): Row => ({ ts_event: BigInt(at), symbol: 'A', bid: at, size: 2 });
    trades.next(batchOf(TRADES, [trade(1), trade(5), trade(9), trade(11)]));
    expect(quoted).toEqual([]); // the quotes are waited for
    quotes.next(batchOf(QUOTES, [quote(5), quote(7), quote(11)]));
    trades.complete();
    quotes.complete();
    expect(quoted.map((row) => [row.price, row.bid, row.q_size, row.staleness_ns])).toEqual([
      [1, null, null, null],
      [5, 5, 2, 0n],
      [9, 7, 2, 2n],
      [11, 11, 2, 0n],
    ]);
    expect(windows.map((row) => [row.ts_event, row.symbol, row.trades, row.bid, row.size])).toEqual([
      [10n, 'A', 3n, 7, 4],
      [20n, 'A', 1n, 11, 2],
    ]);
  });

  it('say what is wrong at its place', async () => {
    const path = await fileOf(
      YAML.replace('prefix: q_', 'columns: [bid, ofr], ties: never').replace('{ sum: q_size }', '{ sum: symbol, min: bid }'),
    );
    expect(() => load(path)).toThrow(/"ties"[\s\S]*expected one of count, sum/);
    const columns = await fileOf(YAML.replace('prefix: q_', 'columns: [bid, ofr]').replace('{ sum: q_size }', '{ sum: symbol }'));
    expect(() => load(columns)).toThrow(/ofr/);
    const again = await fileOf(YAML.replace('prefix: q_', 'prefix: ""'));
    expect(() => load(again)).toThrow(/as_of would have two columns "size"[\s\S]*prefix/);
    const type = await fileOf(YAML.replace('{ sum: q_size }', '{ sum: symbol }').replace('every: 10ns', 'every: 10ns, size: 15ns'));
    expect(() => load(type)).toThrow(/multiple of "every"[\s\S]*Float64, Int64 or Int32/);
  });
});
