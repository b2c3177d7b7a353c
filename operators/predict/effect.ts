import { type RecordBatch, Schema } from 'apache-arrow';
import { column, dictionaryStrings, gather } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Effect, type EffectContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { settled } from '../../graph/contract/settled.ts';
import { askApart } from '../onnx/apart.ts';
import { ANSWERS, type Answer, inputOf, modelFault, selected } from '../onnx/card.ts';
import { floatRows } from '../onnx/rows.ts';
import { openSession, type Session } from '../onnx/session.ts';
import { readShape } from '../onnx/shape.ts';
import { answeredWith } from '../onnx/unanswered.ts';
import { AnswerColumn } from './answer-column.ts';
import { SHADOW_PORT } from './layout.ts';
import { type CardedModel, cardedModels } from './models.ts';
import { type Given, numbersOf, Parts } from './numbers.ts';
import type { PredictParams } from './operator.ts';

/** What one model says of a batch: a column of numbers for every horizon and answer. */
interface Answered {
  readonly missing: Int32Array;
  /** By horizon, in the order of the card. */
  readonly horizons: readonly Given[];
}

type Ask = (rows: RecordBatch) => Promise<Answered>;

/** Opens the models that parameters name. Errors: `model-invalid`, `onnx-missing`. */
export async function openPredict({ params, outputs, files, texts }: EffectContext<PredictParams>): Promise<Effect> {
  const schema = outputs[MAIN_PORT] ?? new Schema([]);
  const sessions: Session[] = [];
  const close = async (): Promise<void> => {
    for (const session of sessions) await session.close();
  };
  const asks = new Map<string, { readonly model: CardedModel; readonly ask: Ask }>();
  const shadows: { readonly model: CardedModel; readonly ask: Ask }[] = [];
  try {
    for (const model of cardedModels(params, texts)) {
      const bytes = files.get(model.path) ?? new Uint8Array(0);
      const fault = modelFault(bytes, model.card);
      if (fault !== null)
        throw new MillraceError(`model "${model.path}": ${fault}`, {
          code: 'model-invalid',
          domain: 'user',
          remedy: 'a model and its card are one: bring the one back that belongs to the other, or train again, which writes both',
        });
      const session = await openSession(model.path, bytes);
      sessions.push(session);
      const opened = { model, ask: asker(model, session, bytes, schema) };
      if (model.role === 'shadow') shadows.push(opened);
      else asks.set(model.card.name, opened);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async apply(port, batch) {
      if (batch.numRows === 0) return batch;
      const name = column(batch, 'model');
      const code = (name.values as Int32Array)[0] ?? 0;
      const live = name.dictionary && asks.get(dictionaryStrings(name.dictionary)[code] ?? '');
      const models = port === SHADOW_PORT ? shadows : live ? [live] : [];
      return answered(batch, models);
    },
    close,
  };
}

/** Asks one model about the rows of a batch. */
function asker({ card }: CardedModel, session: Session, bytes: Uint8Array, schema: Schema): Ask {
  const rowsOf = floatRows(schema, card.features);
  const input = inputOf(card, readShape(bytes));
  const width = card.features.length;
  const wanted = card.horizons.map((given) =>
    ANSWERS.flatMap((answer) => (given[answer] === undefined ? [] : [{ answer, ...selected(given[answer]) }])),
  );
  const fetches = [...new Set(wanted.flatMap((answers) => answers.map(({ tensor }) => tensor)))];
  const run = async (matrix: Float32Array): Promise<readonly Given[]> => {
    const rows = matrix.length / width;
    const given = await session.run({ [input]: session.float32(matrix, [rows, width]) }, fetches);
    return wanted.map((answers) =>
      Object.fromEntries(answers.map(({ answer, tensor, column: at }) => [answer, numbersOf(card.name, given[tensor], tensor, at, rows)])),
    );
  };
  return async (rows) => {
    const { matrix, missing } = rowsOf(rows);
    const { numRows } = rows;
    const parts = new Parts(wanted.length, numRows);
    let whole: readonly Given[] | null = null;
    await askApart(numRows, {
      async ask(from, to) {
        const given = await run(matrix.subarray(from * width, to * width));
        if (to - from === numRows) whole = given;
        else parts.put(given, from, to);
      },
      probe: async () => void (await run(new Float32Array(width))),
      failed: () => undefined, // it stays without an answer
    });
    return { missing, horizons: whole ?? parts.horizons };
  };
}

/** A batch with the answers of models in their places: rows stand once for every horizon of every model, in that order. */
async function answered(batch: RecordBatch, models: readonly { readonly model: CardedModel; readonly ask: Ask }[]): Promise<RecordBatch> {
  const repeats = models.reduce((sum, { model }) => sum + model.card.horizons.length, 0);
  if (repeats === 0) return batch;
  const rows = batch.numRows / repeats;
  const each =
    repeats === 1
      ? batch
      : gather(
          batch.schema,
          [batch],
          null,
          Int32Array.from({ length: rows }, (_, row) => row * repeats),
        );
  const results = await settled(models.map(({ ask }) => ask(each)));
  const columns = new Map<Answer, AnswerColumn>();
  const columnOf = (answer: Answer): AnswerColumn => {
    const known = columns.get(answer) ?? new AnswerColumn(batch.numRows, repeats);
    columns.set(answer, known);
    return known;
  };
  const missing = new Int32Array(batch.numRows);
  results
    .flatMap((result) => result.horizons.map((given) => ({ given, lacking: result.missing })))
    .forEach(({ given, lacking }, at) => {
      for (let row = 0, to = at; row < rows; row++, to += repeats) missing[to] = lacking[row] as number;
      for (const answer of ANSWERS) {
        const numbers = given[answer];
        if (numbers) columnOf(answer).put(numbers, lacking, at);
      }
      if (given.p_up && !given.p_down) columnOf('p_down').complement(columnOf('p_up'), at);
    });
  const found = [...columns].map(([answer, { values, valid }]) => [answer, { values, valid }] as const);
  return answeredWith(batch, { ...Object.fromEntries(found), missing_features: { values: missing } });
}
