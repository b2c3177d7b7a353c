import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Float64, Schema } from 'apache-arrow';
import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import { dictionaryOf, field } from '../../graph/contract/columns.ts';
import { batchOf, COLUMNS, load, type Row, rowsOf, run } from '../../index.ts';

const SAID = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  field('mid', new Float64(), false, 'price'),
  field('horizon', dictionaryOf('horizon'), true, 'how far ahead'),
  field('expected_return', new Float64(), true, 'what is expected'),
]);

const YAML = `version: 1
pipelines:
  p:
    sources:
      said:
        topic: said
        schema: { columns: { ts_event: timestamp, symbol: dictionary, mid: float64, horizon: { type: dictionary, nullable: true }, expected_return: { type: float64, nullable: true } } }
        time: ts_event
        key: symbol
    operators:
      soon: { use: label, from: said, with: { horizon: 1s } }
      late: { use: label, from: said, with: { horizon: 1m } }
      held: { use: calibrate, from: { in: said, labelled: [soon, late] }, with: { by: [symbol, horizon], probability: none, min_rows: 5, window: 10 } }
    sinks:
      out: { from: held, print: {} }
`;

it('predictions of several horizons are labelled and calibrated each by its own', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'millrace-horizons-')), 'pipelines.yaml');
  writeFileSync(path, YAML);
  const said = new Subject<ReturnType<typeof batchOf>>();
  const running = run(load(path), { said });
  const [held, ignored]: [Row[], Row[]] = [[], []];
  running.port('held').subscribe((batch) => held.push(...rowsOf(batch)));
  running.port('soon.ignored').subscribe((batch) => ignored.push(...rowsOf(batch)));
  running.start();
  // the logarithm of the price rises by 0.001 a second; nothing of it is expected
  const rows = Array.from({ length: 200 }, (_, second) =>
    ['1s', '60s'].map(
      (horizon): Row => ({
        ts_event: BigInt(second) * 1_000_000_000n,
        symbol: 'A',
        mid: Math.exp(second / 1000),
        horizon,
        expected_return: 0,
      }),
    ),
  ).flat();
  for (let at = 0; at < rows.length; at += 30) said.next(batchOf(SAID, rows.slice(at, at + 30)));
  said.complete();
  expect(held).toHaveLength(400);
  const first = (horizon: string) => held.find((row) => row.horizon === horizon && row.upper !== null);
  expect(first('1s')?.upper).toBeCloseTo(0.001, 12);
  expect(first('60s')?.upper).toBeCloseTo(0.06, 12);
  // of n errors the ceil((n + 1) x 0.9)th is there from n = 9 on: the row of 8 s, known at 9 s and at 68 s, and used after
  expect([first('1s')?.ts_event, first('60s')?.ts_event]).toEqual([10_000_000_000n, 69_000_000_000n]);
  expect(ignored.map((row) => row.horizon)).toEqual(Array.from({ length: 200 }, () => '60s'));
});
