import { readFileSync } from 'node:fs';
import { Float64, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { COLUMNS, field } from '../../graph/contract/columns.ts';
import { batch, positionsOf, run } from './positions.ts';

interface Vectors {
  readonly series: readonly {
    readonly name: string;
    readonly tick: string;
    readonly lot: string;
    readonly fills: readonly { readonly side: string; readonly price: string; readonly size: string }[];
    readonly answers: readonly {
      readonly by: string;
      readonly method: string;
      readonly after: readonly { readonly realised: string; readonly cost: string }[];
    }[];
  }[];
}

const { series } = JSON.parse(readFileSync(new URL('vectors/realised.json', import.meta.url), 'utf8')) as Vectors;
const cases = series.flatMap(({ answers, ...one }) => answers.map((answer) => ({ ...one, ...answer })));
const FILLS = new Schema([
  COLUMNS.ts_event,
  COLUMNS.account,
  COLUMNS.symbol,
  COLUMNS.side,
  field('price', new Float64(), false, 'price'),
  field('size', new Float64(), false, 'size'),
]);

describe('realised profit and cost after every fill, as independent programs have them', () => {
  test('there is every method, long, and long and short', () => {
    expect(new Set(cases.map(({ by, method, name }) => `${by} ${method} ${name.includes('short')}`))).toEqual(
      new Set([
        'beancount fifo false',
        'beancount lifo false',
        'beancount fifo true',
        'beancount lifo true',
        'coinbasis fifo false',
        'coinbasis lifo false',
        'coinbasis average false',
      ]),
    );
  });

  test.each(cases)('$method of $name: $by', ({ method, tick, lot, fills, after }) => {
    const table = `venue,symbol,tick_size,lot_size\nsim,STK,${tick},${lot}\n`;
    const subject = positionsOf({ method, base: 'USD' }, table, { fills: FILLS });
    const rows = fills.map(({ side, price, size }, i) => {
      return { ts_event: BigInt(i), account: 'a', symbol: 'STK', side, price: Number(price), size: Number(size) };
    });
    const { out = [], rejected } = run(subject.create(), [['fills', batch(subject, 'fills', rows)]]);
    expect(rejected).toEqual([]);
    expect(out).toHaveLength(after.length);
    out.forEach(({ realised, cost }, i) => {
      // amounts of whole ticks and lots are decimals of five places: the nearest Float64 is what the text says
      if (method !== 'average') expect([realised, cost]).toEqual([Number(after[i]?.realised), Number(after[i]?.cost)]);
      expect(Math.abs((realised as number) - Number(after[i]?.realised))).toBeLessThan(1e-9);
      expect(Math.abs((cost as number) - Number(after[i]?.cost))).toBeLessThan(1e-9);
    });
  });
});
