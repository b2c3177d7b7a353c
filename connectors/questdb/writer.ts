import type { Schema } from 'apache-arrow';
import type { Block, RefusedRow, SinkWriter } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { ensureTable, type TableState, tableState } from './check.ts';
import type { Server } from './client.ts';
import { LineEncoder, type Lines } from './encoder.ts';
import type { RefusedLine } from './errors.ts';
import type { QuestdbParams } from './params.ts';
import { timeColumn, withLineage } from './table.ts';
import type { Turns } from './turns.ts';

/** Rows of one block that may be refused before the sink stops: beyond it, the fault lies not with single rows. */
const MOST_REFUSED = 1_000;

export interface WriterSetup {
  readonly server: Server;
  readonly schema: Schema;
  readonly params: QuestdbParams;
  /** Shared by all writers of a server, by table. */
  readonly turns: Turns;
}

/** Rows [from, to) of a block, of which at most `most` may be refused. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly most: number;
}

/**
 * Writes each block as lines. The table keeps one row a time, `_src` and `_seq`, so that writing a block again changes nothing. A row
 * that the server refuses is told, and the others are written.
 */
export class QuestdbWriter implements SinkWriter {
  readonly #setup: WriterSetup;
  readonly #schema: Schema;
  readonly #encoder: LineEncoder;
  #table: TableState | null = null;

  constructor(setup: WriterSetup) {
    const { schema, params } = setup;
    this.#setup = setup;
    this.#schema = withLineage(schema);
    this.#encoder = new LineEncoder(this.#schema, { table: params.table, time: timeColumn(schema, params) ?? '', symbols: params.symbols });
  }

  async ensure(): Promise<void> {
    const { server, params, turns } = this.#setup;
    await turns.take(params.table, async () => {
      this.#table = await ensureTable(server, this.#schema, params);
    });
  }

  async write(block: Block, _token: string, refuse?: (row: RefusedRow) => void): Promise<void> {
    if (block.rows === 0) return;
    await this.#setup.turns.take(this.#setup.params.table, async () => {
      await this.#look();
      const lines = this.#encoder.encode(block.batches);
      const refused: RefusedRow[] = [];
      await this.#send(lines, { from: 0, to: block.rows, most: refuse ? MOST_REFUSED : 0 }, refused);
      if (refuse) for (const row of refused) refuse(row);
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
  async #send(lines: Lines, { from, to, most }: Range, refused: RefusedRow[]): Promise<void> {
    for (let first = from; first < to; ) {
      const fault = await this.#setup.server.write(lines.bytes.subarray(lines.starts[first], lines.starts[to]));
      if (!fault) return;
      const row = first + fault.line - 1;
      if (row < first || row >= to || refused.length === most) throw this.#stop(fault, refused.length);
      await this.#send(lines, { from: first, to: row, most }, refused);
      refused.push({ row, code: 'questdb-row-refused', reason: fault.reason });
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
