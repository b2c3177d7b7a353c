import { batchBytes } from '../contract/batch.ts';
import type { SourceChunk } from '../contract/connector.ts';
import { MillraceError } from '../contract/error.ts';
import { MAX_NS, MIN_NS } from '../contract/frame.ts';
import type { Outgoing, Position, Root } from '../contract/log.ts';
import { type Effect, MAIN_PORT, REJECTED_PORT } from '../contract/operator.ts';
import type { Plan } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import { settled } from '../contract/settled.ts';
import type { ErrorView } from '../contract/view.ts';
import type { Probe } from '../wire/probe.ts';
import { countByCode, rejectedRows } from '../wire/rejected.ts';
import { type Wired, wire } from '../wire/wire.ts';
import { Answers } from './answers.ts';
import { ExchangeTime, leastPromise } from './exchange.ts';
import type { OpenInput, Read } from './inputs.ts';
import type { JournalEntry } from './journal.ts';
import { landChunk, landEnd } from './landing.ts';
import { type Collected, OutputEncoder } from './outputs.ts';
import { PartitionTime } from './partition-time.ts';
import { type Reach, reachOf } from './reach.ts';
import { restoreTask, type StateOf, snapshotTask } from './snapshot.ts';

export interface TaskOptions {
  readonly plan: Plan;
  readonly registry: Registry;
  readonly inputs: readonly OpenInput[];
  /** Contents of the files that operators asked for, by absolute path. */
  readonly files: ReadonlyMap<string, string>;
  /** What answers for effect nodes, by name of the node. */
  readonly effects: ReadonlyMap<string, Effect>;
  readonly inc: string;
  topicName(topic: string): string;
  probe(node: string): Probe;
}

/** One input partition as a task reads it. */
export interface TaskInput {
  readonly input: OpenInput;
  readonly partition: number;
  position: number;
  /** Its position comes from the log; else `start:` has to be resolved. */
  known: boolean;
  readonly ingest: PartitionTime;
  /** Why it cannot be read just now, and until when it is left alone (as `performance.now` tells it). */
  trouble: { readonly error: MillraceError; readonly attempts: number; readonly untilMs: number } | null;
  /** Set for exchanges, whose event time comes with the messages. */
  readonly exchange: ExchangeTime | null;
}

/**
 * One task: its wired graph, its positions and its event time. `run` is the whole of an epoch and is synchronous; what it does is a pure
 * function of the entry and the rows it names.
 */
export class Task {
  readonly task: number;
  readonly inputs: readonly TaskInput[];
  readonly #options: TaskOptions;
  readonly #wired: Wired;
  readonly #encoders: readonly OutputEncoder[];
  readonly #collected: Collected[][];
  readonly #answers: Answers;
  readonly #watermarks: bigint[];
  readonly #reach: Reach;
  /** Watermark of each output's port. */
  readonly #outputWatermarks: bigint[];
  /** What the epoch read of inputs that are landed in a topic. */
  #landed: { readonly input: OpenInput; readonly chunk: SourceChunk }[] = [];
  #failure: unknown = null;
  epoch = -1;
  root: Root | null = null;
  state: 'restoring' | 'running' | 'parked' | 'ended' | 'closed' = 'restoring';
  error: ErrorView | null = null;
  /** Time spent computing since the last snapshot: what a replay would cost, s. */
  busySinceSnapshot = 0;
  #snapshotAtMs = Date.now();
  clockNs = MIN_NS;
  /** An epoch is due though no row came: the first one, or an input has just ended. */
  due = false;
  /** Inputs that an edit of the file added: their start positions go into the next entry. */
  fresh: readonly TaskInput[] = [];
  /** It stands where an earlier run left it: the next epoch is the first after a stop. */
  resumed = false;

