import { randomUUID } from 'node:crypto';
import type { ClickHouseSettings } from '@clickhouse/client';
import type { RecordBatch, Schema } from 'apache-arrow';
import { gather } from '../../graph/contract/batch.ts';
import type { Block, BlockRange, RefusedRow, SinkWriter } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { concatBatches } from '../formats/arrow-concat.ts';
import { ArrowStreamEncoder } from '../formats/arrow-encoder.ts';
import { putAside } from './aside.ts';
import { ensureTable, type TableState } from './check.ts';
import type { Server } from './client.ts';
import { isTableGone, refusedRow } from './errors.ts';
import type { ClickhouseParams } from './params.ts';
import { quoteName, quoteTable, withLineage } from './table.ts';

/** Rounds of look and write again after a break, before giving the runner its turn. */
const HEAL_ROUNDS = 3;
/** Rows of one block that may be refused before the sink stops: each costs an insert, and beyond it the fault lies not with single rows. */
const MOST_REFUSED = 100;

/** Settings of every insert, the same on every retry: one block is one part per partition, and nothing is filled in silently. */
const INSERT: ClickHouseSettings = {
  async_insert: 0,
  insert_deduplicate: 1,
  max_insert_block_size: '16777216',
  min_insert_block_size_rows: '16777216',
  min_insert_block_size_bytes: '1073741824',
  max_insert_threads: '1',
  max_partitions_per_insert_block: '0',
  input_format_null_as_default: 0,
  deduplicate_blocks_in_dependent_materialized_views: 1,
};

const keyOf = (range: BlockRange): string => `${range.src} ${range.fromSeq} ${range.toSeq}`;

export interface WriterSetup {
  /** Gives the server it is handed while that is the right one. */
  connect(known: Server | null): Promise<Server>;
  readonly schema: Schema;
  readonly params: ClickhouseParams;
  /** Blocks that the table has to remember. */
  readonly tokens: number;
}

/**
 * Writes each block as one insert of one Arrow stream. The table forgets no token within its window, so a repeated insert counts once,
 * also when the first one is still on its way, and completes what a broken one left. A token may outlive rows that were removed: after a
 * look, the count is checked. Materialized views get a repeated insert too, and tell it by the same token; what the table alone lacks is
 * put in beside them.
 */
export class ClickhouseWriter implements SinkWriter {
  readonly #setup: WriterSetup;
  readonly #schema: Schema;
  readonly #table: string;
  readonly #encoder: ArrowStreamEncoder;
  readonly #into: (table: string) => string;
  /** Blocks that were looked for, and so may have a used token. */
  readonly #doubted = new Set<string>();
  #server: Server | null = null;
  #state: TableState | null = null;
  #opening: Promise<Open> | null = null;

  constructor(setup: WriterSetup) {
    this.#setup = setup;
    this.#schema = withLineage(setup.schema);
    this.#table = quoteTable(setup.params.table);
    this.#encoder = new ArrowStreamEncoder(this.#schema);
    const columns = this.#schema.fields.map((field) => quoteName(field.name)).join(', ');
    this.#into = (table) => `INSERT INTO ${table} (${columns}) FORMAT ArrowStream`;
  }

  async ensure(): Promise<void> {
    await this.#open();
  }

  /** The server, its table checked. Other partitions may be writing through the one at hand: it stays while the address does. */
  #open(): Promise<Open> {
    this.#opening ??= this.#openNow().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #openNow(): Promise<Open> {
    const known = this.#server;
    const { connect, params, tokens } = this.#setup;
    const server = await connect(known);
    if (server !== known) await known?.close();
    this.#server = server;
    this.#state = await ensureTable(server, this.#schema, params, tokens);
    return { server, state: this.#state };
  }

