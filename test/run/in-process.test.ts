import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Schema } from 'apache-arrow';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { batchOf, COLUMNS, load, PipelineFaults, type Row, rowsOf, run } from '../../index.ts';

const SECOND = 1_000_000_000n;
const TRADES = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.price, COLUMNS.size, COLUMNS.aggressor_side]);

const YAML = `version: 1
pipelines:
  p:
    sources:
      trades:
        topic: trades.in
        schema: { columns: [ts_event, symbol, price, size, aggressor_side] }
        time: ts_event
        key: symbol
      quotes:
        topic: quotes.in
        schema: { columns: [ts_event, symbol, price, size, aggressor_side] }
        time: ts_event
        key: symbol
    operators:
      large: { use: filter, from: [trades, quotes], with: { where: "size >= 2" } }
      bars: { use: bars, from: large, with: { every: 1s } }
    sinks:
      out: { from: bars, print: {} }
`;

async function fileOf(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'millrace-in-process-')), 'pipelines.yaml');
  await writeFile(path, text);
  return path;
}

const trade = (second: bigint, price: number, size: number): Row => ({
  ts_event: second * SECOND,
  symbol: 'A',
  price,
  size,
  aggressor_side: 'buy',
});

describe('a pipeline inside a program', () => {
  it('gives the rows of its ports in the same call, merged by event time, and the rest when the inputs end', async () => {
    const trades = new Subject<ReturnType<typeof batchOf>>();
    const quotes = new Subject<ReturnType<typeof batchOf>>();
    const running = run(load(await fileOf(YAML)), { trades, quotes });
    const seen: Row[] = [];
    let done = false;
    running.port('bars').subscribe({
      next: (batch) => seen.push(...rowsOf(batch)),
      complete: () => {
        done = true;
      },
    });
    running.start();
    trades.next(batchOf(TRADES, [trade(10n, 100, 2), trade(10n, 101, 1), trade(12n, 103, 3)]));
    expect(seen).toEqual([]); // the other input has not come so far
    quotes.next(batchOf(TRADES, [trade(10n, 90, 5), trade(12n, 99, 2)]));
    expect(seen.map(({ ts_event, open, close, volume, trades: count }) => [ts_event, open, close, volume, count])).toEqual([
      [11n * SECOND, 100, 90, 7, 2n], // equal times: trades come before quotes, as declared
    ]);
    trades.complete();
    expect(done).toBe(false);
    quotes.complete();
    expect(done).toBe(true);
    expect(seen.map(({ ts_event, volume }) => [ts_event, volume])).toEqual([
      [11n * SECOND, 7],
      [13n * SECOND, 5],
    ]);
  });

  it('says every fault of the file, and the names it knows', async () => {
    const path = await fileOf(YAML.replace('where:', 'wher:').replace('every:', 'evry:'));
    expect(() => load(path)).toThrow(PipelineFaults);
    expect(() => load(path)).toThrow(/wher[\s\S]*evry/);
    const good = await fileOf(YAML);
    expect(() => load(good, 'q')).toThrow(/no pipeline "q"/);
    expect(() => run(load(good), { trads: new Subject() })).toThrow(/no source "trads"/);
  });

  it('passes on the error of an input', async () => {
    const trades = new Subject<ReturnType<typeof batchOf>>();
    const running = run(load(await fileOf(YAML)), { trades });
    let failure: unknown = null;
    running.port('bars').subscribe({
      error: (error) => {
        failure = error;
      },
    });
    running.start();
    trades.error(new Error('gone'));
    expect(failure).toMatchObject({ message: 'gone' });
  });

  it('refuses a batch that lacks the time column as an error of the stream', async () => {
    const trades = new Subject<ReturnType<typeof batchOf>>();
    const running = run(load(await fileOf(YAML)), { trades });
    let failure: unknown = null;
    running.port('bars').subscribe({
      error: (error) => {
        failure = error;
      },
    });
    running.start();
    trades.next(batchOf(new Schema([COLUMNS.price]), [{ price: 1 }]));
    expect(failure).toMatchObject({ code: 'column-absent' });
  });
});
