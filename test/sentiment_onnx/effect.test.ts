import { createHash } from 'node:crypto';
import { Schema, Utf8 } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { COLUMNS, field } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { parseTextCard, textModelFault, tokenizerFault } from '../../operators/sentiment_onnx/card.ts';
import { sentimentOnnx } from '../../operators/sentiment_onnx/operator.ts';
import { linearModel } from '../predict/models.ts';
import { expected, summing, TOKENIZER, textCard } from './transformer.ts';

const NEWS = new Schema([COLUMNS.ts_event, field('headline', new Utf8(), true, 'headline'), field('entity', new Utf8(), true, 'entity')]);

/** What leaves, answered. */
async function scored(
  headlines: readonly (string | null)[],
  given: object = {},
  entity: string | null = null,
  tokenizer = TOKENIZER,
  model = summing(),
): Promise<Row[]> {
  const texts = new Map([['m.onnx.json', textCard(model)]]);
  const params = { model: 'm.onnx', tokenizer: 't.json', ...given };
  const inputs = { in: NEWS };
  const subject = subjectOf(sentimentOnnx, params, inputs, texts);
  const files = new Map<string, Uint8Array>([
    ['m.onnx', model],
    ['t.json', Buffer.from(tokenizer)],
  ]);
  const effect = await sentimentOnnx.effect?.({
    params: sentimentOnnx.params.parse(params),
    inputs,
    outputs: subject.outputs,
    files,
    texts,
  });
  if (!effect) throw new TypeError('sentiment_onnx has an effect');
  const left: Row[] = [];
  const batch = batchOf(
    NEWS,
    headlines.map((headline, i) => ({ ts_event: BigInt(i), headline, entity })),
  );
  const answers: Promise<void>[] = [];
  subject
    .create()
    .push(
      batch,
      'in',
      (port, rows) => answers.push(effect.apply(port, rows).then((answered) => void left.push(...rowsOf(answered)))),
      MIN_NS,
    );
  await Promise.all(answers);
  await effect.close();
  return left;
}

