import { type RecordBatch, Schema } from 'apache-arrow';
import { type Column, column, dictionaryStrings, gather, isValid } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Emit, Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowText } from '../../graph/contract/rows.ts';
import { cardPath } from '../onnx/card-file.ts';
import { unanswered } from '../onnx/unanswered.ts';
import { parseTextCard, type TextCard } from './card.ts';
import { SENTIMENT_FIELDS } from './layout.ts';
import type { SentimentOnnxParams } from './operator.ts';

/** Bytes of a refused row that the dead letter keeps. */
const KEPT_BYTES = 4096;

/** The card, whose text was found sound before. */
export function cardIn(params: SentimentOnnxParams, texts: ReadonlyMap<string, string>): TextCard {
  const parsed = parseTextCard(cardPath(params.model), texts.get(cardPath(params.model)) ?? '');
  if ('card' in parsed) return parsed.card;
  throw new MillraceError(`the card of model "${params.model}" cannot be read`, { code: 'model-invalid', domain: 'user' });
}

/** Refuses texts that are too long, and passes the others on to be answered. */
export function sentimentOnnxKernel({ params, outputs, files }: KernelContext<SentimentOnnxParams>): Kernel {
  const card = cardIn(params, files);
  const add = unanswered(outputs[MAIN_PORT] ?? new Schema([]), SENTIMENT_FIELDS, {
    model: [card.name],
    model_hash: [card.sha256],
    tokenizer_hash: [card.tokenizer_sha256],
  });
  const names = [params.column, ...(params.pair === undefined ? [] : [params.pair])];
  return {
    push(batch, _, emit) {
      const kept = withoutLong(batch, names, params.max_bytes, emit);
      if (kept) emit(MAIN_PORT, add(kept));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => [],
    restore: () => undefined,
  };
}

function withoutLong(batch: RecordBatch, names: readonly string[], most: number, emit: Emit): RecordBatch | null {
  const columns = names.map((name) => [name, column(batch, name)] as const);
  const refused: Row[] = [];
  const kept: number[] = [];
  for (let row = 0; row < batch.numRows; row++) {
    const long = columns.find(([, values]) => bytesAt(values, row) > most);
    if (!long) kept.push(row);
    else {
      const reason = `${long[0]} has ${bytesAt(long[1], row)} bytes, more than ${most}`;
      refused.push({ row, code: 'text-too-long', reason, raw: Buffer.from(rowText(batch, row)).subarray(0, KEPT_BYTES) });
    }
  }
  if (refused.length === 0) return batch;
  emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, refused));
  return kept.length === 0 ? null : gather(batch.schema, [batch], null, Int32Array.from(kept));
}

/** Bytes of a text in UTF-8; 0 for null. */
function bytesAt(values: Column, row: number): number {
  if (!isValid(values, row)) return 0;
  if (values.offsets) return (values.offsets[row + 1] as number) - (values.offsets[row] as number);
  const text = values.dictionary ? dictionaryStrings(values.dictionary)[(values.values as Int32Array)[row] as number] : '';
  return Buffer.byteLength(text ?? '');
}
