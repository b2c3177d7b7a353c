import { Tokenizer } from '@huggingface/tokenizers';
import type { RecordBatch } from 'apache-arrow';
import { column, dictionaryVector } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Effect, EffectContext } from '../../graph/contract/operator.ts';
import { cell } from '../../graph/contract/rows.ts';
import { askApart } from '../onnx/apart.ts';
import { openSession, type Session } from '../onnx/session.ts';
import { readShape } from '../onnx/shape.ts';
import { answeredWith } from '../onnx/unanswered.ts';
import { LABELS, type TextCard, TOKENS, textModelFault, tokenizerFault } from './card.ts';
import { cardIn } from './kernel.ts';
import { FAILURES } from './layout.ts';
import type { SentimentOnnxParams } from './operator.ts';

/** A row as the model reads it. */
interface Tokens {
  readonly row: number;
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

/** Opens the model and its tokenizer. Errors: `model-invalid`, `onnx-missing`. */
export async function openSentimentOnnx({ params, files, texts }: EffectContext<SentimentOnnxParams>): Promise<Effect> {
  const card = cardIn(params, texts);
  const bytes = files.get(params.model) ?? new Uint8Array(0);
  const rules = files.get(params.tokenizer) ?? new Uint8Array(0);
  const fault = textModelFault(bytes, card);
  if (fault !== null) throw invalid(`model "${params.model}": ${fault}`);
  const other = tokenizerFault(rules, card);
  if (other !== null) throw invalid(`tokenizer "${params.tokenizer}": ${other}`);
  const tokenizer = tokenizerOf(params.tokenizer, rules);
  const session = await openSession(params.model, bytes);
  const wanted = TOKENS.filter((name) => readShape(bytes).inputs.some((input) => input.name === name));
  const longest = longestRow(tokenizer, params.max_tokens);
  const probe = async (): Promise<void> => void (await ask(session, [longest], wanted, card));
  try {
    await probe();
  } catch (cause) {
    await session.close();
    throw tooLong(params, cause);
  }
  return {
    async apply(_, batch) {
      const rows = tokensOf(batch, params, tokenizer).sort((a, b) => a.ids.length - b.ids.length || a.row - b.row); // like lengths waste no padding
      const answers = new Answers(batch.numRows);
      for (let from = 0; from < rows.length; from += params.rows) {
        const group = rows.slice(from, from + params.rows);
        await askApart(group.length, {
          async ask(first, end) {
            const some = group.slice(first, end);
            const logits = await ask(session, some, wanted, card);
            for (const [i, { row }] of some.entries()) answers.put(row, logits.subarray(i * card.labels.length), card);
          },
          probe,
          failed: (at) => answers.fail((group[at] as Tokens).row, 'model-failed'),
        });
      }
      return answeredWith(batch, answers.columns());
    },
    close: () => session.close(),
  };
}

const invalid = (message: string): MillraceError =>
  new MillraceError(message, {
    code: 'model-invalid',
    domain: 'user',
    remedy: 'a model, its card and its tokenizer are one: bring the ones back that belong together',
  });

/** A row of as many tokens as a row may have. */
function longestRow(tokenizer: Tokenizer, tokens: number): Tokens {
  const [id = 0] = tokenizer.encode('', {}).ids;
  return { row: 0, ids: Array.from({ length: tokens }, () => id), types: Array.from({ length: tokens }, () => 0) };
}

function tooLong({ model, max_tokens }: SentimentOnnxParams, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError(`model "${model}" does not take a row of max_tokens: ${max_tokens}: ${reason}`, {
    code: 'model-invalid',
    domain: 'user',
    remedy: 'give max_tokens as many as the model has positions, max_position_embeddings in its config.json',
    cause,
  });
}

function tokenizerOf(path: string, bytes: Uint8Array): Tokenizer {
  try {
    return new Tokenizer(JSON.parse(Buffer.from(bytes).toString('utf8')), {});
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError(`tokenizer "${path}" cannot be used: ${reason}`, { code: 'model-invalid', domain: 'user', cause });
  }
}

/** The texts of a batch in tokens, at most `max_tokens` of each, the last one of which stays the last. Rows without a text are left out. */
function tokensOf(batch: RecordBatch, params: SentimentOnnxParams, tokenizer: Tokenizer): Tokens[] {
  const texts = column(batch, params.column);
  const pairs = params.pair === undefined ? null : column(batch, params.pair);
  const cut = (values: readonly number[]): readonly number[] =>
    values.length <= params.max_tokens ? values : [...values.slice(0, params.max_tokens - 1), values[values.length - 1] as number];
  const found: Tokens[] = [];
  for (let row = 0; row < batch.numRows; row++) {
    const text = cell(texts, row);
    const pair = pairs && cell(pairs, row);
    if (typeof text !== 'string') continue;
    const { ids, token_type_ids } = tokenizer.encode(text, {
      text_pair: typeof pair === 'string' ? pair : null,
      return_token_type_ids: true,
    });
    if (ids.length > 0) found.push({ row, ids: cut(ids), types: cut(token_type_ids) });
  }
  return found;
}

/** One number a label for each of the rows. */
async function ask(
  session: Session,
  rows: readonly Tokens[],
  wanted: readonly (typeof TOKENS)[number][],
  card: TextCard,
): Promise<Float32Array> {
  const length = Math.max(...rows.map(({ ids }) => ids.length));
  const dims = [rows.length, length];
  const filled = (value: (tokens: Tokens, at: number) => number): BigInt64Array => {
    const values = new BigInt64Array(rows.length * length);
    for (const [i, tokens] of rows.entries())
      for (let at = 0; at < tokens.ids.length; at++) values[i * length + at] = BigInt(value(tokens, at));
    return values;
  };
  const given = {
    input_ids: () => filled(({ ids }, at) => ids[at] ?? 0),
    attention_mask: () => filled(() => 1),
    token_type_ids: () => filled(({ types }, at) => types[at] ?? 0),
  };
  const feeds = Object.fromEntries(wanted.map((name) => [name, session.int64(given[name](), dims)]));
  const { data } = (await session.run(feeds, [card.output]))[card.output] ?? {};
  if (data instanceof Float32Array && data.length === rows.length * card.labels.length) return data;
  throw new MillraceError(`model "${card.name}" gave no number for every label and row`, {
    code: 'model-failed',
    domain: 'user',
    remedy: `convert it so that "${card.output}" holds one number a label for each row`,
  });
}

/** The columns of the answers; rows that are not put are null. */
class Answers {
  readonly #probabilities = LABELS.map(() => new Float64Array(0));
  readonly #label: Int32Array;
  readonly #sentiment: Float64Array;
  readonly #confidence: Float64Array;
  readonly #valid: Uint8Array;
  readonly #failure: Int32Array;
  readonly #failed: Uint8Array;

