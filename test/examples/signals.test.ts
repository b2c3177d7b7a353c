import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Answer, asked, copyOf, DATA, documented, done, folderOf, runOnce, type Summary, temporary } from './example.ts';
import { barsOf, type Known, known, type Said } from './point-in-time.ts';

const FOLDER = folderOf('signals');
const MODELS = ['direction.onnx', 'plain.onnx'].flatMap((name) => [name, `${name}.json`]);
const MS = 'toUnixTimestamp64Milli(ts_event) AS ms';
const SAID = `SELECT ${MS}, symbol, headline_id, sentiment, confidence, credibility FROM headlines
  WHERE symbol IS NOT NULL AND sentiment IS NOT NULL AND ambiguity < 0.5 AND (headline_id, symbol) NOT IN (SELECT headline_id, symbol FROM repeats)
  ORDER BY ts_event, _seq`;
const DECISIONS = `SELECT ${MS}, * EXCEPT (ts_event) FROM decisions ORDER BY ts_event, symbol`;

const number = (value: unknown): number | null => (value === null ? null : Number(value));
const key = ({ ms, symbol }: Answer): string => `${Number(ms)} ${symbol}`;
const texts = (folder: string): (readonly [string, string])[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => /\.(ndjson|csv|gz)$/.test(name))
    .toSorted()
    .map((name) => [
      name,
      (name.endsWith('.gz') ? gunzipSync(readFileSync(join(folder, name))) : readFileSync(join(folder, name))).toString(),
    ]);
const make = (folder: string, args: readonly string[] = []): void =>
  void execFileSync(process.execPath, [join(folder, 'make.js'), ...args], { stdio: 'pipe' });

