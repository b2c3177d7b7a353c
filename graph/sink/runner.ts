import type { RefusedRow, SinkWriter } from '../contract/connector.ts';
import { inNode, MillraceError } from '../contract/error.ts';
import type { Lease, Log } from '../contract/log.ts';
import type { PlanSink } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import type { ErrorView, Quantiles, SinkView } from '../contract/view.ts';
import type { Faults } from './faults.ts';
import { BlockBuilder, type LineageHeaders } from './gather.ts';
import { Letters } from './letters.ts';
import { withLineage } from './lineage.ts';
import { consumePartition, FIRST, type SinkRun } from './partition.ts';

export interface SinkEnvironment {
  readonly pipeline: string;
  readonly registry: Registry;
  readonly log: Log;
  readonly folder: string;
  readonly dataDir: string;
  readonly headers: LineageHeaders;
  /** Topic of the dead letters, null where there are none. */
  readonly lettersTopic: string | null;
  /** ns since 1970 UTC. */
  readonly clock: () => bigint;
  note(line: string): void;
  /** What all sinks of the pipeline say of systems that fail. */
  readonly faults: Faults;
  /** A fresh histogram of latencies, ms. */
  histogram(): { record(value: number, times?: number): void; quantiles(): Quantiles };
}

/** Wait between tries to open a sink, ms. */
const OPEN_BACKOFF_MS = { least: 200, most: 10_000 };

/** Wait before it is looked again whether a partition that is away is written, ms. */
const AWAY_MS = 20;

