import type { RecordBatch, Schema } from 'apache-arrow';
import { columnAt } from '../../graph/contract/batch.ts';
import type { Block, SinkWriter } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { cell } from '../../graph/contract/rows.ts';
import { ensureTable, type TableState, tableState } from './check.ts';
import type { Server } from './client.ts';
import { LineEncoder, type Lines } from './encoder.ts';
import type { RefusedLine } from './errors.ts';
import type { QuestdbParams } from './params.ts';
import { timeColumn, withLineage } from './table.ts';
import type { Turns } from './turns.ts';

/** Rows of one block that may be set aside before the sink stops: beyond it, the fault lies not with single rows. */
const MOST_REFUSED = 1_000;
/** Rows that are told one by one, of each block. */
const TOLD = 5;

export interface WriterSetup {
  readonly server: Server;
  readonly schema: Schema;
  readonly params: QuestdbParams;
  /** Shared by all writers of a server, by table. */
  readonly turns: Turns;
  note(message: string): void;
}

/**
 * Writes each block as lines. The table keeps one row a time, `_src` and `_seq`, so that writing a block again changes nothing. A row
 * that the server refuses is set aside and told with its place in the feed; the others are written.
 */
export class QuestdbWriter implements SinkWriter {
  readonly #setup: WriterSetup;
  readonly #schema: Schema;
  readonly #encoder: LineEncoder;
  #table: TableState | null = null;
  #refusedRows = 0;

  constructor(setup: WriterSetup) {
    const { schema, params } = setup;
    this.#setup = setup;
    this.#schema = withLineage(schema);
    this.#encoder = new LineEncoder(this.#schema, { table: params.table, time: timeColumn(schema, params) ?? '', symbols: params.symbols });
  }

  /** Rows set aside so far. */
  get refusedRows(): number {
    return this.#refusedRows;
  }

  async ensure(): Promise<void> {
    const { server, params, turns } = this.#setup;
    await turns.take(params.table, async () => {
      this.#table = await ensureTable(server, this.#schema, params);
    });
  }

  async write(block: Block): Promise<void> {
    if (block.rows === 0) return;
    await this.#setup.turns.take(this.#setup.params.table, async () => {
      await this.#look();
      const lines = this.#encoder.encode(block.batches);
      const refused: { row: number; reason: string }[] = [];
      await this.#send(lines, 0, block.rows, refused);
      this.#tell(block, refused);
    });
  }

  /** The server would make a table that is gone anew by itself, without keys: so it is looked for before every block. */
  async #look(): Promise<void> {
    const { server, params } = this.#setup;
    const found = await tableState(server, params.table);
    const known = this.#table;
    if (found && known && found.id === known.id && found.dedup && !found.suspended) return;
    this.#table = await ensureTable(server, this.#schema, params);
  }

  /** Sends rows [from, to). The server takes all or none: what goes before a refused row is sent by itself, then what comes after. */
  async #send(lines: Lines, from: number, to: number, refused: { row: number; reason: string }[]): Promise<void> {
    for (let first = from; first < to; ) {
      const fault = await this.#setup.server.write(lines.bytes.subarray(lines.starts[first], lines.starts[to]));
      if (!fault) return;
      const row = first + fault.line - 1;
      if (row < first || row >= to || refused.length === MOST_REFUSED) throw this.#stop(fault, refused.length);
      await this.#send(lines, first, row, refused);
      refused.push({ row, reason: fault.reason });
      first = row + 1;
    }
  }

  #stop(fault: RefusedLine, refusedRows: number): MillraceError {
    const { table } = this.#setup.params;
    const before = refusedRows > 0 ? `after ${refusedRows} rows of one block, ` : '';
    return new MillraceError(`table "${table}" refuses rows: ${before}line ${fault.line}: ${fault.reason}`, {
      code: 'questdb-rows-refused',
      domain: 'user',
      remedy: 'correct the rows before the sink, e.g. with filter, or name another table',
    });
  }

  #tell(block: Block, refused: readonly { readonly row: number; readonly reason: string }[]): void {
    const { note, params } = this.#setup;
    for (const { row, reason } of refused.slice(0, TOLD)) {
      note(`table "${params.table}" refuses ${placeOf(block, row, this.#schema)}, which is set aside: ${reason}`);
    }
    this.#refusedRows += refused.length;
    if (refused.length > TOLD) note(`table "${params.table}" refuses ${refused.length - TOLD} more rows of the same block, also set aside`);
    if (refused.length > 0) note(`${this.#refusedRows} rows set aside so far`);
  }

  /** Writing a block again is harmless. */
  async has(): Promise<'keyed'> {
    return 'keyed';
  }

  /** What a broken write left is overwritten by the next one. */
  async remove(): Promise<void> {}

  async finish(): Promise<void> {}

  async close(): Promise<void> {
    await this.#setup.server.close();
  }
}

/** Where a row of the block is found in its feed. */
function placeOf(block: Block, row: number, schema: Schema): string {
  let batch: RecordBatch | undefined;
  let left = row;
  for (batch of block.batches) {
    if (left < batch.numRows) break;
    left -= batch.numRows;
  }
  const index = schema.fields.findIndex((field) => field.name === '_seq');
  const sequence = batch ? BigInt(cell(columnAt(batch, index), left) as bigint) : block.fromSeq;
  return `row ${sequence % 65_536n} of message ${sequence / 65_536n} of ${block.src}`;
}
