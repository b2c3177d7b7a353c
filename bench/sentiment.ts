import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Field, type RecordBatch, Schema, Utf8 } from 'apache-arrow';
import { COLUMNS } from '../graph/contract/columns.ts';
import { MIN_NS } from '../graph/contract/frame.ts';
import { batchOf } from '../graph/contract/rows.ts';
import { subjectOf } from '../graph/test-kit/subject.ts';
import { sentiment } from '../operators/sentiment/operator.ts';
import { atLeast, type Bench, type Figure, figure } from './figure.ts';
import { costOf } from './measure.ts';

/** From `dist-bench/bench`, where a bench runs. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NEWS = join(process.env.MILLRACE_DATA ?? join(ROOT, '../shared/data'), 'news');
const SCHEMA = new Schema([COLUMNS.ts_event, new Field('headline', new Utf8(), false)]);
const BATCH_ROWS = 1_000;
const LABELS = ['negative', 'neutral', 'positive'];

interface Labelled {
  readonly headline: string;
  readonly entities: readonly { readonly name: string; readonly sentiment: string }[];
}

interface ModelFile {
  readonly metrics: { readonly single: { readonly macro_f1: { readonly mean: number } } };
}

/** A word list as small as they come. */
const GOOD =
  'gain gains gained rise rises rose up surge surges jump jumps rally rallies high higher profit beat beats strong bullish positive buy upgrade wins win best good growth grow grows recover recovers boost boosts outperform';
const BAD =
  'fall falls fell down drop drops slip slips slump slumps plunge plunges low lower loss losses miss misses weak bearish negative sell downgrade cut cuts worst bad decline declines drag drags pressure probe fraud fine crash tumble tumbles';

/** Labels by counting words of a list: what one would write in JavaScript. */
function byWords(weights: ReadonlyMap<string, number>, headlines: readonly string[]): string[] {
  return headlines.map((headline) => {
    let sum = 0;
    for (const word of headline.toLowerCase().split(/[^a-z]+/)) sum += weights.get(word) ?? 0;
    return sum > 0 ? 'positive' : sum < 0 ? 'negative' : 'neutral';
  });
}

/** Mean over the labels of 2 TP / (2 TP + FP + FN). */
function macroF1(told: readonly (string | null)[], labels: readonly string[]): number {
  const scores = LABELS.map((label) => {
    const hits = told.filter((one, i) => one === label && labels[i] === label).length;
    const said = told.filter((one) => one === label).length;
    const there = labels.filter((one) => one === label).length;
    return (2 * hits) / (said + there);
  });
  return scores.reduce((a, b) => a + b, 0) / LABELS.length;
}

function batchesOf(headlines: readonly string[]): RecordBatch[] {
  return Array.from(
    { length: Math.ceil(headlines.length / BATCH_ROWS) },
    (_, b) =>
    batchOf(SCHEMA, headlines.slice(b * BATCH_ROWS, (b + 1) * BATCH_ROWS).map((headline, i) => ({ ts_event: BigInt(b * BATCH_ROWS + i), headline }))), // biome-ignore format: one step
  );
}

/** CPU seconds of the quickest of several runs. */
function quickest(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) best = Math.min(best, costOf(work).cpu);
  return best;
}

/** Headlines a second of one core through `sentiment`, with names and without, beside a word list; and how well each labels. */
export const headlines: Bench = {
  name: 'sentiment',
  summary: 'headlines scored for each entity they name, beside a word list in JavaScript',
  async run({ note }) {
    if (!existsSync(join(NEWS, 'headlines.ndjson.gz'))) {
      note(`skipped: there are no headlines in ${NEWS}`);
      return [];
    }
    const lines = gunzipSync(readFileSync(join(NEWS, 'headlines.ndjson.gz'))).toString().trim().split('\n'); // biome-ignore format: one step
    const labelled = lines.map((line) => JSON.parse(line) as Labelled);
    const texts = labelled.map(({ headline }) => headline);
    const batches = batchesOf(texts);
    const files = new Map([['entities.csv', readFileSync(join(NEWS, 'entities.csv'), 'utf8')]]);
    const rate = (params: object): number => {
      const kernel = subjectOf(sentiment, params, { in: SCHEMA }, files).create();
      return texts.length / quickest(() => batches.forEach((batch) => void kernel.push(batch, 'in', () => undefined, MIN_NS))); // biome-ignore format: one step
    };
    const weights = new Map([...GOOD.split(' ').map((word) => [word, 1] as const), ...BAD.split(' ').map((word) => [word, -1] as const)]);
    const plain = { name: 'a word list, JavaScript', figure: texts.length / quickest(() => void byWords(weights, texts)) };
    const figures: Figure[] = [
      figure('headlines with entities', rate({ entities: 'entities.csv' }), 'headlines/CPU s', plain, [atLeast(200_000)]),
      figure('headlines as a whole', rate({}), 'headlines/CPU s', plain),
    ];

    const single = labelled.filter(({ entities }) => entities.length === 1);
    const labels = single.map(({ entities }) => entities[0]?.sentiment ?? '');
    const words = macroF1(byWords(weights, single.map(({ headline }) => headline)), labels); // biome-ignore format: one step
    // what the model says of headlines that it was trained on would say nothing
    const { metrics } = JSON.parse(readFileSync(join(ROOT, 'operators/sentiment/model.json'), 'utf8')) as ModelFile;
    const seen = 'macro-F1 of headlines with one entity, as cross-validated when the model was made';
    return [...figures, figure(seen, metrics.single.macro_f1.mean, '', { name: 'a word list, JavaScript', figure: words })];
  },
};
