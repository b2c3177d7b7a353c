import { type Data, type RecordBatch, Schema } from 'apache-arrow';
import { batchOfData, column, columnIndex, dictionaryStrings, gather, makeColumn } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Effect, type EffectContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { ANSWERS, type Answer, inputOf, modelFault, selected } from '../onnx/card.ts';
import { floatRows } from '../onnx/rows.ts';
import { openSession, type Session } from '../onnx/session.ts';
import { readShape } from '../onnx/shape.ts';
import { SHADOW_PORT } from './layout.ts';
import { type CardedModel, cardedModels } from './models.ts';
import type { PredictParams } from './operator.ts';

/** What one model says of a batch: a column of numbers for every horizon and answer. */
interface Answered {
  readonly missing: Int32Array;
  /** By horizon, in the order of the card. */
  readonly horizons: readonly Readonly<Partial<Record<Answer, Numbers>>>[];
}

/** A column of a tensor, by row. */
interface Numbers {
  readonly values: Float32Array | Float64Array;
  readonly width: number;
  readonly column: number;
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
      if (fault !== null) throw new MillraceError(`model "${model.path}": ${fault}`, { code: 'model-invalid', domain: 'user' });
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
  return async (rows) => {
    const { matrix, missing } = rowsOf(rows);
    const given = await session.run({ [input]: session.float32(matrix, [rows.numRows, width]) }, fetches);
    const numbers = (tensor: string, at: number): Numbers => {
      const { data, dims } = given[tensor] ?? {};
      const columns = dims?.[1] ?? 1;
      if (!(data instanceof Float32Array || data instanceof Float64Array) || data.length !== rows.numRows * columns || at >= columns)
        throw new MillraceError(`model "${card.name}" gave no column ${at} of "${tensor}" for every row`, {
          code: 'model-failed',
          domain: 'user',
        });
      return { values: data, width: columns, column: at };
    };
    return {
      missing,
      horizons: wanted.map((answers) => Object.fromEntries(answers.map(({ answer, tensor, column: at }) => [answer, numbers(tensor, at)]))),
    };
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
  const results = await Promise.all(models.map(({ ask }) => ask(each)));
  const missing = new Int32Array(batch.numRows);
  const columns = Object.fromEntries(ANSWERS.map((answer) => [answer, new Answers(batch.numRows)])) as Readonly<Record<Answer, Answers>>;
  let at = 0;
  for (const result of results) {
    for (const given of result.horizons) {
      for (let row = 0; row < rows; row++) missing[row * repeats + at] = result.missing[row] as number;
      for (const answer of ANSWERS) {
        const numbers = given[answer];
        if (numbers) columns[answer].put(numbers, result.missing, at, repeats);
      }
      if (given.p_up && !given.p_down) columns.p_down.complement(columns.p_up, at, repeats);
      at++;
    }
  }
  const children = [...(batch.data.children as Data[])];
  const replace = (name: string, values: Int32Array | Float64Array, valid: Uint8Array | null): void => {
    const index = columnIndex(batch.schema, name);
    children[index] = makeColumn((children[index] as Data).type, batch.numRows, { values, valid });
  };
  for (const answer of ANSWERS) replace(answer, columns[answer].values, columns[answer].valid);
  replace('missing_features', missing, null);
  return batchOfData(batch.schema, batch.numRows, children);
}

/** One column of answers; a row that is not put is null. */
class Answers {
  readonly values: Float64Array;
  readonly valid: Uint8Array;

  constructor(rows: number) {
    this.values = new Float64Array(rows);
    this.valid = new Uint8Array((rows + 7) >> 3);
  }

  /** Takes the numbers of rows that lack nothing, to every `step`th place from `from`. NaN is no answer. */
  put({ values, width, column: at }: Numbers, missing: Int32Array, from: number, step: number): void {
    for (let row = 0, to = from; to < this.values.length; row++, to += step) {
      const value = values[row * width + at] as number;
      if (missing[row] !== 0 || Number.isNaN(value)) continue;
      this.values[to] = value;
      this.valid[to >> 3] = (this.valid[to >> 3] as number) | (1 << (to & 7));
    }
  }

  /** What is left to 1 of another column. */
  complement(other: Answers, from: number, step: number): void {
    for (let to = from; to < this.values.length; to += step) {
      if (((other.valid[to >> 3] as number) & (1 << (to & 7))) === 0) continue;
      this.values[to] = 1 - (other.values[to] as number);
      this.valid[to >> 3] = (this.valid[to >> 3] as number) | (1 << (to & 7));
    }
  }
}
