import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readCaseFile } from '../../graph/test-kit/case-file.ts';
import { checkLaws } from '../../graph/test-kit/check.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { type Subject, subjectOf } from '../../graph/test-kit/subject.ts';
import { sentiment } from '../../operators/sentiment/operator.ts';
import { referenceSentiment } from './reference/kernel.ts';
import { NEWS } from './scored.ts';

const SEED = Number(process.env.MILLRACE_SEED ?? 1);
const TAPES = Number(process.env.MILLRACE_TAPES ?? 3);
const CASES = readCaseFile(readFileSync(new URL('../../operators/sentiment/cases.yaml', import.meta.url), 'utf8'));

/** `sentiment` with the reference beside it. */
function withReference(params: object, inputs: Subject['inputs'], files: ReadonlyMap<string, string>): Subject {
  const subject = subjectOf(sentiment, params, inputs, files);
  const context = { params: sentiment.params.parse(params), inputs, outputs: subject.outputs, files };
  return { ...subject, reference: () => referenceSentiment(context) };
}

describe('the native kernel gives what the reference gives', () => {
  test.each(CASES.lawInputs.map((input, i) => [i, input] as const))('with the parameters of case %i', (_, { params, inputs, files }) => {
    const subject = withReference(params, inputs, files);
    const violations = checkLaws(subject, { ...CASES, seed: SEED, tapes: TAPES, laws: ['native = reference'] });
    expect(violations.map(({ message }) => message)).toEqual([]);
  });

  test('of headlines put together from names, words, tags and odd letters', () => {
    const table = ['symbol,name,alias', ...ALIASES.map((alias, i) => `S${i % 9},Entity ${i >> 1},${alias}`)].join('\n');
    const random = new Random(SEED);
    const headlines = Array.from({ length: 40 * TAPES }, () =>
      Array.from({ length: random.int(1, 14) }, () => random.pick(PARTS)).join(''),
    );
    const ranges = { headline: { values: headlines } };
    const subject = withReference({ entities: 'entities.csv', abstain: 0.5 }, { in: NEWS }, new Map([['entities.csv', table]]));
    const options = { ranges, shapes: {}, stepNs: 1n, maxRows: 60, seed: SEED, tapes: TAPES, laws: ['native = reference'] as const };
    expect(checkLaws(subject, { ...options, laws: [...options.laws] }).map(({ message }) => message)).toEqual([]);
  });
});

const ALIASES = ['Infosys', 'INFY', 'Tata', 'Tata Motors', 'tata', 'Gold', 'gold', 'IT', 'it', 'Dr. Reddy\u2019s', 'AT&T', 'T', 'L\u2019Or\u00e9al', '\u6f22\u5b57', '\u00dcn\u00efcode', 'Bank of India', 'of India', 'Re-$']; // biome-ignore format: one line
const PARTS = [
  ...ALIASES, ...ALIASES.map((alias) => ` ${alias} `), ' ', ' ', ' ', '  ', "'s ", '\u2019s ', "' ", '-', '.', ', ', '; ', '&amp;', '<b>', '</b>', '<br/>', '<p class="a>b">',
  '&nbsp;', '&#8217;', '&#x2019;', '&lt;', '\u200b', '\u0301', '\ud83d\ude80', ' falls 4.5%', ' up', ' not weak', ' gains as ', ' Q2 net profit at Rs 1,200.50 crore', ' the ', ' of ', ' und ',
  ' nicht f\u00fcr die ', ' \u0432\u0441\u0435 \u043b\u044e\u0434\u0438 ', '\u201cbuy\u201d', ' 10-year ', '\u2014', '<!-- x -->', '<script>IT</script>',
]; // biome-ignore format: many