  async write(block: Block, token: string, refuse?: (row: RefusedRow) => void): Promise<void> {
    if (block.rows === 0) return;
    const batch = concatBatches(this.#schema, block.batches);
    const { bytes, refused } = await this.#sendGood(batch, token, refuse ? MOST_REFUSED : 0);
    if (this.#doubted.has(keyOf(block))) await this.#check({ ...block, rows: block.rows - refused.length }, token, bytes);
    this.#doubted.delete(keyOf(block));
    if (refuse) for (const row of refused) refuse(row);
  }

  /** Sends the rows but for those, `most` of them, that a constraint of the table refuses. The server takes all or none. */
  async #sendGood(batch: RecordBatch, token: string, most: number): Promise<{ bytes: Uint8Array; refused: readonly RefusedRow[] }> {
    const refused: RefusedRow[] = [];
    let rows: number[] | null = null;
    for (;;) {
      const good = rows === null ? batch : gather(this.#schema, [batch], null, Int32Array.from(rows));
      const bytes = this.#encoder.stream(good);
      try {
        if (good.numRows > 0) await this.#send(bytes, token);
        return { bytes: good.numRows > 0 ? bytes : EMPTY, refused };
      } catch (error) {
        const found = refusedRow(error);
        if (!found || found.row >= good.numRows) throw error;
        if (refused.length === most) throw this.#stop(found.reason, most);
        rows ??= Array.from({ length: batch.numRows }, (_, row) => row);
        const [row = 0] = rows.splice(found.row, 1);
        refused.push({ row, code: 'clickhouse-row-refused', reason: found.reason });
      }
    }
  }

  #stop(reason: string, refusedRows: number): MillraceError {
    const before = refusedRows > 0 ? `after ${refusedRows} rows of one block, ` : '';
    return new MillraceError(`table "${this.#setup.params.table}" refuses rows: ${before}${reason}`, {
      code: 'clickhouse-rows-refused',
      domain: 'user',
      remedy: 'correct the rows before the sink, e.g. with filter, or drop the constraint',
    });
  }

  /** Looks whether a doubted block is there once and whole; where its token was used up by rows that are gone, it gets another. */
  async #check(range: BlockRange, token: string, bytes: Uint8Array): Promise<void> {
    for (let round = 0; (await this.#look(range)) !== 'all'; round++) {
      const { server, state } = await this.#ready();
      // a copy may be behind the one that took the block: another token could double it
      if (state.replicated || round === HEAL_ROUNDS) throw this.#lost();
      await server.run(`ALTER TABLE ${this.#table} DELETE WHERE ${WITHIN}`, parametersOf(range), { mutations_sync: '2' });
      if (bytes.length === 0) continue;
      if (state.views === 'exact')
        await putAside(server, { table: this.#setup.params.table, key: keyOf(range), bytes, insert: this.#into, settings: INSERT });
      else await this.#send(bytes, `${token}/${randomUUID()}`);
    }
  }

  #lost(): MillraceError {
    return new MillraceError(`table "${this.#setup.params.table}" does not show a block that was written`, {
      code: 'clickhouse-block-lost',
      domain: 'external',
      retry: 'backoff',
      remedy: 'look at the replicas and the disks of the server',
    });
  }

  async #send(bytes: Uint8Array, token: string): Promise<void> {
    const { server } = await this.#ready();
    try {
      await server.insert(this.#into(this.#table), bytes, { ...INSERT, insert_deduplication_token: token });
    } catch (error) {
      if (isTableGone(error)) this.#state = null; // the next write makes it anew
      throw error;
    }
  }

  async has(range: BlockRange): Promise<'none' | 'all' | 'partial' | 'keyed'> {
    this.#doubted.add(keyOf(range));
    const { state } = await this.#ready();
    // the table may have a block that its views lack: it is written again, and each takes what it has not
    return state.views === 'exact' ? 'keyed' : this.#look(range);
  }

  async #look(range: BlockRange): Promise<'none' | 'all' | 'partial'> {
    const { server, state } = await this.#ready();
    if (state.replicated) await server.run(`SYSTEM SYNC REPLICA ${this.#table} LIGHTWEIGHT`);
    const sql = `SELECT count() AS rows FROM ${this.#table} WHERE ${WITHIN}`;
    const [found] = await server.rows<{ rows: string }>(sql, parametersOf(range), { select_sequential_consistency: '1' });
    const rows = Number(found?.rows ?? 0);
    return rows === range.rows ? 'all' : rows === 0 ? 'none' : 'partial';
  }

  /** Nothing yet: the same token completes what is there. Where it does not, `write` finds out, and removes. */
  async remove(range: BlockRange): Promise<void> {
    this.#doubted.add(keyOf(range));
  }

  async #ready(): Promise<Open> {
    return this.#server && this.#state ? { server: this.#server, state: this.#state } : this.#open();
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#state = null;
    await server?.close();
  }
}

interface Open {
  readonly server: Server;
  readonly state: TableState;
}

const EMPTY = new Uint8Array(0);

const WITHIN = '`_src` = {src:String} AND `_seq` BETWEEN {from:Int64} AND {to:Int64}';

const parametersOf = ({ src, fromSeq, toSeq }: BlockRange): Record<string, string> => ({ src, from: String(fromSeq), to: String(toSeq) });
