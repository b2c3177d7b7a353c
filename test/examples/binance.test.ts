import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCaptured, secondsOf, type Trade, tradesOf, VENUES, type Venue } from './captures.ts';
import { type Answer, asked, businessColumns, copyOf, documented, done, runOnce, type Summary, tableDigest, temporary } from './example.ts';
import { ema } from './formulas.ts';

const CLOCK_SKEW = 1;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const off = (value: unknown, wanted: number) => Math.abs(Number(value) - wanted) / Math.max(1, Math.abs(wanted));

describe.skipIf(!isCaptured)(`examples/binance (skipped without its captures: set MILLRACE_DATA)`, () => {
  const place = temporary();
  afterAll(() => place.remove());
  const dataDir = join(place.folder, 'data');
  const captured = new Map<Venue, Trade[]>();
  let folder = '';
  let summary: Summary;
  let trades: readonly Answer[] = [];
  let bars: readonly Answer[] = [];
  let totals: Answer | undefined;
  let rejected: Answer | undefined;
  let tables: readonly Answer[] = [];

  const digests = () =>
    asked(dataDir, async (ask) => {
      const digest = async (table: string) => {
        const columns = (await ask(businessColumns(table))).map((row) => String(row.name));
        return (await ask(tableDigest(table, columns)))[0];
      };
      return [await digest('trades'), await digest('bars'), await digest('rejected')];
    });

  beforeAll(async () => {
    for (const venue of VENUES) captured.set(venue, tradesOf(venue));
    folder = copyOf('binance', place.folder);
    summary = await runOnce(folder, dataDir);
    await asked(dataDir, async (ask) => {
      tables = await ask("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MergeTree' ORDER BY name");
      trades = await ask(
        'SELECT venue, symbol, trade_id AS id, toUnixTimestamp64Nano(ts_recv) AS recv, toUnixTimestamp64Milli(ts_event) AS ms, ' +
          'toUnixTimestamp64Nano(ts_event) % 1000000 AS rest, price, size, aggressor_side AS side, flags FROM trades ORDER BY venue, id',
      );
      bars = await ask(
        'SELECT *, toUnixTimestamp64Nano(ts_open) AS open_ns, toUnixTimestamp64Nano(ts_event) AS end_ns FROM bars ORDER BY venue, ts_open',
      );
      [totals] = await ask(
        "SELECT count() AS trades, sum(size) AS volume, sum(price * size) / sum(size) AS vwap, countIf(aggressor_side = 'buy') AS taker_buys " +
          "FROM trades WHERE venue = 'binance_usdm'",
      );
      [rejected] = await ask('SELECT count() AS rows FROM rejected');
    });
  }, 180_000);

  it('checks without a warning', async () => {
    const { stdout } = await done(folder, ['check', '--json', '--data-dir', dataDir]);
    expect(JSON.parse(stdout)).toEqual({ diagnostics: [] });
  });

  it('ends by itself and counts every row', () => {
    const counts = VENUES.map((venue) => captured.get(venue)?.length ?? 0);
    expect(summary.nodes.trades).toEqual({ rows_in: sum(counts), rows_out: sum(counts), rejected: 0, late: 0 });
    expect(summary.sinks.trades_table?.rows).toBe(sum(counts));
    expect(summary.sinks.bars_table?.rows).toBe(bars.length);
    expect(summary.sinks.dead_letters?.rows).toBe(0);
  });

  it('fills the tables trades, bars and rejected', () => {
    expect(tables.map((row) => row.name)).toEqual(['bars', 'rejected', 'trades']);
    expect(rejected?.rows).toBe(0);
  });

  it('has the totals that are known of the USD-M capture', () => {
    expect(totals).toMatchObject({ trades: 21_313, taker_buys: 9_616 });
    expect(off(totals?.volume, 2_429.366)).toBeLessThan(1e-9);
    expect(off(totals?.vwap, 61_680.98215328609)).toBeLessThan(1e-9);
  });

  it.each(VENUES)('has every trade of %s exactly once, as it was captured, its skewed clock flagged', (venue) => {
    const wanted = [...(captured.get(venue) ?? [])].sort((a, b) => a.id - b.id);
    const found = trades.filter((row) => row.venue === venue);
    expect(wanted.length).toBeGreaterThan(0);
    expect(found.map((row) => row.id)).toEqual(wanted.map((trade) => trade.id));
    wanted.forEach((trade, i) => {
      const { recv, ms, rest, symbol, price, size, side, flags } = found[i] as Answer;
      const { recvNs, ...said } = trade;
      expect({ recv: String(recv), ms, rest, symbol, price, size, side, flags: Number(flags) & CLOCK_SKEW }).toEqual({
        recv: recvNs,
        ms: said.ms,
        rest: 0,
        symbol: said.symbol,
        price: said.price,
        size: said.size,
        side: said.side,
        flags: CLOCK_SKEW,
      });
    });
  });

  it('has 344 one-second bars of USD-M, and the known one of second 1723161428', () => {
    const usdm = bars.filter((row) => row.venue === 'binance_usdm');
    expect(usdm).toHaveLength(344);
    const bar = usdm.find((row) => row.open_ns === '1723161428000000000');
    expect(bar).toMatchObject({ open: 61_704, high: 61_704.1, low: 61_701.4, close: 61_701.4, trades: 50, final: true });
    expect(off(bar?.volume, 3.175)).toBeLessThan(1e-9);
    expect(bar?.end_ns).toBe('1723161429000000000');
  });

  it.each(VENUES)('has the bars of %s that a plain computation gives', (venue) => {
    const wanted = secondsOf(captured.get(venue) ?? []);
    const found = bars.filter((row) => row.venue === venue);
    expect(found.map((row) => row.open_ns)).toEqual(wanted.map(([second]) => `${second}000000000`));
    wanted.forEach(([second, group], i) => {
      const bar = found[i] as Answer;
      const prices = group.map(({ price }) => price);
      const volume = sum(group.map(({ size }) => size));
      const notional = sum(group.map(({ price, size }) => price * size));
      const signed = sum(group.map(({ side, size }) => (side === 'buy' ? size : -size)));
      const label = `${venue}, second ${second}`;
      expect([bar.open, bar.high, bar.low, bar.close, bar.trades], label).toEqual([
        prices[0],
        Math.max(...prices),
        Math.min(...prices),
        prices.at(-1),
        group.length,
      ]);
      expect(off(bar.volume, volume), label).toBeLessThan(1e-9);
      expect(off(bar.notional, notional), label).toBeLessThan(1e-9);
      expect(off(bar.vwap, notional / volume), label).toBeLessThan(1e-9);
      expect(off(bar.signed_volume, signed), label).toBeLessThan(1e-9);
    });
  });

  it.each(VENUES)('has an ema_20 of %s that begins with the mean of 20 closes', (venue) => {
    const found = bars.filter((row) => row.venue === venue);
    const wanted = ema(
      secondsOf(captured.get(venue) ?? []).map(([, group]) => group.at(-1)?.price ?? Number.NaN),
      20,
    );
    expect(found.map((row) => row.ema_20 === null)).toEqual(wanted.map((value) => value === null));
    expect(Math.max(...found.map((row, i) => (row.ema_20 === null ? 0 : off(row.ema_20, wanted[i] ?? Number.NaN))))).toBeLessThan(1e-9);
  });

  it('answers the queries of its README as it is shown there', async () => {
    const answers = await documented('binance', dataDir);
    expect(answers).toHaveLength(3);
    for (const { shown, given } of answers) expect(given).toBe(shown);
  });

  it('changes nothing when it is run again', async () => {
    const before = await digests();
    const again = await runOnce(folder, dataDir);
    expect(again.sinks.trades_table?.rows).toBe(0);
    expect(await digests()).toEqual(before);
    expect(before[0]).toMatchObject({ rows: trades.length, identities: trades.length });
    const { stdout } = await done(folder, ['sql', '--json', 'SELECT count() AS rows FROM trades', '--data-dir', dataDir]);
    expect(JSON.parse(stdout)).toEqual([{ rows: trades.length }]);
  });
});