  constructor(rows: number) {
    this.#probabilities = LABELS.map(() => new Float64Array(rows));
    this.#label = new Int32Array(rows);
    this.#sentiment = new Float64Array(rows);
    this.#confidence = new Float64Array(rows);
    this.#valid = new Uint8Array((rows + 7) >> 3);
    this.#failure = new Int32Array(rows);
    this.#failed = new Uint8Array((rows + 7) >> 3);
  }

  /** Softmax of the logits; labels that the model does not know have probability 0. */
  put(row: number, logits: Float32Array, { labels }: TextCard): void {
    const own = labels.map((_, i) => logits[i] as number);
    const top = Math.max(...own);
    const weights = own.map((logit) => Math.exp(logit - top));
    const sum = weights.reduce((a, b) => a + b, 0);
    if (!Number.isFinite(sum)) {
      this.fail(row, 'not-finite');
      return;
    }
    const p = LABELS.map((label) => (weights[labels.indexOf(label)] ?? 0) / sum);
    const best = Math.max(...p);
    for (const [i, values] of this.#probabilities.entries()) values[row] = p[i] as number;
    this.#label[row] = p.indexOf(best);
    this.#sentiment[row] = (p[2] as number) - (p[0] as number);
    this.#confidence[row] = best;
    this.#valid[row >> 3] = (this.#valid[row >> 3] as number) | (1 << (row & 7));
  }

  /** The row has a text, and no answer. */
  fail(row: number, code: (typeof FAILURES)[number]): void {
    this.#failure[row] = FAILURES.indexOf(code);
    this.#failed[row >> 3] = (this.#failed[row >> 3] as number) | (1 << (row & 7));
  }

  columns() {
    const valid = this.#valid;
    return {
      ...Object.fromEntries(this.#probabilities.map((values, i) => [`p_${LABELS[i]}`, { values, valid }])),
      label: { values: this.#label, valid, dictionary: WORDS },
      sentiment: { values: this.#sentiment, valid },
      confidence: { values: this.#confidence, valid },
      failure: { values: this.#failure, valid: this.#failed, dictionary: CODES },
    };
  }
}

const WORDS = dictionaryVector(LABELS);
const CODES = dictionaryVector(FAILURES);
