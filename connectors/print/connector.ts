import type { Writable } from 'node:stream';
import { type RecordBatch, Schema } from 'apache-arrow';
import { z } from 'zod';
import { batchOfData, columnAt } from '../../graph/contract/batch.ts';
import { LINEAGE_FIELDS } from '../../graph/contract/columns.ts';
import type { Block, Connector, SinkDeclaration, SinkWriter } from '../../graph/contract/connector.ts';
import type { Encoder } from '../../graph/contract/format.ts';
import { cell } from '../../graph/contract/rows.ts';
import { json } from '../formats/json.ts';
import { TextTable, textOf } from './text.ts';

const params = z.strictObject({
  as: z.enum(['text', 'ndjson']).default('text').meta({ description: 'aligned columns, or one JSON object a line' }),
  to: z.enum(['stderr', 'stdout']).default('stderr').meta({ description: 'where to; standard output is for programs that read it' }),
  limit: z
    .int()
    .min(0)
    .default(10)
    .meta({ description: 'rows shown in a second, the others are counted; 0: all are shown', unit: 'rows/s' }),
});

/** Parameters of the sink. */
export type PrintParams = z.output<typeof params>;

/** Where it is printed, and a monotonic clock in ms. */
export interface PrintTarget {
  readonly out: Writable;
  now(): number;
}

/** Shows rows to a person; keeps nothing, so a row may be shown again after a restart. */
export class PrintWriter implements SinkWriter {
  readonly #params: PrintParams;
  readonly #target: PrintTarget;
  readonly #schema: Schema;
  readonly #table: TextTable;
  readonly #encoder: Encoder | null;
  #second = Number.NEGATIVE_INFINITY;
  #shown = 0;
  #hidden = 0;

  /** `schema` may have the lineage columns at its end; they are not shown. */
  constructor(schema: Schema, given: PrintParams, target: PrintTarget) {
    const fields = schema.fields.filter((field) => !LINEAGE_FIELDS.some((lineage) => lineage.name === field.name));
    this.#params = given;
    this.#target = target;
    this.#schema = new Schema(fields);
    this.#table = new TextTable(
      fields.map((field) => field.name),
      fields.map((field) => field.type),
    );
    this.#encoder = given.as === 'ndjson' ? (json.encoder?.(this.#schema, json.params.parse({})) ?? null) : null;
  }

  async ensure(): Promise<void> {}

  async write(block: Block): Promise<void> {
    for (const batch of block.batches) {
      const now = this.#target.now();
      if (now - this.#second >= 1000) {
        await this.#say(this.#notShown());
        this.#second = now;
        this.#shown = 0;
      }
      const rows = this.#params.limit === 0 ? batch.numRows : Math.min(batch.numRows, this.#params.limit - this.#shown);
      this.#shown += rows;
      this.#hidden += batch.numRows - rows;
      if (rows > 0) await this.#say(this.#text(batch.slice(0, rows)));
    }
  }

  #text(batch: RecordBatch): string {
    const own = batchOfData(this.#schema, batch.numRows, batch.data.children.slice(0, this.#schema.fields.length));
    if (this.#encoder) {
      const { bytes, offsets } = this.#encoder.encode(own);
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return Array.from({ length: own.numRows }, (_, i) => `${text.toString('utf8', offsets[i], offsets[i + 1])}\n`).join('');
    }
    const columns = this.#schema.fields.map((_, i) => columnAt(own, i));
    return this.#table.rows(
      Array.from({ length: own.numRows }, (_, row) => columns.map((column) => textOf(cell(column, row), column.type))),
    );
  }

  /** How many rows were left out since this was last said; not among JSON, which a program reads. */
  #notShown(): string {
    const hidden = this.#hidden;
    this.#hidden = 0;
    return hidden === 0 || this.#encoder ? '' : `… and ${hidden} more\n`;
  }

  async #say(text: string): Promise<void> {
    if (text === '' || this.#target.out.write(text)) return;
    await new Promise((resolve) => this.#target.out.once('drain', resolve));
  }

  async has(): Promise<'keyed'> {
    return 'keyed';
  }

  async remove(): Promise<void> {}

  async finish(): Promise<void> {
    await this.#say(this.#notShown());
  }

  async close(): Promise<void> {}
}

const sink: SinkDeclaration<PrintParams> = {
  params,
  accepts: () => null,
  target: () => null,
  block: { rows: 10_000, bytes: 4 * 1024 * 1024, ms: 100 },
  describe: ({ to }) => to,
  open: async (given, schema) => new PrintWriter(schema, given, { out: process[given.to], now: () => performance.now() }),
};

/** Rows on the terminal. */
export const printConnector: Connector = {
  name: 'print',
  summary: 'rows on the terminal, a few a second, as aligned text or JSON',
  connection: null,
  sink,
};
