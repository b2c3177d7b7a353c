import type { RecordBatch, Schema } from 'apache-arrow';
import { batchBytes } from '../contract/batch.ts';
import type { Block } from '../contract/connector.ts';
import type { Decoder } from '../contract/format.ts';
import type { Message } from '../contract/log.ts';
import { firstSequence, Lineage } from './lineage.ts';

/** Headers of a message that its rows' lineage is taken from. */
export interface LineageHeaders {
  readonly incarnation: string;
  readonly task: string;
  readonly epoch: string;
  readonly clock: string;
}

/** Messages of one partition, gathered until they make a block. */
export class BlockBuilder {
  readonly #schema: Schema;
  readonly #decoder: Decoder;
  readonly #headers: LineageHeaders;
  readonly #place: string;
  readonly #batches: RecordBatch[] = [];
  readonly #refused: number[] = [];
  #lineage: Lineage | null = null;
  #incarnation: string | null = null;
  #from = -1;
  #to = -1;
  #rows = 0;
  #bytes = 0;
  #clocks: { clockMs: number; rows: number }[] = [];

  /** `schema` has the lineage columns; `place` is topic/partition. */
  constructor(schema: Schema, decoder: Decoder, headers: LineageHeaders, place: string) {
    this.#schema = schema;
    this.#decoder = decoder;
    this.#headers = headers;
    this.#place = place;
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Offset of the first message, -1 while there is none, and the offset after the last. */
  get range(): { readonly from: number; readonly to: number } {
    return { from: this.#from, to: this.#to };
  }

  /** Offsets of messages that could not be decoded. */
  get refused(): readonly number[] {
    return this.#refused;
  }

  /** When the rows were read at their source, ms since 1970 UTC. */
  get clocks(): readonly { readonly clockMs: number; readonly rows: number }[] {
    return this.#clocks;
  }

  /** Adds a message; false when it belongs to another incarnation, and so to the next block. */
  add(message: Message): boolean {
    const incarnation = message.headers[this.#headers.incarnation] ?? '0';
    if (this.#incarnation !== null && incarnation !== this.#incarnation) return false;
    this.#incarnation = incarnation;
    this.#lineage ??= new Lineage(this.#schema, this.#src);
    if (this.#from < 0) this.#from = message.offset;
    this.#to = message.offset + 1;
    if (message.value.byteLength === 0) return true;
    const decoded = this.#decoder.decode({
      bytes: message.value,
      offsets: Int32Array.of(0, message.value.byteLength),
      recvNs: BigInt64Array.of(message.timestampNs),
    });
    if (decoded.rejected) this.#refused.push(message.offset);
    if (!decoded.batch || decoded.batch.numRows === 0) return true;
    const place = {
      offset: message.offset,
      task: Number(message.headers[this.#headers.task] ?? -1),
      epoch: Number(message.headers[this.#headers.epoch] ?? -1),
    };
    const batch = this.#lineage.add(decoded.batch, place, 0);
    this.#batches.push(batch);
    this.#rows += batch.numRows;
    this.#bytes += batchBytes(batch);
    const clock = message.headers[this.#headers.clock];
    if (clock !== undefined) this.#clocks.push({ clockMs: Number(BigInt(clock) / 1_000_000n), rows: batch.numRows });
    return true;
  }

  block(): Block {
    return {
      src: this.#src,
      fromSeq: firstSequence(this.#from),
      toSeq: firstSequence(this.#to) - 1n,
      batches: this.#batches,
      rows: this.#rows,
      bytes: this.#bytes,
    };
  }

  get #src(): string {
    return `${this.#incarnation ?? '0'}/${this.#place}`;
  }
}
