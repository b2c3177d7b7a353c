import type { RecordBatch, Schema } from 'apache-arrow';
import { column } from '../contract/batch.ts';
import { MAX_MESSAGE_ROWS, REJECTED_SCHEMA } from '../contract/columns.ts';
import type { Block, RefusedRow } from '../contract/connector.ts';
import { MillraceError } from '../contract/error.ts';
import type { Encoder } from '../contract/format.ts';
import type { Outgoing } from '../contract/log.ts';
import type { PlanOutput, PlanSink } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import { batchOf, cell, type Row, rowText } from '../contract/rows.ts';
import type { LineageHeaders } from './gather.ts';

/** What the dead letters are told of the run. */
export interface LettersSetup {
  readonly pipeline: string;
  readonly sink: PlanSink;
  readonly headers: LineageHeaders;
  /** ns since 1970 UTC. */
  readonly clock: () => bigint;
}

/** Where a refused row was, and what it held. */
interface Letter {
  readonly row: Row;
  readonly task: number;
  readonly epoch: bigint;
}

/** Rows that the system of a sink refused, as messages for the dead letters. */
export class Letters {
  readonly #setup: LettersSetup;
  readonly #output: PlanOutput;
  readonly #encoder: Encoder;

  constructor(setup: LettersSetup, output: PlanOutput, registry: Registry) {
    const encoder = registry.formats.get(output.format.name)?.encoder?.(output.schema, output.format.params);
    if (!encoder) {
      const message = `format "${output.format.name}" cannot be written`;
      throw new MillraceError(message, { code: 'format-unknown', domain: 'internal', node: setup.sink.name });
    }
    this.#setup = setup;
    this.#output = output;
    this.#encoder = encoder;
  }

  /** The messages, each of rows that one epoch of one task had made: that is what they are traced back to. */
  messages(block: Block, partition: number, refused: readonly RefusedRow[]): Outgoing[] {
    const clockNs = this.#setup.clock();
    const groups = new Map<string, Letter[]>();
    for (const one of [...refused].sort((a, b) => a.row - b.row)) {
      const letter = this.#letter(block, partition, one, clockNs);
      const key = `${letter.task}/${letter.epoch}`;
      groups.set(key, [...(groups.get(key) ?? []), letter]);
    }
    const [incarnation = ''] = block.src.split('/');
    return [...groups.values()].flatMap((letters) => this.#encode(letters, incarnation, clockNs));
  }

  #letter(block: Block, partition: number, { row, code, reason }: RefusedRow, clockNs: bigint): Letter {
    const { pipeline, sink } = this.#setup;
    const { batch, at } = placeOf(block, row);
    const sequence = cell(column(batch, '_seq'), at) as bigint;
    return {
      row: {
        ts_recv: clockNs,
        pipeline,
        node: sink.name,
        code,
        reason,
        raw: Buffer.from(rowText(withoutLineage(batch, sink.schema), at), 'utf8'),
        source: sink.topic,
        partition,
        offset: sequence / BigInt(MAX_MESSAGE_ROWS),
        row: Number(sequence % BigInt(MAX_MESSAGE_ROWS)),
      },
      task: Number(cell(column(batch, '_task'), at)),
      epoch: cell(column(batch, '_epoch'), at) as bigint,
    };
  }

  #encode(letters: readonly Letter[], incarnation: string, clockNs: bigint): Outgoing[] {
    const { headers: names } = this.#setup;
    const [{ task, epoch } = { task: 0, epoch: 0n }] = letters;
    const { bytes, offsets } = this.#encoder.encode(
      batchOf(
        REJECTED_SCHEMA,
        letters.map(({ row }) => row),
      ),
    );
    const headers = {
      [names.incarnation]: incarnation,
      [names.task]: String(task),
      [names.epoch]: String(epoch),
      [names.clock]: String(clockNs),
    };
    const { topic, partitions } = this.#output;
    return Array.from(offsets.subarray(1), (end, i) => ({
      topic,
      partition: Math.max(0, task) % partitions,
      key: null,
      value: bytes.slice(offsets[i], end),
      headers,
      timestampNs: clockNs,
    }));
  }
}

/** The batch of a block that holds a row, and the row's position in it. */
function placeOf(block: Block, row: number): { readonly batch: RecordBatch; readonly at: number } {
  let at = row;
  for (const batch of block.batches) {
    if (at < batch.numRows) return { batch, at };
    at -= batch.numRows;
  }
  throw new MillraceError(`row ${row} of a block of ${block.rows} was refused`, { code: 'sink-protocol', domain: 'internal' });
}

/** The columns of the sink's input alone. */
function withoutLineage(batch: RecordBatch, schema: Schema): RecordBatch {
  return batch.select(schema.fields.map(({ name }) => name));
}
