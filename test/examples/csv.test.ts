import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { copyOf, done, folderOf, runOnce, temporary } from './example.ts';

/** Bars of one minute from the lines of the file, in order of time; numbers as text, so that what is written is compared. */
function expected(): Map<string, { prices: number[]; sizes: number[] }> {
  const [, ...lines] = readFileSync(join(folderOf('csv'), 'trades.csv'), 'utf8')
    .trim()
    .split('\n');
  const bars = new Map<string, { prices: number[]; sizes: number[] }>();
  for (const line of lines.toSorted()) {
    const [time = '', symbol, price, size] = line.split(',');
    const key = `${symbol} ${time.slice(0, 16)}`;
    const bar = bars.get(key) ?? { prices: [], sizes: [] };
    bar.prices.push(Number(price));
    bar.sizes.push(Number(size));
    bars.set(key, bar);
  }
  return bars;
}

describe('examples/csv', () => {
  const place = temporary();
  afterAll(() => place.remove());

  it('makes minute bars of the file, also of lines out of order, and the same again', async () => {
    const folder = copyOf('csv', place.folder);
    const dataDir = join(place.folder, 'data');
    expect(JSON.parse((await done(folder, ['check', '--json'])).stdout)).toEqual({ diagnostics: [] });
    const summary = await runOnce(folder, dataDir);
    const wanted = expected();
    expect(summary.sinks.bars_file?.rows).toBe(wanted.size);
    const text = readFileSync(join(folder, 'bars.csv'), 'utf8');
    expect(readFileSync(join(folderOf('csv'), 'README.md'), 'utf8')).toContain(text);
    const [head = '', ...lines] = text.trim().split('\n');
    const rows = lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [head.split(',')[i], cell])));
    expect(rows.map((row) => `${row.symbol} ${row.ts_open?.slice(0, 16)}`).toSorted()).toEqual([...wanted.keys()].toSorted());
    for (const row of rows) {
      const { prices, sizes } = wanted.get(`${row.symbol} ${row.ts_open?.slice(0, 16)}`) ?? { prices: [], sizes: [] };
      const volume = sizes.reduce((sum, size) => sum + size, 0);
      const notional = sizes.reduce((sum, size, i) => sum + size * (prices[i] as number), 0);
      const label = JSON.stringify(row);
      expect([row.open, row.high, row.low, row.close, row.volume, row.trades].map(Number), label).toEqual([
        prices[0],
        Math.max(...prices),
        Math.min(...prices),
        prices.at(-1),
        volume,
        prices.length,
      ]);
      expect(Number(row.vwap), label).toBeCloseTo(notional / volume, 9);
    }
    await runOnce(folder, dataDir);
    expect(readFileSync(join(folder, 'bars.csv'), 'utf8')).toBe(text);
  });
});
