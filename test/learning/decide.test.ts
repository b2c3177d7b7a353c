import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, Float64, Schema } from 'apache-arrow';
import { Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { batchOf, load, type Row, rowsOf, run } from '../../index.ts';
import { decide } from '../../operators/decide/operator.ts';
import { fed } from './rows.ts';

const TABLE = 'venue,symbol,tick_size,lot_size\nsim,X,0.5,0.1\nsim,Y,0.25,1\nsim,Z,1,1\n';

const PIPELINE = `version: 1
pipelines:
  p:
    tasks: 1
    sources:
      seen: { file: seen.ndjson, format: json, key: symbol, schema: { columns: { ts_event: timestamp, symbol: dictionary, x: float64, mid: float64 } } }
      known:
        file: known.ndjson
        format: json
        key: symbol
        schema: { columns: { ts_event: timestamp, symbol: dictionary, ts_origin: timestamp, x: float64, label_up: bool } }
    operators:
      learned:
        use: learn
        from: { in: seen, labelled: known }
        with: { model: logistic, features: [x], warm_up: 20, horizon: 1s }
      buyer:
        use: decide
        from: { in: learned }
        with: { instruments: table.csv, account: A, sell: p_up < 0, price: mid, type: limit, time_in_force: gtc, sizing: { lots: 5 }, max_position: 100 }
      seller:
        use: decide
        from: { in: learned }
        with: { instruments: table.csv, account: B, buy: p_up < 0, sell: p_up >= 0.55, price: mid, type: limit, sizing: { lots: 5 }, id_prefix: 1 }
      checked: { use: risk, from: { orders: [buyer.orders, seller.orders] }, with: { limits: limits.yaml } }
      book: { use: match, from: { orders: checked.accepted } }
    sinks:
      fills: { from: book.fills, print: {} }
      denied: { from: checked.denied, print: {} }
      decisions: { from: buyer, print: {} }
`;

const LIMITS =
  'version: 1\ncurrency: USD\ndefaults: { max_position_lots: 50 }\naccounts: { A: , B: }\nstrategies: { decide: }\nsymbols: { X: { tick_value: 0.05 } }\n';

test('orders of decisions over a model that learns pass the gate and fill in the exchange', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-decide-'));
  try {
    for (const [name, text] of Object.entries({
      'pipelines.yaml': PIPELINE,
      'table.csv': TABLE,
      'limits.yaml': LIMITS,
      'seen.ndjson': '',
      'known.ndjson': '',
    }))
      writeFileSync(join(folder, name), text);
    const plan = load(join(folder, 'pipelines.yaml'));
    const schemaOf = (name: string) => plan.inputs.find((input) => input.name === name)?.schema as Schema;
    const [seen, known] = [new Subject<ReturnType<typeof batchOf>>(), new Subject<ReturnType<typeof batchOf>>()];
    const running = run(plan, { seen, known });
    const rows: Record<string, Row[]> = {};
    for (const port of ['book.fills', 'checked.denied', 'checked.rejected', 'book.rejected', 'buyer', 'buyer.orders']) {
      rows[port] = [];
      running.port(port).subscribe((batch) => rows[port]?.push(...rowsOf(batch)));
    }
    running.start();
    for (let i = 0; i < 60; i++) {
      const x = i % 3 === 0 ? -1 : 1;
      const ts_event = BigInt(i) * 1_000_000_000n;
      const row = { symbol: 'X', x, ts_event: ts_event + 500_000_000n, ts_origin: ts_event, label_up: x > 0 };
      seen.next(batchOf(schemaOf('seen'), [{ symbol: 'X', x, mid: 100, ts_event }]));
      known.next(batchOf(schemaOf('known'), [row]));
    }
    seen.complete();
    known.complete();
    expect(rows['checked.denied']).toEqual([]);
    expect([...(rows['checked.rejected'] ?? []), ...(rows['book.rejected'] ?? [])]).toEqual([]);
    expect(rows.buyer?.length).toBe(60);
    const bought = rows.buyer?.filter(({ decision }) => decision === 'buy');
    expect(bought?.length).toBe(1);
    expect(bought?.[0]?.reasons).toMatch(/^buy: p_up 0\.\d+ >= 0\.55$/);
    expect(rows['buyer.orders']?.length).toBe(1);
    expect(rows['book.fills']?.map(({ account, side, price_ticks, size_lots }) => ({ account, side, price_ticks, size_lots }))).toEqual([
      { account: 'A', side: 'buy', price_ticks: 200n, size_lots: 5n },
      { account: 'B', side: 'sell', price_ticks: 200n, size_lots: 5n },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('order numbers are never equal across symbols, tasks and prefixes, and tell where they are from', () => {
  const IN = new Schema([
    COLUMNS.ts_event,
    COLUMNS.symbol,
    new Field('p_up', new Float64(), true),
    new Field('close', new Float64(), true),
  ]);
  const ids: bigint[] = [];
  for (const id_prefix of [0, 1, 16_383]) {
    for (const symbols of [['X', 'Z'], ['Y']]) {
      const params = { instruments: 'table.csv', account: 'A', sizing: { lots: 1 }, id_prefix };
      const subject = subjectOf(decide, params, { in: IN }, new Map([['table.csv', TABLE]]));
      const some = (from: number) =>
        Array.from({ length: 40 }, (_, i) => {
          const row = { ts_event: BigInt(from + i), symbol: symbols[i % symbols.length] as string, p_up: i % 4 < 2 ? 0.9 : 0.1, close: 1 };
          return { port: 'in', row };
        });
      const first = subject.create();
      const made = [...(fed(first, { in: IN }, some(0)).orders ?? [])];
      const second = subject.create();
      second.restore(first.snapshot());
      made.push(...(fed(second, { in: IN }, some(100)).orders ?? []));
      expect(made.length).toBeGreaterThan(30);
      for (const { order_id, symbol } of made as { order_id: bigint; symbol: string }[]) {
        expect([order_id >> 49n, (order_id >> 32n) & 0x1_ffffn]).toEqual([BigInt(id_prefix), BigInt('XYZ'.indexOf(symbol))]);
        ids.push(order_id);
      }
    }
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => id > 0n && id < 2n ** 63n)).toBe(true);
});