describe('sentiment_onnx', () => {
  test('gives what the model says of the tokens, whatever stands in the same batch', async () => {
    const headlines: [string, string[]][] = [
      ['Profit rises 5%', ['[CLS]', 'profit', 'rises', '5', '%', '[SEP]']],
      ['Bank', ['[CLS]', 'bank', '[SEP]']],
      ['PROFITS falls, falls and FALLS', ['[CLS]', 'profit', '##s', 'falls', 'falls', 'falls', '[SEP]']],
      ['', ['[CLS]', '[SEP]']],
      ['loss', ['[CLS]', 'loss', '[SEP]']],
    ];
    for (const rows of [1, 2, 32]) {
      const found = await scored(
        headlines.map(([headline]) => headline),
        { rows },
      );
      expect(found).toHaveLength(headlines.length);
      for (const [i, [headline, words]] of headlines.entries()) {
        const [negative = 0, neutral = 0, positive = 0] = expected(words).p;
        const row = found[i];
        expect(row?.headline).toBe(headline);
        expect(Number(row?.p_negative)).toBeCloseTo(negative, 6);
        expect(Number(row?.p_neutral)).toBeCloseTo(neutral, 6);
        expect(Number(row?.p_positive)).toBeCloseTo(positive, 6);
        expect(Number(row?.sentiment)).toBeCloseTo(positive - negative, 6);
        expect(Number(row?.confidence)).toBeCloseTo(Math.max(negative, neutral, positive), 6);
      }
      expect(found.map(({ label }) => label)).toEqual(['positive', 'neutral', 'negative', 'neutral', 'negative']);
    }
  });

  test('says nothing of what is null, and sees the second text', async () => {
    const [none] = await scored([null]);
    expect(none).toMatchObject({ label: null, p_negative: null, sentiment: null, confidence: null, model: 'summing' });
    const [pair] = await scored(['bank'], { pair: 'entity' }, 'loss loss');
    const words = ['[CLS]', 'bank', '[SEP]', 'loss', 'loss', '[SEP]'];
    expect(Number(pair?.p_negative)).toBeCloseTo(expected(words).p[0] ?? 0, 6);
  });

  test('cuts off what is beyond the tokens that it may see', async () => {
    const [long] = await scored([`${'loss '.repeat(5)}${'rises '.repeat(400)}`], { max_tokens: 8 });
    expect(Number(long?.p_positive)).toBeCloseTo(expected(['[CLS]', ...Array(5).fill('loss'), 'rises', '[SEP]']).p[2] ?? 0, 6);
  });

  test.each<[string, object, Uint8Array, RegExp]>([
    ['too few labels', { labels: ['negative', 'positive'] }, summing(), /has 3 columns, and its card names 2 labels/],
    ['another output', { output: 'scores' }, summing(), /gives no "scores"; it gives logits/],
    ['no transformer', {}, linearModel({ weights: [1], bias: 0 }), /takes features, and no "input_ids"/],
    ['cut short', {}, summing().subarray(0, 200), /cut short/],
  ])('refuses a model with %s', (_, given, bytes, message) => {
    const parsed = parseTextCard('m.onnx.json', textCard(bytes, given));
    if (!('card' in parsed)) throw new Error('the card can be read');
    expect(textModelFault(bytes, parsed.card)).toMatch(message);
  });

  test('refuses a tokenizer of other words, which would read another text', async () => {
    const swapped = TOKENIZER.replace('"rises":5', '"rises":6').replace('"falls":6', '"falls":5');
    const parsed = parseTextCard('m.onnx.json', textCard(summing()));
    if (!('card' in parsed)) throw new Error('the card can be read');
    expect(swapped).not.toBe(TOKENIZER);
    expect(tokenizerFault(Buffer.from(TOKENIZER), parsed.card)).toBeNull();
    expect(tokenizerFault(Buffer.from(swapped), parsed.card)).toMatch(/another SHA-256/);
    expect(tokenizerFault(Buffer.from('{}'), parsed.card)).toMatch(/no tokenizer.json/);
    await expect(scored(['rises'], {}, null, swapped)).rejects.toMatchObject({ code: 'model-invalid', message: /tokenizer "t.json"/ });
    const [row] = await scored(['rises']);
    expect(row?.tokenizer_hash).toBe(createHash('sha256').update(TOKENIZER).digest('hex'));
  });

  test.each([1, 2, 32])('answers all but the text that the model cannot take, asked %i at a time', async (rows) => {
    const found = await scored(['rises', 'merger', 'loss', 'bank merger', 'profit'], { rows });
    expect(found.map(({ label, failure }) => [label, failure])).toEqual([
      ['positive', null],
      [null, 'model-failed'],
      ['negative', null],
      [null, 'model-failed'],
      ['positive', null],
    ]);
    expect(Number(found[2]?.p_negative)).toBeCloseTo(expected(['[CLS]', 'loss', '[SEP]']).p[0] ?? 0, 6);
    expect(await scored(['merger'])).toMatchObject([{ label: null, failure: 'model-failed' }]);
  });

  test('refuses before it starts to show a model more tokens than it takes', async () => {
    const texts = ['rises', `${'loss '.repeat(40)}`];
    await expect(scored(texts, { max_tokens: 17 }, null, TOKENIZER, summing(16))).rejects.toMatchObject({
      code: 'model-invalid',
      message: /max_tokens: 17/,
      remedy: /max_position_embeddings/,
    });
    const found = await scored(texts, { max_tokens: 16 }, null, TOKENIZER, summing(16));
    expect(found.map(({ label }) => label)).toEqual(['positive', 'negative']);
  });

  test('refuses a card that names a label twice', () => {
    expect(parseTextCard('m.onnx.json', textCard(summing(), { labels: ['neutral', 'neutral'] }))).toMatchObject({
      faults: [{ message: '"labels": names a label twice' }],
    });
  });
});
