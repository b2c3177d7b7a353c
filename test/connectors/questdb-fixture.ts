import { Schema } from 'apache-arrow';
import { questdbConnector } from '../../connectors/questdb/connector.ts';
import { questdbParams } from '../../connectors/questdb/params.ts';
import { COLUMNS, LINEAGE_FIELDS } from '../../graph/contract/columns.ts';
import type { Block, SinkWriter } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';

export const SCHEMA = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  COLUMNS.trade_id,
  COLUMNS.price,
  COLUMNS.flags,
  COLUMNS.final,
  COLUMNS.payload,
]);
export const NS = 1_723_161_255_030_314_667n;
const SRC = 'inc/feed/0';

export interface At {
  readonly url: string;
  readonly shown?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly notes?: string[];
}

/** An open sink for the schema. */
export async function open(
  params: unknown,
  { url, shown = 'the server', options = {}, notes = [] }: At,
  schema: Schema = SCHEMA,
): Promise<SinkWriter> {
  const { sink } = questdbConnector();
  if (!sink) throw new Error('no sink');
  const connection = { name: 'questdb', url, shown, options };
  const note = (line: string): void => void notes.push(line);
  return sink.open(questdbParams.parse(params), schema, { pipeline: 'p', node: 'n', folder: '.', dataDir: '.', connection, note });
}

export const rowAt = (i: number): Row => ({
  ts_event: NS + BigInt(i),
  symbol: `S${i % 3}`,
  trade_id: i % 2 ? BigInt(i) : null,
  price: i / 7,
  flags: i % 5,
  final: i % 2 === 0,
  payload: `p${i}`,
  _src: SRC,
  _seq: BigInt(i),
  _task: 1,
  _epoch: 5n,
});

/** Rows as the runner gives them, each group a batch. */
export function blockOf(...groups: readonly (readonly Row[])[]): Block {
  const schema = new Schema([...SCHEMA.fields, ...LINEAGE_FIELDS]);
  const sequences = groups.flat().map((row) => BigInt(row._seq as bigint));
  const batches = groups.map((rows) => batchOf(schema, rows));
  return { src: SRC, fromSeq: sequences[0] ?? 0n, toSeq: sequences.at(-1) ?? 0n, batches, rows: sequences.length, bytes: 0 };
}

export const block = (from: number, rows: number): Block => blockOf(Array.from({ length: rows }, (_, i) => rowAt(from + i)));

/** The error that the work ends with. */
export async function failure(work: Promise<unknown>): Promise<MillraceError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MillraceError)) throw new Error(`expected a MillraceError, got ${String(error)}`);
  return error;
}