describe('examples/signals', () => {
  const place = temporary();
  const dataDir = join(place.folder, 'data');
  const bars = barsOf(join(FOLDER, 'seeded', 'today'));
  const copy = copyOf('signals', place.folder);
  let summary: Summary;
  let [checked, trained, leaks]: unknown[] = [];
  let decisions: readonly Answer[] = [];
  let [said, orders, outcomes]: (readonly Answer[])[] = [];

  beforeAll(async () => {
    make(copy);
    const told = async (folder: string, args: readonly string[]): Promise<unknown> =>
      JSON.parse((await done(folder, [...args, '--json'])).stdout);
    [summary, checked, trained, leaks] = await Promise.all([
      runOnce(FOLDER, dataDir),
      told(FOLDER, ['check', '--data-dir', join(place.folder, 'check')]),
      told(copy, ['train', '--file', 'train.yaml']),
      told(FOLDER, ['test', '--leaks', '--cuts', '1', '--data-dir', join(place.folder, 'leaks')]),
    ]);
    await asked(dataDir, async (ask) => {
      decisions = await ask(DECISIONS);
      said = await ask(SAID);
      orders = await ask(`SELECT ${MS}, * EXCEPT (ts_event) FROM orders ORDER BY ts_event, _seq`);
      outcomes = await ask(`SELECT ${MS}, toUnixTimestamp64Milli(ts_origin) AS origin, symbol, label_return FROM outcomes ORDER BY ms`);
    });
  }, 240_000);
  afterAll(() => place.remove());

  it('checks without a warning, and has the seeded set and the models that its files make', () => {
    expect(checked).toEqual({ diagnostics: [] });
    expect(texts(join(copy, 'seeded'))).toEqual(texts(join(FOLDER, 'seeded')));
    for (const name of MODELS)
      expect(readFileSync(join(copy, 'seeded', name)).equals(readFileSync(join(FOLDER, 'seeded', name))), name).toBe(true);
    const [direction, plain] = (trained as { models: unknown }).models as {
      metrics: { log_loss: number; base_log_loss: number; log_loss_gain_95: number[] };
    }[];
    expect(direction?.metrics.log_loss_gain_95[0]).toBeGreaterThan(0); // what the generator put there
    expect(direction?.metrics.log_loss).toBeLessThan(plain?.metrics.log_loss ?? 0);
  }, 240_000);

  it('learns from the features that it decides by', () => {
    const operators = (name: string, pipeline: string): Record<string, { with: Record<string, unknown> }> =>
      parse(readFileSync(join(FOLDER, name), 'utf8')).pipelines[pipeline].operators;
    const [live, history] = [operators('pipelines.yaml', 'signals'), operators('train.yaml', 'training')];
    for (const name of ['scored', 'fresh', 'about', 'moods', 'features']) expect(history[name], name).toEqual(live[name]);
    expect(history.moody?.with).toEqual(live.moody?.with);
    expect(history.labelled?.with).toEqual(live.known?.with);
  });

  it('makes exactly one decision a bar, of a bar that was closed, and holds to its rules', () => {
    expect(decisions.map(key).toSorted()).toEqual(bars.map(({ at, symbol }) => `${at} ${symbol}`).toSorted());
    const at = new Map(bars.map((bar) => [`${bar.at} ${bar.symbol}`, bar]));
    const seen = new Map<string, { count: number; acted: number; position: number }>();
    for (const row of decisions) {
      const { open, high, low, close, volume } = at.get(key(row)) ?? {};
      expect([row.open, row.high, row.low, row.close, row.volume]).toEqual([open, high, low, close, volume]);
      const [up, tone, news] = [number(row.p_up), Number(row.tone), number(row.news_minutes)];
      const own = seen.get(String(row.symbol)) ?? { count: 0, acted: -Infinity, position: 0 };
      const size = Number(row.size);
      if (row.decision === 'buy')
        expect(up !== null && up > 0.6 && tone > 0.1 && news !== null && news < 30, String(row.reasons)).toBe(true);
      if (row.decision === 'sell')
        expect(up !== null && up < 0.4 && tone < -0.1 && news !== null && news < 30, String(row.reasons)).toBe(true);
      if (row.decision === 'close') expect([(news ?? 0) > 40, Number(row.target_size), size]).toEqual([true, 0, Math.abs(own.position)]);
      if (row.decision === 'hold') expect([size, row.order_id]).toEqual([0, null]);
      else expect(own.count, 'warm-up').toBeGreaterThanOrEqual(60);
      if (row.decision === 'buy' || row.decision === 'sell') expect(Number(row.ms) - own.acted, 'cooldown').toBeGreaterThanOrEqual(600_000);
      const bought = row.decision === 'buy' || (row.decision === 'close' && own.position < 0);
      const position = own.position + (bought ? size : -size);
      expect(Number(row.target_size)).toBeCloseTo(position, 9);
      seen.set(String(row.symbol), { count: own.count + 1, acted: row.decision === 'hold' ? own.acted : Number(row.ms), position });
    }
    expect(new Set(decisions.map(({ decision }) => decision))).toEqual(new Set(['buy', 'sell', 'hold', 'close']));
  });

  it('orders whole lots, each past the gate, none without a decision', () => {
    const [head = '', ...lines] = readFileSync(join(FOLDER, 'instruments.csv'), 'utf8').trim().split('\n');
    const column = (name: string) => head.split(',').indexOf(name);
    const steps = new Map(
      lines
        .map((line) => line.split(','))
        .map((cells) => [cells[column('symbol')], [cells[column('tick_size')], cells[column('lot_size')]].map(Number)]),
    );
    const byId = new Map(orders?.map((order) => [String(order.order_id), order]));
    const acted = decisions.filter(({ decision }) => decision !== 'hold');
    expect([byId.size, orders?.length, summary.sinks.denied_table?.rows]).toEqual([acted.length, acted.length, 0]);
    expect(summary.nodes.gate).toMatchObject({ rows_in: acted.length, rows_out: acted.length, rejected: 0 });
    for (const { order_id, ms, symbol, size, target_size, close } of acted) {
      const order = byId.get(String(order_id));
      const [tick = 0, lot = 0] = steps.get(String(symbol)) ?? [];
      expect([order?.ms, order?.symbol, order?.account]).toEqual([ms, symbol, 'PAPER']);
      expect(Number.isInteger(Number(order?.size_lots))).toBe(true);
      expect(Number(order?.size_lots) * lot).toBeCloseTo(Number(size), 9);
      expect(Math.abs(Number(target_size) / lot - Math.round(Number(target_size) / lot))).toBeLessThan(1e-9);
      expect(Number(order?.price_ticks) * tick).toBeCloseTo(Number(close) + (order?.side === 'buy' ? tick : -tick), 9);
    }
  });

  it('knows at each bar what plain loops over the input know, and nothing that came later', () => {
    const heard = said?.map((row) => ({ ...row, at: Number(row.ms), headline_id: Number(row.headline_id) }) as unknown as Said) ?? [];
    expect(heard.length).toBeGreaterThan(80);
    const wanted = new Map(known(bars, heard).map((row, i) => [`${bars[i]?.at} ${bars[i]?.symbol}`, row]));
    const wrong = decisions.flatMap((row) =>
      Object.entries(wanted.get(key(row)) as Known).flatMap(([name, value]: [string, number | null]) => {
        const given = number(row[name]);
        const isSame = value === null || given === null ? given === value : Math.abs(given - value) < 1e-12;
        return isSame ? [] : [`${name} of ${key(row)} is ${given}, not ${value}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('tells of bounds what became of them', () => {
    const bounds = new Map(decisions.map((row) => [key(row), row]));
    const inside = new Map<string, { readonly ms: number; readonly held: boolean }[]>();
    for (const { ms, origin, symbol, label_return } of outcomes ?? []) {
      const { lower, upper } = bounds.get(`${Number(origin)} ${symbol}`) ?? {};
      const told = inside.get(String(symbol)) ?? [];
      inside.set(String(symbol), told);
      if (lower === null || upper === null) continue;
      told.push({ ms: Number(ms), held: Number(label_return) >= Number(lower) && Number(label_return) <= Number(upper) });
    }
    let compared = 0;
    for (const { ms, symbol, coverage } of decisions) {
      const last = (inside.get(String(symbol)) ?? []).filter((one) => one.ms < Number(ms)).slice(-200); // labels of the same instant come after
      if (coverage === null) continue;
      compared++;
      expect(Number(coverage)).toBeCloseTo(last.filter(({ held }) => held).length / last.length, 12);
    }
    expect(compared).toBeGreaterThan(1000);
    const all = [...inside.values()].flat();
    const deviation = Math.sqrt((0.9 * 0.1) / (all.length / 5)); // five bars a horizon depend on each other
    expect(Math.abs(all.filter(({ held }) => held).length / all.length - 0.9)).toBeLessThan(3 * deviation);
  });

  it('answers the queries of its README as it is shown there', async () => {
    const answers = await documented('signals', dataDir);
    expect(answers).toHaveLength(7);
    for (const { shown, given } of answers) expect(given).toBe(shown);
  });

  it('says nothing that depends on what comes later', () => {
    const [report] = (leaks as { pipelines: { leaks: unknown; ports: { node: string; port: string; rows: number }[] }[] }).pipelines;
    expect(report?.leaks).toEqual([]);
    const compared = (node: string): number => report?.ports.find((port) => port.node === node && port.port === 'out')?.rows ?? 0;
    expect(Math.min(...['moods', 'features', 'predicted', 'known', 'calibrated', 'decided'].map(compared))).toBeGreaterThan(300);
  });
});

describe.skipIf(DATA === null)('examples/signals on real headlines and bars (skipped without them: set MILLRACE_DATA)', () => {
  const place = temporary();
  afterAll(() => place.remove());

  it('decides once a bar, and learns nothing of news whose times are drawn', async () => {
    const copy = copyOf('signals', place.folder);
    make(copy, [DATA ?? '']);
    const real = { SIGNALS_DATA: 'real' };
    const [{ metrics, rows }] = JSON.parse((await done(copy, ['train', '--file', 'train.yaml', '--json'], real)).stdout).models;
    expect(rows).toBeGreaterThan(4_500);
    expect(metrics.log_loss_gain_95[0]).toBeLessThan(0);
    const { nodes, sinks } = await runOnce(copy, join(copy, 'real', '.millrace'), real);
    const count = barsOf(join(copy, 'real', 'today')).length;
    expect(count).toBeGreaterThan(2_500);
    expect([nodes.decided?.rows_out, sinks.decisions_table?.rows, sinks.shadow_table?.rows]).toEqual([count, count, count]);
    expect(Number(nodes.about?.rows_out)).toBeGreaterThan(500);
    const strays = await asked(join(copy, 'real', '.millrace'), (ask) =>
      ask(
        'SELECT count() AS n FROM orders AS o LEFT JOIN decisions AS d USING (order_id) WHERE d.ts_event != o.ts_event OR d.symbol != o.symbol',
      ),
    );
    expect(Number(strays[0]?.n)).toBe(0);
  }, 240_000);
});
