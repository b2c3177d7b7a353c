import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../cli/millrace.ts';
import { type Answer, asked, copyOf, documented, done, folderOf, runOnce, type Summary, temporary } from './example.ts';
import { atr, rsi, type Series, sma, stddev } from './formulas.ts';

type Line = Readonly<Record<string, string>>;

function linesOf(text: string): Line[] {
  const [head = '', ...lines] = text.trim().split('\n');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [head.split(',')[i], cell])));
}

const DATA = new URL('../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url);
const text = (name: string) => readFileSync(join(folderOf('trees'), name), 'utf8');
const card = (name: string) => JSON.parse(text(`models/${name}.onnx.json`));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A copy of the example that has its data beside it. */
function copied(folder: string): string {
  const copy = copyOf('trees', folder);
  cpSync(DATA, join(copy, 'sp500.csv'));
  rmSync(join(copy, 'features.csv'), { force: true });
  const file = join(copy, 'pipelines.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/path: \S+sp500-2000.csv/, 'path: sp500.csv'));
  return copy;
}

/** The columns that the models learn from, by their definitions; null until warm. */
function features(): Record<string, Series> {
  const rows = linesOf(readFileSync(DATA, 'utf8'));
  const column = (name: string) => rows.map((row) => Number(row[name]));
  const [high, low, close, volume] = [column('high'), column('low'), column('close'), column('volume')];
  const back = (days: number): Series => close.map((now, i) => (i < days ? null : Math.log(now / (close[i - days] as number))));
  const over = (series: Series, ratio: (value: number, row: number) => number): Series =>
    series.map((value, i) => (value === null ? null : ratio(value, i)));
  const volatility = (days: number): Series => [null, ...stddev(back(1).slice(1) as number[], days)];
  return {
    return_1: back(1),
    return_5: back(5),
    return_20: back(20),
    trend: over(sma(close, 200), (average, i) => Math.log((close[i] as number) / average)),
    volatility_10: volatility(10),
    volatility_60: volatility(60),
    rsi_14: rsi(close, 14),
    day_range: high.map((top, i) => Math.log(top / (low[i] as number))),
    range_14: over(atr({ high, low, close, volume }, 14), (range, i) => range / (close[i] as number)),
    volume_ratio: over(sma(volume, 20), (average, i) => (volume[i] as number) / average),
  };
}

describe('examples/trees', () => {
  const place = temporary();
  afterAll(() => place.remove());
  const trained = linesOf(text('models/answers.csv'));
  const dataDir = join(place.folder, 'data');
  let folder = '';
  let summary: Summary;
  let written = '';
  let predictions: readonly Answer[] = [];
  let shadow: readonly Answer[] = [];
  let outcomes: readonly Answer[] = [];

  beforeAll(async () => {
    folder = copied(place.folder);
    summary = await runOnce(folder, dataDir);
    written = readFileSync(join(folder, 'features.csv'), 'utf8');
    [predictions = [], shadow = [], outcomes = []] = await asked(dataDir, (ask) =>
      Promise.all([
        ask("SELECT *, formatDateTime(ts_event, '%F') AS day FROM predictions ORDER BY ts_event"),
        ask("SELECT *, formatDateTime(ts_event, '%F') AS day FROM shadow ORDER BY ts_event"),
        ask("SELECT *, formatDateTime(ts_origin, '%F') AS day FROM outcomes ORDER BY ts_origin"),
      ]),
    );
  }, 120_000);

  it('checks without a warning where it lies', async () => {
    expect(JSON.parse((await done(folderOf('trees'), ['check', '--json', '--data-dir', dataDir])).stdout)).toEqual({ diagnostics: [] });
  });

  it('writes for the trainer what plain formulas give, from which the models were made', () => {
    expect(card('trees').trained.data_sha256).toBe(createHash('sha256').update(written).digest('hex'));
    expect(card('linear').trained.data_sha256).toBe(card('trees').trained.data_sha256);
    const rows = linesOf(written);
    const wanted = features();
    expect(card('trees').features).toEqual(Object.keys(wanted));
    for (const [name, series] of Object.entries(wanted)) {
      const given = rows.map((row) => (row[name] === '' ? null : Number(row[name])));
      expect(given.map((value) => value === null)).toEqual(series.slice(0, rows.length).map((value) => value === null));
      const worst = Math.max(...given.map((value, i) => (value === null ? 0 : Math.abs(value - (series[i] as number)))));
      expect(worst, name).toBeLessThan(1e-9);
    }
  });

  it('predicts what the trainers said, on every day that they said anything of', () => {
    expect(trained.length).toBe(card('trees').metrics.hold_out.tested);
    const open = predictions.slice(trained.length); // days whose week was not over
    expect(open.map(({ day }) => day)).toEqual(['2020-04-15', '2020-04-16', '2020-04-17']);
    expect(outcomes.map(({ day }) => day)).toEqual(trained.map(({ day }) => day));
    expect(summary.nodes.predicted).toMatchObject({ rows_out: predictions.length, rejected: 0 });
    for (const [i, said] of trained.entries()) {
      const [live, trial, outcome] = [predictions[i] as Answer, shadow[i] as Answer, outcomes[i] as Answer];
      expect(live).toMatchObject({ day: said.day, model: 'trees', model_hash: card('trees').sha256, horizon: '7d', missing_features: 0 });
      expect(trial).toMatchObject({ day: said.day, model: 'linear', model_hash: card('linear').sha256, lower: null, upper: null });
      for (const name of ['p_up', 'lower', 'upper']) {
        expect(Math.abs(Number(live[name]) - Number(said[name])), `${said.day} ${name}`).toBeLessThan(1e-6);
        expect(outcome[name]).toBe(live[name]);
      }
      expect(Math.abs(Number(trial.p_up) - Number(said.linear_p_up)), said.day).toBeLessThan(1e-6);
    }
  });

  it('comes to the losses of the cards from the rows of its tables', () => {
    const { base } = card('trees').trained;
    const { hold_out: told } = card('trees').metrics;
    const logLoss = (p: (i: number) => number) => mean(outcomes.map(({ label_up }, i) => -Math.log(label_up ? p(i) : 1 - p(i))));
    const pinball = (bounds: (i: number) => readonly [number, number]) =>
      mean(
        outcomes.flatMap(({ label_return }, i) =>
          bounds(i).map((bound, upper) => {
            const above = Number(label_return) - bound;
            return above * ((upper ? 0.95 : 0.05) - (above < 0 ? 1 : 0));
          }),
        ),
      );
    const bounds = (i: number) => [Number(outcomes[i]?.lower), Number(outcomes[i]?.upper)] as const;
    expect(logLoss((i) => Number(outcomes[i]?.p_up))).toBeCloseTo(told.log_loss, 5);
    expect(logLoss(() => base.p_up)).toBeCloseTo(told.base_log_loss, 5);
    expect(logLoss((i) => Number(shadow[i]?.p_up))).toBeCloseTo(card('linear').metrics.hold_out.log_loss, 5);
    expect(pinball(bounds)).toBeCloseTo(told.pinball, 7);
    expect(pinball(() => [base.lower, base.upper])).toBeCloseTo(told.base_pinball, 7);
    const inside = outcomes.map(({ label_return }, i) =>
      Number(Number(label_return) >= bounds(i)[0] && Number(label_return) <= bounds(i)[1]),
    );
    expect(mean(inside)).toBeCloseTo(told.covered, 5);
  });

  it('answers the queries of its README as it is shown there', async () => {
    const answers = await documented('trees', dataDir);
    expect(answers).toHaveLength(3);
    for (const { shown, given } of answers) expect(given).toBe(shown);
  });

  it('refuses a model that was tampered with, at its line', async () => {
    const model = join(folder, 'models', 'trees.onnx');
    const bytes = readFileSync(model);
    const leaf = bytes.lastIndexOf(Buffer.from('nodes_values')) + 40; // a byte of a threshold
    bytes[leaf] = (bytes[leaf] ?? 0) ^ 1;
    writeFileSync(model, bytes);
    const { code, stdout } = await run(folder, ['check', '--json']);
    expect(code).toBe(1);
    const lines = text('pipelines.yaml').split('\n');
    const line = lines.findIndex((words) => words.includes('use: predict')) + 1;
    expect(JSON.parse(stdout).diagnostics).toMatchObject([
      {
        code: 'model-invalid',
        message: 'model "models/trees.onnx": it is not the file that its card was written for: another SHA-256',
        line,
        column: (lines[line - 1] ?? '').indexOf('models/trees.onnx') + 1,
      },
    ]);
  });

  /** An interpreter that has what requirements.txt names. */
  const python = process.env.MILLRACE_TREES_PYTHON ?? '';
  it.skipIf(python === '')(
    'is trained again to the same answers, with the Python that MILLRACE_TREES_PYTHON names',
    async () => {
      const again = copied(join(place.folder, 'again'));
      cpSync(join(folder, 'features.csv'), join(again, 'features.csv'));
      await promisify(execFile)(python, ['train.py'], { cwd: again });
      const answers = linesOf(readFileSync(join(again, 'models/answers.csv'), 'utf8'));
      expect(answers.map(({ day }) => day)).toEqual(trained.map(({ day }) => day));
      for (const [i, row] of answers.entries())
        for (const [name, value] of Object.entries(row)) {
          if (name !== 'day') expect(Math.abs(Number(value) - Number(trained[i]?.[name])), `${row.day} ${name}`).toBeLessThan(1e-6);
        }
      expect(JSON.parse((await done(again, ['check', '--json'])).stdout)).toEqual({ diagnostics: [] });
    },
    120_000,
  );

  it.skipIf(python === '')(
    'is converted exactly where splits lie between neighbours, which the converter alone does not',
    async () => {
      const env = { ...process.env, PYTHONPATH: folderOf('trees'), PYTHONDONTWRITEBYTECODE: '1' };
      const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, 'float32-splits.py')], { env });
      const differences = JSON.parse(stdout) as readonly { readonly converted: number; readonly alone: number }[];
      expect(differences).toHaveLength(5);
      for (const { converted, alone } of differences) {
        expect(converted).toBeLessThan(1e-6);
        expect(alone).toBeGreaterThan(0.1);
      }
    },
    120_000,
  );
});