  constructor(task: number, options: TaskOptions) {
    this.task = task;
    this.#options = options;
    const { plan } = options;
    this.#wired = wire(plan, {
      operators: options.registry.operators,
      files: options.files,
      read: plan.outputs.flatMap(({ from }) => from),
      probe: options.probe,
      failed: (error) => {
        this.#failure ??= error;
      },
    });
    this.inputs = options.inputs.flatMap((input) => this.#ownPartitions(input));
    this.#watermarks = plan.inputs.map(() => MIN_NS);
    this.#reach = reachOf(plan);
    this.#outputWatermarks = plan.outputs.map(() => MIN_NS);
    this.#collected = plan.outputs.map(() => []);
    this.#answers = new Answers(options.effects, options.probe);
    this.#encoders = plan.outputs.map((output) => new OutputEncoder(output, options.topicName(output.topic), options.registry));
    plan.outputs.forEach((output, i) => {
      for (const from of output.from) {
        this.#wired.port(from.node, from.port).subscribe((frame) => {
          if (frame.kind === 'batch') this.#collected[i]?.push({ batch: frame.batch, floorNs: frame.floorNs, from });
          else if (frame.kind === 'watermark') this.#outputWatermarks[i] = frame.ns;
        });
      }
    });
  }

  get states(): Wired['states'] {
    return this.#wired.states;
  }

  /** Watermark of each input, as pushed. */
  get watermarks(): readonly bigint[] {
    return this.#watermarks;
  }

  /** Watermark that a source or an operator has passed on. */
  watermarkOf(node: string): bigint {
    const index = this.#options.plan.inputs.findIndex((input) => input.name === node);
    return (index >= 0 ? this.#watermarks[index] : this.#wired.states.get(node)?.watermarks().out) ?? MIN_NS;
  }

  /** The earliest epoch clock at which something happens without rows; null for never. */
  nextTimerNs(): bigint | null {
    let next: bigint | null = null;
    const consider = (ns: bigint | null): void => {
      if (ns !== null && (next === null || ns < next)) next = ns;
    };
    for (const state of this.#wired.states.values()) consider(state.kernel.nextTimer());
    for (const input of this.inputs) if (!input.exchange) consider(input.ingest.idleAtNs);
    return next;
  }

  /** Every input has ended, and this has been told to the graph. */
  get exhausted(): boolean {
    return this.#watermarks.every((ns) => ns === MAX_NS) && this.inputs.every((i) => (i.exchange ? i.exchange.ended : i.ingest.ended));
  }

  positions(): Position[] {
    return this.inputs.flatMap((i) =>
      i.input.topic === null ? [] : [{ topic: i.input.topic, partition: i.partition, offset: i.position }],
    );
  }

  /** Runs one epoch: rows, ends, watermarks, barrier. The outputs are kept until `encode`. Throws what a kernel threw. */
  run(entry: JournalEntry, reads: readonly Read[]): void {
    const start = process.hrtime.bigint();
    const rowsOf = new Map<TaskInput, number>();
    if (entry.resumed) for (const input of this.inputs) input.ingest.resume(entry.clockNs);
    for (const read of reads) {
      const input = this.#push(read, entry.clockNs);
      rowsOf.set(input, (rowsOf.get(input) ?? 0) + read.rows);
    }
    for (const [name, partition] of entry.ended) this.#input(name, partition).ingest.end();
    for (const input of this.inputs) if (!input.exchange) input.ingest.tick(entry.clockNs, rowsOf.get(input) ?? 0);
    this.#pushWatermarks();
    for (const input of this.#options.plan.inputs) {
      for (const port of [MAIN_PORT, REJECTED_PORT]) {
        this.#wired.source(input.name, port).next({ kind: 'barrier', epoch: entry.epoch, clockNs: entry.clockNs });
      }
    }
    this.epoch = entry.epoch;
    this.clockNs = entry.clockNs;
    this.due = false;
    this.busySinceSnapshot += Number(process.hrtime.bigint() - start) / 1e9;
    if (this.#failure !== null) throw this.#failure;
  }

  /** Asks what effect nodes leave to be answered in the epoch just run; the rows go on as they were answered. Rejects with what an effect threw. */
  async settle(): Promise<void> {
    if (this.#options.effects.size > 0) await settled(this.#collected.map((collected) => this.#answers.fill(collected)));
  }

  /** The messages of the epoch just run. */
  encode(entry: JournalEntry): Outgoing[] {
    const promises = this.#promises();
    const isIdle = (output: number): boolean =>
      leastPromise([...(this.#reach.feeding[output] ?? [])].map((i) => promises[i] ?? null)) === null;
    const stamp = { inc: entry.inc, task: this.task, epoch: entry.epoch, clockNs: entry.clockNs };
    const outputs = this.#encoders.flatMap((encoder, i) => {
      const collected = this.#collected[i] ?? [];
      this.#collected[i] = [];
      return encoder.encode(collected, stamp, this.#outputWatermarks[i] ?? MIN_NS, isIdle(i));
    });
    const landed = this.#landed.flatMap(({ input, chunk }) =>
      input.landing === null ? [] : landChunk(chunk, input.landing, input.labels[chunk.partition] ?? '', stamp),
    );
    this.#landed = [];
    const ends = entry.ended.flatMap(([name, partition]) => {
      const { landing } = this.#input(name, partition).input;
      return landing === null ? [] : [landEnd(landing, partition, stamp)];
    });
    return [...outputs, ...landed, ...ends];
  }

  /** Tells sources that what an epoch read of them is in the log. */
  committed(ranges: JournalEntry['reads']): void {
    for (const [name, partition, , to] of ranges) this.#input(name, partition).input.reader?.committed?.(partition, to);
  }

  /** Forgets the outputs of the epoch just run: they were written before (replay). */
  discard(): void {
    for (let i = 0; i < this.#collected.length; i++) this.#collected[i] = [];
    this.#landed = [];
  }

  /** ms since the last snapshot, or since the task was made. */
  get snapshotAgeMs(): number {
    return Date.now() - this.#snapshotAtMs;
  }

  snapshotTaken(): void {
    this.busySinceSnapshot = 0;
    this.#snapshotAtMs = Date.now();
  }

  snapshot(): ReadonlyMap<string, readonly Uint8Array[]> {
    return snapshotTask(this.#options.plan, this, this.#watermarks, this.#outputWatermarks);
  }

  restore(chunks: ReadonlyMap<string, readonly Uint8Array[]>, stateOf: StateOf): void {
    restoreTask(this.#options.plan, this, chunks, stateOf, this.#watermarks, this.#outputWatermarks);
  }

  #ownPartitions(input: OpenInput): TaskInput[] {
    const { tasks } = this.#options.plan;
    const { time, broadcast, from } = input.plan;
    const own: TaskInput[] = [];
    for (let partition = 0; partition < input.partitions; partition++) {
      if (!broadcast && partition % tasks !== this.task) continue;
      const exchange = from.kind === 'exchange' ? new ExchangeTime(tasks, from.aligned ? partition : null) : null;
      own.push({ input, partition, position: 0, known: false, ingest: new PartitionTime(time), trouble: null, exchange });
    }
    return own;
  }

  #input(name: string, partition: number): TaskInput {
    const found = this.inputs.find((i) => i.input.plan.name === name && i.partition === partition);
    if (!found)
      throw new MillraceError(`task ${this.task} does not read ${name}/${partition}`, { code: 'journal-foreign', domain: 'internal' });
    return found;
  }

  #push(read: Read, clockNs: bigint): TaskInput {
    const name = (this.#options.inputs[read.input] as OpenInput).plan.name;
    const input = this.#input(name, read.partition);
    const { exchange } = input;
    if (exchange) for (const headers of read.marks) exchange.note(headers);
    const out = this.#wired.source(name, MAIN_PORT);
    const probe = this.#options.probe(name);
    for (const { batch, origin, floorNs, writer, arrivals } of read.batches) {
      probe.in(batch.numRows, Math.round((read.bytes * batch.numRows) / Math.max(1, read.rows)));
      input.input.watch?.look(read.partition, batch);
      const frames = exchange
        ? [{ kind: 'batch' as const, batch, floorNs: floorNs ?? MIN_NS, origin, arrivals }]
        : input.ingest.take(batch, origin, writer, arrivals);
      for (const frame of frames) out.next(frame);
      probe.out(MAIN_PORT, batch.numRows, batchBytes(batch));
    }
    for (const { batch, origin } of read.refused) {
      const rows = rejectedRows(batch, origin, { pipeline: this.#options.plan.pipeline, node: name, clockNs });
      for (const [code, count] of countByCode(batch)) probe.rejected(code, count);
      probe.in(batch.numRows, 0);
      this.#wired.source(name, REJECTED_PORT).next({ kind: 'batch', batch: rows, floorNs: MIN_NS, origin: null });
    }
    if (read.landed) {
      this.#landed.push({ input: input.input, chunk: read.landed });
      probe.in(read.rows, read.bytes);
      probe.out(MAIN_PORT, read.rows, read.bytes);
    }
    if (read.ended) input.ingest.end();
    input.position = read.to;
    return input;
  }

  /** What each input promises, the least of its partitions: `MAX_NS` once they have ended or where it has none here, null while it is idle. */
  #promises(): readonly (bigint | null)[] {
    return this.#options.plan.inputs.map((input) => {
      const parts = this.inputs.filter((i) => i.input.plan === input);
      return parts.length === 0 ? MAX_NS : leastPromise(parts.map((part) => (part.exchange ?? part.ingest).watermarkNs));
    });
  }

  /**
   * Where idle inputs go to: to the least of those that are not, but for what waits for an idle one behind an exchange, which would be to
   * wait for oneself; where all others have ended, to where they ended.
   */
  #othersAt(promises: readonly (bigint | null)[]): bigint {
    const idle = promises.flatMap((ns, i) => (ns === null ? [i] : []));
    const active = promises.filter(
      (ns, i): ns is bigint => ns !== null && ns !== MAX_NS && !idle.some((one) => this.#reach.behind[one]?.has(i)),
    );
    if (active.length > 0) return active.reduce((a, b) => (a < b ? a : b));
    return this.inputs.reduce((most, { ingest }) => (ingest.ended && ingest.reachedNs > most ? ingest.reachedNs : most), MIN_NS - 1n) + 1n;
  }

  /** Watermark of each input; an idle one follows the others. */
  #pushWatermarks(): void {
    const { plan } = this.#options;
    const promises = this.#promises();
    const others = promises.includes(null) ? this.#othersAt(promises) : MIN_NS;
    plan.inputs.forEach((input, i) => {
      const own = this.inputs.filter((part) => part.input.plan === input);
      const reached =
        promises[i] ?? own.reduce((most, { exchange }) => (exchange && exchange.idleNs > most ? exchange.idleNs : most), others);
      const before = this.#watermarks[i] as bigint;
      const now = reached > before ? reached : before;
      for (const part of own) part.ingest.told(now);
      if (now === before) return;
      this.#watermarks[i] = now;
      this.#options.probe(input.name).watermark(now);
      for (const port of [MAIN_PORT, REJECTED_PORT]) this.#wired.source(input.name, port).next({ kind: 'watermark', ns: now });
    });
  }
}
