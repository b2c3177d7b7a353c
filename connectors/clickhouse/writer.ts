import { randomUUID } from 'node:crypto';
import type { ClickHouseSettings } from '@clickhouse/client';
import type { Schema } from 'apache-arrow';
import type { Block, BlockRange, SinkWriter } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { concatBatches } from '../formats/arrow-concat.ts';
import { ArrowStreamEncoder } from '../formats/arrow-encoder.ts';
import { ensureTable } from './check.ts';
import type { Server } from './client.ts';
import { isTableGone } from './errors.ts';
import type { ClickhouseParams } from './params.ts';
import { quoteName, quoteTable, withLineage } from './table.ts';

/** Rounds of look and write again after a break, before giving the runner its turn. */
const HEAL_ROUNDS = 3;

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

/**
 * Writes each block as one insert of one Arrow stream. The table forgets no token within its window, so a repeated insert counts once,
 * also when the first one is still on its way. A token may outlive rows that were removed: after a look, the count is checked.
 */
export class ClickhouseWriter implements SinkWriter {
  readonly #connect: (known: Server | null) => Promise<Server>;
  readonly #schema: Schema;
  readonly #params: ClickhouseParams;
  readonly #encoder: ArrowStreamEncoder;
  readonly #insert: string;
  /** Blocks that were looked for, and so may have a used token. */
  readonly #doubted = new Set<string>();
  #server: Server | null = null;
  #checked = false;
  #opening: Promise<Server> | null = null;

  /** `connect` gives the server it is handed while that is the right one. */
  constructor(connect: (known: Server | null) => Promise<Server>, schema: Schema, params: ClickhouseParams) {
    this.#connect = connect;
    this.#schema = withLineage(schema);
    this.#params = params;
    this.#encoder = new ArrowStreamEncoder(this.#schema);
    this.#insert = `INSERT INTO ${quoteTable(params.table)} (${this.#schema.fields.map((field) => quoteName(field.name)).join(', ')}) FORMAT ArrowStream`;
  }

  async ensure(): Promise<void> {
    await this.#open();
  }

  /** The server, its table checked. Other partitions may be writing through the one at hand: it stays while the address does. */
  #open(): Promise<Server> {
    this.#opening ??= this.#openNow().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #openNow(): Promise<Server> {
    const known = this.#server;
    const server = await this.#connect(known);
    if (server !== known) await known?.close();
    this.#server = server;
    await ensureTable(server, this.#schema, this.#params);
    this.#checked = true;
    return server;
  }

  async write(block: Block, token: string): Promise<void> {
    if (block.rows === 0) return;
    const bytes = this.#encoder.stream(concatBatches(this.#schema, block.batches));
    await this.#send(bytes, token);
    const key = keyOf(block);
    if (!this.#doubted.has(key)) return;
    for (let round = 0; (await this.has(block)) !== 'all'; round++) {
      if (round === HEAL_ROUNDS) {
        throw new MillraceError(`table "${this.#params.table}" does not show a block that was written`, {
          code: 'clickhouse-block-lost',
          domain: 'external',
          retry: 'backoff',
        });
      }
      await this.remove(block);
      await this.#send(bytes, `${token}/${randomUUID()}`);
    }
    this.#doubted.delete(key);
  }

  async #send(bytes: Uint8Array, token: string): Promise<void> {
    const server = await this.#ready();
    try {
      await server.insert(this.#insert, bytes, { ...INSERT, insert_deduplication_token: token });
    } catch (error) {
      if (isTableGone(error)) this.#checked = false; // the next write makes it anew
      throw error;
    }
  }

  async has(range: BlockRange): Promise<'none' | 'all' | 'partial'> {
    this.#doubted.add(keyOf(range));
    const server = await this.#ready();
    const [found] = await server.rows<{ rows: string }>(
      `SELECT count() AS rows FROM ${quoteTable(this.#params.table)} WHERE ${WITHIN}`,
      { src: range.src, from: String(range.fromSeq), to: String(range.toSeq) },
      { select_sequential_consistency: '1' },
    );
    const rows = Number(found?.rows ?? 0);
    return rows === range.rows ? 'all' : rows === 0 ? 'none' : 'partial';
  }

  async remove(range: BlockRange): Promise<void> {
    this.#doubted.add(keyOf(range));
    const server = await this.#ready();
    await server.run(
      `ALTER TABLE ${quoteTable(this.#params.table)} DELETE WHERE ${WITHIN}`,
      { src: range.src, from: String(range.fromSeq), to: String(range.toSeq) },
      { mutations_sync: '2' },
    );
  }

  async #ready(): Promise<Server> {
    return this.#server && this.#checked ? this.#server : this.#open();
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#checked = false;
    await server?.close();
  }
}

const WITHIN = '`_src` = {src:String} AND `_seq` BETWEEN {from:Int64} AND {to:Int64}';