/** One sink of a pipeline: a small consumer of its topic, with positions of its own. A sink that is down holds its rows and nobody else. */
export class SinkRunner {
  readonly #sink: PlanSink;
  readonly #environment: SinkEnvironment;
  readonly #topic: string;
  readonly #latency: ReturnType<SinkEnvironment['histogram']>;
  readonly #queued = new Map<number, number>();
  readonly #running = new Map<number, Promise<void>>();
  readonly #revoked = new Set<number>();
  #writer: SinkWriter | null = null;
  #lease: Lease | null = null;
  #state: SinkView['state'] = 'starting';
  #stopping: 'no' | 'drain' | 'now' = 'no';
  #error: MillraceError | null = null;
  #lastError: ErrorView | null = null;
  #rows = 0;
  readonly #rejected = new Map<string, number>();
  #blocks = 0;
  #retries = 0;
  #waitingSinceMs: number | null = null;
  #lag = 0;
  #ended: Promise<void> | null = null;
  #isOver = false;
  /** Its input has ended: it is done only when all of the topic is written, whoever holds a partition meanwhile. */
  #finishing = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(sink: PlanSink, topic: string, environment: SinkEnvironment) {
    this.#sink = sink;
    this.#topic = topic;
    this.#environment = environment;
    this.#latency = environment.histogram();
  }

  /** Whether what it reads are dead letters, to which other sinks may add until they end. */
  get takesDeadLetters(): boolean {
    return this.#environment.lettersTopic === this.#sink.topic;
  }

  /** What parked it; null while it can go on. */
  get error(): MillraceError | null {
    return this.#error;
  }

  /**
   * Takes its place in the topic, so that nothing behind it is deleted, and resolves; the rest goes on in the background: opening is
   * retried until it works or cannot.
   */
  async start(): Promise<void> {
    let opened: (run: SinkRun | null) => void = () => {};
    const run = new Promise<SinkRun | null>((resolve) => {
      opened = resolve;
    });
    try {
      await this.#join(run);
    } catch (error) {
      opened(null);
      throw error;
    }
    const running = this.#run(opened).catch((cause) => {
      opened(null);
      this.#park(cause);
    });
    const over = running.finally(() => {
      this.#isOver = true;
    });
    this.#ended = Promise.all([over, this.#watch().catch((cause) => this.#park(cause))]).then(() => undefined);
  }

  /** Gives a drain that is under way at most this long. */
  hurry(maxMs: number): void {
    this.#deadline ??= setTimeout(() => {
      this.#stopping = 'now';
    }, maxMs).unref();
  }

  /** Writes all that is in its topic now, for at most `maxMs`; true when nothing is left. `finish`: the input has ended. */
  async drain(maxMs: number, finish: boolean): Promise<boolean> {
    this.#finishing = finish;
    if (this.#stopping === 'no') this.#stopping = 'drain';
    if (Number.isFinite(maxMs)) this.hurry(maxMs);
    await this.#ended;
    clearTimeout(this.#deadline);
    const clean = this.#stopping === 'drain' && this.#error === null;
    try {
      if (clean && finish && this.#lease?.owned.has(0)) await this.#writer?.finish(); // of several processes one
      if (clean && finish) this.#state = 'done';
    } catch (cause) {
      this.#park(cause);
      return false;
    } finally {
      await this.#lease?.release();
      await this.#writer?.close();
    }
    return clean;
  }

  view(): SinkView {
    const declaration = this.#environment.registry.connectors.get(this.#sink.connector)?.sink;
    const queuedRows = [...this.#queued.values()].reduce((a, b) => a + b, 0);
    return {
      name: this.#sink.name,
      use: this.#sink.connector,
      target: declaration?.describe(this.#sink.params) ?? '',
      state: this.#state,
      rows: this.#rows,
      rejected: Object.fromEntries(this.#rejected),
      blocks: this.#blocks,
      queuedRows,
      lagMessages: this.#lag,
      retries: this.#retries,
      lastError: this.#lastError,
      ackAgeMs: this.#waitingSinceMs === null || queuedRows + this.#lag === 0 ? null : Date.now() - this.#waitingSinceMs,
      latencyMs: this.#latency.quantiles(),
    };
  }

  /** Looks up how far behind it is; for the view. */
  async refresh(): Promise<void> {
    const { log } = this.#environment;
    const facts = await log.describe(this.#topic);
    let lag = 0;
    for (const [partition, range] of (facts?.ranges ?? []).entries()) {
      const pending = await log.pending(this.#sink.group, this.#topic, partition);
      lag += Math.max(0, range.high - (pending?.to ?? range.low));
    }
    this.#lag = lag;
  }

  /** Leases the topic; each partition is consumed once the writer is open. */
  async #join(opened: Promise<SinkRun | null>): Promise<void> {
    const { log } = this.#environment;
    const consume = async (partition: number): Promise<void> => {
      const run = await opened;
      if (run) await consumePartition({ ...run, stopping: () => (this.#revoked.has(partition) ? 'now' : this.#stopping) }, partition);
    };
    const assigned = (partitions: readonly number[]): void => {
      for (const partition of partitions) {
        this.#revoked.delete(partition);
        this.#running.set(
          partition,
          consume(partition).catch((cause) => this.#park(cause)),
        );
      }
    };
    const revoked = async (partitions: readonly number[]): Promise<void> => {
      for (const partition of partitions) this.#revoked.add(partition);
      await Promise.all(partitions.map((partition) => this.#running.get(partition)));
      for (const partition of partitions) this.#running.delete(partition);
    };
    this.#lease = await log.lease(this.#sink.group, this.#topic, { assigned, revoked });
    for (const partition of this.#lease.owned) {
      if (await log.pending(this.#sink.group, this.#topic, partition)) continue;
      const low = (await log.describe(this.#topic))?.ranges[partition]?.low ?? 0;
      await log.intent(this.#sink.group, this.#topic, partition, { from: low, to: low, token: FIRST, rows: 0 });
    }
  }

  async #run(opened: (run: SinkRun | null) => void): Promise<void> {
    const writer = await this.#open();
    opened(writer && this.#sinkRun(writer));
    if (!writer) return;
    while (this.#stopping === 'no') await new Promise((resolve) => setTimeout(resolve, 50));
    do await Promise.all(this.#running.values());
    while (this.#finishing && this.#stopping === 'drain' && this.#error === null && !(await this.#isWritten()));
    await this.refresh();
  }

  /** Keeps the lag up to date until all is over. */
  async #watch(): Promise<void> {
    while (!this.#isOver) {
      await this.refresh();
      for (let i = 0; i < 40 && !this.#isOver; i++) await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Whether all of the topic is written and acknowledged; a partition that is away just now may not be. Waits a little where it is not. */
  async #isWritten(): Promise<boolean> {
    const { log } = this.#environment;
    const { group } = this.#sink;
    const ranges = (await log.describe(this.#topic))?.ranges ?? [];
    for (const [partition, { low, high }] of ranges.entries()) {
      const pending = await log.pending(group, this.#topic, partition);
      const offset = Math.max(low, pending?.to ?? low);
      const isAcknowledged = pending === null || pending.from === pending.to;
      if (isAcknowledged && offset >= high) continue;
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
      return false;
    }
    return true;
  }

  /** Opens the writer and its table, again and again while the system is not there. */
  async #open(): Promise<SinkWriter | null> {
    const { registry, pipeline, folder, dataDir, note } = this.#environment;
    const declaration = registry.connectors.get(this.#sink.connector)?.sink;
    if (!declaration) {
      throw new MillraceError(`connector "${this.#sink.connector}" is no sink`, { code: 'connector-unknown', domain: 'internal' });
    }
    for (let attempt = 0; !this.#leaving(); attempt++) {
      try {
        this.#writer ??= await declaration.open(this.#sink.params, withLineage(this.#sink.schema), {
          pipeline,
          node: this.#sink.name,
          folder,
          dataDir,
          connection: this.#sink.connection,
          partitions: this.#sink.partitions,
          note: (line) => note(`${this.#sink.name}: ${line}`),
        });
        await this.#writer.ensure();
        this.#recovered();
        return this.#writer;
      } catch (cause) {
        const error = inNode(cause, this.#sink.name);
        this.#failed(error);
        if (error.retry !== 'backoff') throw error;
        const until = Date.now() + Math.min(OPEN_BACKOFF_MS.most, OPEN_BACKOFF_MS.least * 2 ** Math.min(attempt, 10));
        while (Date.now() < until && !this.#leaving()) await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    return null;
  }

  #leaving(): boolean {
    return this.#stopping === 'now';
  }

  #sinkRun(writer: SinkWriter): SinkRun {
    const { registry, log, headers, pipeline, clock } = this.#environment;
    const sink = this.#sink;
    const format = registry.formats.get(this.#sink.format.name);
    const declaration = registry.connectors.get(this.#sink.connector)?.sink;
    if (!format || !declaration) {
      throw new MillraceError(`there is no format "${this.#sink.format.name}"`, { code: 'format-unknown', domain: 'internal' });
    }
    const schema = withLineage(this.#sink.schema);
    return {
      sink,
      log,
      topic: this.#topic,
      writer,
      letters: sink.rejected ? new Letters({ pipeline, sink, headers, clock }, sink.rejected, registry) : null,
      block: declaration.block,
      builder: (partition) =>
        new BlockBuilder(schema, format.decoder(this.#sink.schema, this.#sink.format.params), headers, `${this.#sink.topic}/${partition}`),
      stopping: () => this.#stopping,
      wrote: (builder, refused) => this.#wrote(builder, refused),
      queued: (partition, rows) => {
        this.#queued.set(partition, rows);
        if (rows > 0) this.#waitingSinceMs ??= Date.now();
      },
      failed: (error) => this.#failed(error),
      recovered: () => this.#recovered(),
    };
  }

  #wrote(builder: BlockBuilder, refused: readonly RefusedRow[]): void {
    this.#rows += builder.rows - refused.length;
    this.#tellRefused(refused);
    this.#blocks++;
    this.#waitingSinceMs = null;
    for (const { clockMs, rows } of builder.clocks) this.#latency.record(Math.max(0.01, Date.now() - clockMs), rows);
    if (builder.refused.length > 0) {
      this.#environment.note(
        `${this.#sink.name}: ${builder.refused.length} messages of ${this.#topic} could not be decoded, from offset ${builder.refused[0]}`,
      );
    }
  }

  /** Counts what the system refused; the first of each reason is told, the others are in the dead letters. */
  #tellRefused(refused: readonly RefusedRow[]): void {
    for (const { code, reason } of refused) {
      const before = this.#rejected.get(code) ?? 0;
      if (before === 0) {
        const place = `rows that are refused go to ${this.#sink.rejected?.topic ?? 'the dead letters'}`;
        this.#environment.note(`${this.#sink.name}: ${code}: ${reason}; ${place}, and are counted in the status`);
      }
      this.#rejected.set(code, before + 1);
    }
  }

  #failed(error: MillraceError): void {
    this.#retries++;
    const fresh = this.#lastError?.code !== error.code || this.#state !== 'retrying';
    if (fresh) this.#environment.faults.met(this.#sink, error);
    this.#lastError = {
      code: error.code,
      message: error.message,
      node: this.#sink.name,
      remedy: error.remedy ?? null,
      sinceMs: fresh ? Date.now() : (this.#lastError?.sinceMs ?? Date.now()),
    };
    this.#state = 'retrying';
    this.#waitingSinceMs ??= Date.now();
  }

  #recovered(): void {
    if (this.#state === 'retrying') this.#environment.faults.over(this.#sink);
    if (this.#state !== 'parked') this.#state = 'running';
  }

  #park(cause: unknown): void {
    const error = inNode(cause, this.#sink.name);
    this.#error ??= error;
    this.#failed(error);
    this.#state = 'parked';
  }
}
