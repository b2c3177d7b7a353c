import { createHash } from 'node:crypto';
import proto from 'onnx-proto';

const { onnx } = proto;
const { FLOAT, INT64 } = onnx.TensorProto.DataType;
const { AttributeType } = onnx.AttributeProto;

const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'profit', 'rises', 'falls', 'loss', 'bank', '##s', '%', '5'] as const;

/** What each word adds to the logits of negative, neutral and positive. Padding would add much, if it were looked at. */
const TABLE: readonly (readonly [number, number, number])[] = VOCABULARY.map((word) => {
  if (word === '[PAD]') return [50, -50, 20];
  if (word === 'rises' || word === 'profit') return [0, 0, 2];
  if (word === 'falls' || word === 'loss') return [2, 0, 0];
  return word === '[CLS]' ? [0, 1, 0] : [0, 0, 0];
});

/** WordPiece over a dozen words, as a tokenizer.json of Hugging Face. */
export const TOKENIZER = JSON.stringify({
  version: '1.0',
  added_tokens: VOCABULARY.slice(0, 4).map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
      { Sequence: { id: 'B', type_id: 1 } },
      { SpecialToken: { id: '[SEP]', type_id: 1 } },
    ],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries([...VOCABULARY, 'merger'].map((word, id) => [word, id])), // the model has no row for the last
  },
});

/**
 * A model that sums what its words say: `logits` [n, 3] of negative, neutral, positive. `positions`: it takes no more tokens than that, as
 * one that learned a number for each place.
 */
export function summing(positions: number | null = null): Uint8Array {
  const node = (opType: string, input: string[], output: string, attribute: object[] = []) => ({
    opType,
    input,
    output: [output],
    name: output,
    attribute,
  });
  const int = (name: string, i: number) => ({ name, type: AttributeType.INT, i });
  const value = (name: string, elemType: number, dims: readonly (string | number)[]) => ({
    name,
    type: {
      tensorType: { elemType, shape: { dim: dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) } },
    },
  });
  const graph = {
    name: 'summing',
    node: [
      node('Gather', ['table', 'input_ids'], 'words'),
      node('Cast', ['attention_mask'], 'mask', [int('to', FLOAT)]),
      node('Unsqueeze', ['mask', 'last'], 'seen'),
      node('Mul', ['words', 'seen'], 'said'),
      ...(positions === null
        ? []
        : [
            node('Shape', ['input_ids'], 'sizes'),
            node('Slice', ['sizes', 'one', 'last'], 'length'),
            node('Slice', ['places', 'zero', 'length', 'one'], 'own'),
            node('Add', ['said', 'own'], 'placed'),
          ]),
      node('ReduceSum', [positions === null ? 'said' : 'placed', 'tokens'], 'logits', [int('keepdims', 0)]),
    ],
    initializer: [
      { name: 'table', dims: [VOCABULARY.length, 3], dataType: FLOAT, floatData: TABLE.flat() },
      { name: 'last', dims: [1], dataType: INT64, int64Data: [2] },
      { name: 'tokens', dims: [1], dataType: INT64, int64Data: [1] },
      ...(positions === null
        ? []
        : [
            { name: 'zero', dims: [1], dataType: INT64, int64Data: [0] },
            { name: 'one', dims: [1], dataType: INT64, int64Data: [1] },
            { name: 'places', dims: [1, positions, 3], dataType: FLOAT, floatData: Array(positions * 3).fill(0) },
          ]),
    ],
    input: [value('input_ids', INT64, ['n', 's']), value('attention_mask', INT64, ['n', 's'])],
    output: [value('logits', FLOAT, ['n', 3])],
  };
  return onnx.ModelProto.encode(
    onnx.ModelProto.create({ irVersion: 8, opsetImport: [{ domain: '', version: 13 }], graph } as never),
  ).finish();
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

export const textCard = (bytes: Uint8Array, given: object = {}): string =>
  JSON.stringify({
    format: 'millrace-model',
    version: 1,
    name: 'summing',
    sha256: sha256(bytes),
    tokenizer_sha256: sha256(TOKENIZER),
    labels: ['negative', 'neutral', 'positive'],
    ...given,
  });

/** What the model says of words, by hand. */
export function expected(words: readonly string[]): { readonly p: readonly number[] } {
  const sums = [0, 1, 2].map((label) => words.reduce((sum, word) => sum + (TABLE[VOCABULARY.indexOf(word as never)]?.[label] ?? 0), 0));
  const weights = sums.map(Math.exp);
  const total = weights.reduce((a, b) => a + b, 0);
  return { p: weights.map((weight) => weight / total) };
}
