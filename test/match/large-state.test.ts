import { expect, test } from 'vitest';
import { MIN_NS } from '../../graph/contract/frame.ts';
import { type Kernel, SNAPSHOT_CHUNK_BYTES } from '../../graph/contract/kernel.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { batchText } from '../../graph/test-kit/canonical.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { limit, market } from './play.ts';
import { INPUTS, KINDS, kernelsOf } from './ports.ts';

const ORDERS = 30_000;
const SYMBOLS = 50;

/** The rows that a batch gives, as text. */
function pushed(kernel: Kernel, rows: readonly Row[]): string[] {
  const given: string[] = [];
  const batch = batchOf(INPUTS.orders, rows);
  kernel.push(batch, 'orders', (port, out) => given.push(...batchText(out).map((text) => `${port} ${text}`)), MIN_NS);
  return given;
}

test(`the native kernel snapshots ${ORDERS} orders in chunks of at most 512 KiB and goes on from them`, () => {
  const random = new Random(5);
  const resting = Array.from({ length: ORDERS }, (_, i): Row => {
    const side = random.pick(['buy', 'sell'] as const);
    const price = side === 'buy' ? 99 - random.int(0, 400) : 101 + random.int(0, 400);
    const rest = random.pick<Row>([
      {},
      {},
      { display_lots: 2n },
      { hidden: true },
      { time_in_force: 'gtd', expire_at: BigInt(ORDERS + 7) },
    ]);
    return { ts_event: BigInt(i), symbol: `S${i % SYMBOLS}`, ...limit(i, side, price, { account: `account ${i % 977}`, ...rest }) };
  });
  const after = Array.from({ length: SYMBOLS * 4 }, (_, i): Row => {
    const taker = market(ORDERS + i, i % 2 === 0 ? 'buy' : 'sell', 400);
    return { ...taker, ts_event: BigInt(ORDERS + i), symbol: `S${i % SYMBOLS}` };
  });
  const create = kernelsOf('native', { depth: 3 });
  const kernel = create();
  pushed(kernel, resting);
  const chunks = kernel.snapshot();
  expect(chunks.length).toBeGreaterThan(1);
  expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(SNAPSHOT_CHUNK_BYTES);
  const restored = create();
  restored.restore(chunks);
  const [expected, is] = [pushed(kernel, after), pushed(restored, after)];
  expect(expected.length).toBeGreaterThan(10_000);
  expect(is).toEqual(expected);
});

test.each(KINDS)('the %s kernel restores a band that two rows left empty', (which) => {
  const create = kernelsOf(which, { depth: 1 });
  const kernel = create();
  const bands: Row[] = [
    { ts_event: 1n, symbol: null, lower_ticks: 104n },
    { ts_event: 2n, symbol: null, upper_ticks: 93n },
  ];
  kernel.push(batchOf(INPUTS.symbols, bands), 'symbols', () => undefined, MIN_NS);
  const restored = create();
  restored.restore(kernel.snapshot());
  const refused = pushed(restored, [{ ts_event: 3n, symbol: 'A', ...limit(1, 'buy', 100, {}) }]);
  expect(refused).toEqual([expect.stringContaining('price-band')]);
});
