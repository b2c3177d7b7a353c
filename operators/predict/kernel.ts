import { type RecordBatch, Schema } from 'apache-arrow';
import { type Column, column, gather, isValid } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Emit, Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, cell, type Row, rowText } from '../../graph/contract/rows.ts';
import { unanswered } from '../onnx/unanswered.ts';
import { ANSWER_FIELDS, SHADOW_PORT, SWITCH_PORT } from './layout.ts';
import { askedOf, type CardedModel, cardedModels } from './models.ts';
import type { PredictParams } from './operator.ts';

/**
 * Says which model is to answer which row: rows leave with the model's name and nulls for its answers, which the effect fills in. The one
 * thing it remembers is which version answers.
 */
export function predictKernel(context: KernelContext<PredictParams>): Kernel {
  const models = cardedModels(context.params, context.files);
  const callable = models.filter(({ role }) => role !== 'shadow');
  const shadows = models.filter(({ role }) => role === 'shadow');
  const asShadow = shadows.length > 0 && (context.read?.has(SHADOW_PORT) ?? true) ? questions(shadows, context.outputs[SHADOW_PORT]) : null;
  const asked = new Map(callable.map((model) => [model.card.name, questions([model], context.outputs[MAIN_PORT])]));
  let live = callable[0]?.card.name ?? '';

  const switchTo = (batch: RecordBatch, emit: Emit): void => {
    const names = column(batch, 'model');
    const refused: Row[] = [];
    for (let row = 0; row < batch.numRows; row++) {
      const name = cell(names, row);
      if (typeof name === 'string' && asked.has(name)) live = name;
      else {
        const known = [...asked.keys()].join(', ');
        const reason = `there is no model ${name === null ? 'null' : `"${String(name)}"`} to switch to; there are ${known}`;
        refused.push({ row, code: 'model-unknown', reason, raw: Buffer.from(rowText(batch, row)) });
      }
    }
    if (refused.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, refused));
  };

  return {
    push(batch, port, emit) {
      if (port === SWITCH_PORT) {
        switchTo(batch, emit);
        return;
      }
      const features = callable.find(({ card }) => card.name === live)?.card.features ?? [];
      const whole = context.params.missing === 'reject' ? withoutMissing(batch, features, emit) : batch;
      const question = asked.get(live);
      if (!whole || !question) return;
      emit(MAIN_PORT, question(whole));
      if (asShadow) emit(SHADOW_PORT, asShadow(whole));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => [Buffer.from(live)],
    restore(chunks) {
      const name = Buffer.concat(chunks).toString('utf8');
      if (asked.has(name)) live = name; // one that is no longer named leaves the first
    },
  };
}

/** A row once for every horizon of the models, with what is to be answered null. */
function questions(models: readonly CardedModel[], schema: Schema | undefined): (batch: RecordBatch) => RecordBatch {
  const asked = askedOf(models);
  const add = unanswered(schema ?? new Schema([]), ANSWER_FIELDS, {
    horizon: asked.map(({ horizon }) => horizon),
    model: asked.map(({ model }) => model.card.name),
    model_hash: asked.map(({ model }) => model.card.sha256),
  });
  const times = asked.length;
  return (batch) => {
    const each = Int32Array.from({ length: times === 1 ? 0 : batch.numRows * times }, (_, i) => Math.floor(i / times));
    return add(times === 1 ? batch : gather(batch.schema, [batch], null, each));
  };
}

/** The rows that lack no feature; the others leave on `rejected`. Null when none is left. */
function withoutMissing(batch: RecordBatch, features: readonly string[], emit: Emit): RecordBatch | null {
  const columns = features.map((name) => [name, column(batch, name)] as const);
  const kept: number[] = [];
  const refused: Row[] = [];
  for (let row = 0; row < batch.numRows; row++) {
    const lacking = columns.filter(([, values]) => lacks(values, row)).map(([name]) => name);
    if (lacking.length === 0) kept.push(row);
    else
      refused.push({ row, code: 'feature-missing', reason: `null or NaN: ${lacking.join(', ')}`, raw: Buffer.from(rowText(batch, row)) });
  }
  if (refused.length === 0) return batch;
  emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, refused));
  return kept.length === 0 ? null : gather(batch.schema, [batch], null, Int32Array.from(kept));
}

const lacks = (values: Column, row: number): boolean => !isValid(values, row) || Number.isNaN(values.values[row]);
