import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  asked,
  businessColumns,
  documented,
  done,
  folderOf,
  runOnce,
  type Summary,
  tableDigest,
  temporary,
} from './example.ts';
import { adx, atr, type Bars, ema, macd, obv, rsi, type Series, sma, stddev, stoch } from './formulas.ts';

const CSV = new URL('../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url);
const [head = '', ...lines] = readFileSync(CSV, 'utf8').trim().split('\n');
const cells = lines.map((line) => line.split(','));
const column = (name: string): number[] => cells.map((row) => Number(row[head.split(',').indexOf(name)]));
const bars: Bars = { high: column('high'), low: column('low'), close: column('close'), volume: column('volume') };

/** What every indicator column must hold, by the formulas. */
function indicators(): Record<string, Series> {
  const { close } = bars;
  const { line, signal, hist } = macd(close, 12, 26, 9);
  const { k, d } = stoch(bars, 14, 3, 3);
  const middle = sma(close, 20);
  const deviation = stddev(close, 20);
  const band = (times: number) => middle.map((value, i) => (value === null ? null : value + times * (deviation[i] as number)));
  return {
    sma_50: sma(close, 50),
    sma_200: sma(close, 200),
    ema_20: ema(close, 20),
    rsi_14: rsi(close, 14),
    macd_12_26_9: line,
    macd_12_26_9_signal: signal,
    macd_12_26_9_hist: hist,
    bbands_20_2_lower: band(-2),
    bbands_20_2_middle: middle,
    bbands_20_2_upper: band(2),
    atr_14: atr(bars, 14),
    stoch_14_3_3_k: k,
    stoch_14_3_3_d: d,
    adx_14: adx(bars, 14),
    obv: obv(bars),
    stddev_20_1: deviation,
  };
}

describe('examples/sp500', () => {
  const place = temporary();
  afterAll(() => place.remove());
  const folder = folderOf('sp500');
  let summary: Summary;
  let rows: readonly Answer[] = [];

  beforeAll(async () => {
    summary = await runOnce(folder, place.folder);
    rows = await asked(place.folder, (ask) => ask("SELECT *, formatDateTime(ts_event, '%F') AS day FROM sp500 ORDER BY ts_event"));
  }, 120_000);

  it('checks without a warning', async () => {
    expect(JSON.parse((await done(folder, ['check', '--json', '--data-dir', place.folder])).stdout)).toEqual({ diagnostics: [] });
  });

  it('has every day of the file as it is there', () => {
    expect(summary.sinks.daily_table?.rows).toBe(lines.length);
    expect(rows.map((row) => row.day)).toEqual(cells.map(([day]) => day));
    for (const name of ['open', 'high', 'low', 'close', 'adjclose', 'volume'])
      expect(
        rows.map((row) => row[name]),
        name,
      ).toEqual(column(name));
  });

  it('has the indicators that plain formulas give, null as long as they are', () => {
    const wanted = indicators();
    const given = Object.keys(rows[0] ?? {}).filter((name) => /_\d|^obv$/.test(name));
    expect(given.toSorted()).toEqual(Object.keys(wanted).toSorted());
    for (const [name, series] of Object.entries(wanted)) {
      expect(
        rows.map((row) => row[name] === null),
        name,
      ).toEqual(series.map((value) => value === null));
      const worst = Math.max(
        ...rows.map((row, i) => {
          const want = series[i];
          return want === null || want === undefined ? 0 : Math.abs(Number(row[name]) - want) / Math.max(1, Math.abs(want));
        }),
      );
      expect(worst, name).toBeLessThan(1e-9);
    }
  });

  it('answers the queries of its README as it is shown there', async () => {
    const answers = await documented('sp500', place.folder);
    expect(answers).toHaveLength(3);
    for (const { shown, given } of answers) expect(given).toBe(shown);
  });

  it('changes nothing when it is run again', async () => {
    const digest = () =>
      asked(place.folder, async (ask) => {
        const columns = (await ask(businessColumns('sp500'))).map((row) => String(row.name));
        return (await ask(tableDigest('sp500', columns)))[0];
      });
    const before = await digest();
    expect((await runOnce(folder, place.folder)).sinks.daily_table?.rows).toBe(0);
    expect(await digest()).toEqual(before);
    expect(before).toMatchObject({ rows: lines.length, identities: lines.length });
  });
});
