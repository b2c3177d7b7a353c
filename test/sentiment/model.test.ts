import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string) => readFileSync(at(path), 'utf8');
const script = new URL('../../scripts/sentiment-tables.js', import.meta.url).href;
const pages: { tables(metrics: unknown): string; between(page: string, text: string): string } = await import(script);
const model = JSON.parse(read('operators/sentiment/model.json'));

test('the page of the model says what the model file says', () => {
  const page = read('native/polarity/README.md');
  expect(pages.between(page, pages.tables(model.metrics))).toBe(page);
});

test('the model was made with the word list that is in the repository', () => {
  expect(model.lexicon).toBe(read('native/polarity/lexicon.txt'));
});

test('the file is under 3 MB and its vectors are of this file', () => {
  expect(Buffer.byteLength(read('operators/sentiment/model.json'))).toBeLessThan(3e6);
  expect(JSON.parse(read('native/polarity/vectors/scores.json')).model).toBe(model.sha256);
});

// measured on rows that neither the weights nor their calibration had seen
test('cross-validation reaches what was asked for', () => {
  const { single, all, baselines } = model.metrics;
  expect(single.macro_f1.mean).toBeGreaterThanOrEqual(0.84);
  expect(all.macro_f1.mean).toBeGreaterThanOrEqual(0.8);
  expect(Math.max(single.calibration_error.mean, all.calibration_error.mean)).toBeLessThan(0.03);
  for (const baseline of baselines) expect(all.macro_f1.mean).toBeGreaterThan(baseline.all.mean);
});

test('the fewer answers, the more of them are right', () => {
  const risks: { coverage: number; accuracy: number }[] = model.metrics.risk_coverage;
  for (const [at, risk] of risks.slice(1).entries()) {
    expect(risk.coverage).toBeLessThan(risks[at]?.coverage ?? 0);
    expect(risk.accuracy).toBeGreaterThan(risks[at]?.accuracy ?? 1);
  }
});
