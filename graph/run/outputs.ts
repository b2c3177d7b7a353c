import type { RecordBatch, Schema } from 'apache-arrow';
import { gather } from '../contract/batch.ts';
import { MAX_MESSAGE_ROWS } from '../contract/columns.ts';
import { MillraceError } from '../contract/error.ts';
import type { Encoder } from '../contract/format.ts';
import { MAX_NS, MIN_NS } from '../contract/frame.ts';
import type { Outgoing } from '../contract/log.ts';
import type { PlanOutput, PortRef } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import { HEADER } from './exchange.ts';
import { keyBytes, rowsByPartition } from './keys.ts';

/** Rows that left a task on an output in one epoch. */
export interface Collected {
  readonly batch: RecordBatch;
  readonly floorNs: bigint;
  /** The port it left on. */
  readonly from: PortRef;
}

/** The epoch a message belongs to. */
export interface EpochStamp {
  readonly inc: string;
  readonly task: number;
  readonly epoch: number;
  readonly clockNs: bigint;
}

/** Event time has to move this far before a partition without rows hears of it, ns. */
const WATERMARK_STEP_NS = 200_000_000n;

/** Encodes what one task sends to one output: rows to their partitions, and an exchange's watermark to all of them. */
export class OutputEncoder {
  readonly output: PlanOutput;
  readonly #topic: string;
  readonly #encoder: Encoder;
  readonly #many: boolean;
  readonly #told: { watermark: bigint; idle: boolean }[];

  constructor(output: PlanOutput, topic: string, registry: Registry) {
    const format = registry.formats.get(output.format.name);
    if (!format?.encoder) {
      throw new MillraceError(`format "${output.format.name}" cannot be written`, {
        code: 'format-unknown',
        domain: 'internal',
        node: output.name,
      });
    }
    this.output = output;
    this.#topic = topic;
    this.#encoder = format.encoder(output.schema, output.format.params);
    this.#many = format.rowsPerPayload === 'many';
    this.#told = Array.from({ length: output.partitions }, () => ({ watermark: MIN_NS, idle: false }));
  }

  /** The messages of one epoch. `watermarkNs` and `idle` matter to exchanges only. */
  encode(collected: readonly Collected[], stamp: EpochStamp, watermarkNs: bigint, idle: boolean): Outgoing[] {
    const { output } = this;
    const exchange = output.kind === 'exchange';
    const base: Record<string, string> = {
      [HEADER.incarnation]: stamp.inc,
      [HEADER.task]: String(stamp.task),
      [HEADER.epoch]: String(stamp.epoch),
      [HEADER.clock]: String(stamp.clockNs),
    };
    const messages: Outgoing[] = [];
    const touched = new Set<number>();
    const isUnion = output.kind === 'topic' && output.from.length > 1;
    const send = (partition: number, { batch, floorNs, from }: Collected): void => {
      touched.add(partition);
      const floor = exchange && floorNs !== MIN_NS ? { [HEADER.floor]: String(floorNs) } : {};
      const headers = { ...base, ...floor, ...(isUnion ? { [HEADER.port]: `${from.node}.${from.port}` } : {}) };
      this.#encodeBatch(messages, partition, batch, headers, stamp.clockNs);
    };
    for (const part of joinSmall(output.schema, collected, exchange, isUnion)) {
      const { batch } = part;
      if (output.key.length === 0 || output.partitions === 1) {
        send(output.key.length === 0 ? stamp.task % output.partitions : 0, part);
        continue;
      }
      rowsByPartition(batch, output.key, output.partitions).forEach((rows, partition) => {
        if (rows.length === 0) return;
        send(partition, rows.length === batch.numRows ? part : { ...part, batch: gather(output.schema, [batch], null, rows) });
      });
    }
    if (exchange) this.#tellWatermark(messages, touched, base, stamp, watermarkNs, idle);
    return messages;
  }

  #encodeBatch(
    messages: Outgoing[],
    partition: number,
    batch: RecordBatch,
    headers: Readonly<Record<string, string>>,
    timestampNs: bigint,
  ): void {
    const { bytes, offsets } = this.#encoder.encode(batch);
    const { key } = this.output;
    for (let i = 0; i + 1 < offsets.length; i++) {
      const whole = offsets.length === 2 && offsets[0] === 0 && offsets[1] === bytes.byteLength;
      messages.push({
        topic: this.#topic,
        partition,
        key: key.length === 0 || this.#many ? null : keyBytes(batch, key, i),
        value: whole ? bytes : bytes.subarray(offsets[i], offsets[i + 1]),
        headers,
        timestampNs,
      });
    }
  }

  /** The last message to a partition carries the watermark; one without rows is sent where it moved far enough. */
  #tellWatermark(
    messages: Outgoing[],
    touched: ReadonlySet<number>,
    base: Readonly<Record<string, string>>,
    stamp: EpochStamp,
    watermarkNs: bigint,
    idle: boolean,
  ): void {
    const mark = { [HEADER.watermark]: String(watermarkNs), [HEADER.idle]: idle ? '1' : '0' };
    const last = new Map<number, number>();
    messages.forEach((message, i) => {
      last.set(message.partition, i);
    });
    for (let partition = 0; partition < this.output.partitions; partition++) {
      if (this.output.aligned && partition !== stamp.task) continue;
      const told = this.#told[partition] as { watermark: bigint; idle: boolean };
      const at = last.get(partition);
      if (touched.has(partition) && at !== undefined) {
        const message = messages[at] as Outgoing;
        messages[at] = { ...message, headers: { ...message.headers, ...mark } };
      } else {
        const moved =
          watermarkNs > told.watermark &&
          (watermarkNs === MAX_NS || told.watermark === MIN_NS || watermarkNs - told.watermark >= WATERMARK_STEP_NS);
        if (!moved && idle === told.idle) continue;
        messages.push({
          topic: this.#topic,
          partition,
          key: null,
          value: new Uint8Array(0),
          headers: { ...base, ...mark },
          timestampNs: stamp.clockNs,
        });
      }
      told.watermark = watermarkNs;
      told.idle = idle;
    }
  }
}

/** Neighbouring small batches as one, so that a message holds many rows; batches with different floors stay apart in an exchange, those of different ports in a topic. */
function joinSmall(schema: Schema, collected: readonly Collected[], keepFloors: boolean, keepPorts: boolean): Collected[] {
  const out: Collected[] = [];
  let group: Collected[] = [];
  let rows = 0;
  const close = (): void => {
    if (group.length === 1) out.push(group[0] as Collected);
    else if (group.length > 1) {
      const source = new Int32Array(rows);
      const row = new Int32Array(rows);
      let n = 0;
      group.forEach(({ batch }, i) => {
        for (let r = 0; r < batch.numRows; r++, n++) {
          source[n] = i;
          row[n] = r;
        }
      });
      const batches = group.map(({ batch }) => batch);
      out.push({
        batch: gather(schema, batches, source, row),
        floorNs: (group[0] as Collected).floorNs,
        from: (group[0] as Collected).from,
      });
    }
    group = [];
    rows = 0;
  };
  for (const item of collected) {
    const [first = item] = group;
    const fits =
      rows + item.batch.numRows <= MAX_MESSAGE_ROWS / 4 &&
      (!keepFloors || first.floorNs === item.floorNs) &&
      (!keepPorts || first.from === item.from);
    if (!fits) close();
    group.push(item);
    rows += item.batch.numRows;
  }
  close();
  return out;
}
