import { createHash } from 'node:crypto';
import type { DeliveryReport, Producer } from '@confluentinc/kafka-javascript';
import { stateTopic } from '../../graph/contract/engine-topics.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { StateKey } from '../../graph/contract/log.ts';
import { type Clients, CODES, disconnected } from './client.ts';
import { kafkaCode } from './errors.ts';
import { bufferOf } from './message.ts';
import type { Scanner } from './scanner.ts';
import type { Topics } from './topics.ts';

/** The last message of a snapshot: where its chunks lie, and the checksum over all of them. */
interface Manifest {
  readonly v: 1;
  readonly epoch: number;
  /** Chunks of each node, by offset. */
  readonly nodes: readonly (readonly [node: string, offsets: readonly number[]])[];
  /** Keys of the chunks, so that they can be removed. */
  readonly keys: readonly string[];
  /** References of the snapshots before it that were still there. */
  readonly before: readonly string[];
  readonly sha256: string;
}

const ROOT_KEY = 'root';

/** Snapshots in a compacted topic, written outside of any transaction: they count once a root points at them. */
export class Snapshots {
  readonly #clients: Clients;
  readonly #topics: Topics;
  readonly #scanner: Scanner;
  /** Partitions of the topic: as many as the pipeline has tasks. */
  readonly #tasks: (pipeline: string) => number;
  readonly #made = new Map<string, Promise<void>>();
  readonly #waiting = new Map<number, { resolve(offset: number): void; reject(error: unknown): void }>();
  /** By pipeline and task: the snapshot the last root points at, and those that are there. */
  readonly #pointed = new Map<string, string>();
  readonly #kept = new Map<string, string[]>();
  readonly #note: (line: string) => void;
  #tidying: Promise<void> = Promise.resolve();
  #producer: Promise<Producer> | null = null;
  #sent = 0;

  constructor(clients: Clients, topics: Topics, scanner: Scanner, tasks: (pipeline: string) => number, note: (line: string) => void) {
    this.#note = note;
    this.#clients = clients;
    this.#topics = topics;
    this.#scanner = scanner;
    this.#tasks = tasks;
  }

  /** Writes a snapshot; its reference is the offset of the manifest. Durable when it resolves. */
  async put(key: StateKey, chunks: ReadonlyMap<string, readonly Uint8Array[]>, owner: string): Promise<string> {
    const topic = this.#topicOf(key.pipeline);
    await this.#exists(key.pipeline, topic);
    const base = `${key.inc}/${key.epoch}/${owner}`;
    const hash = createHash('sha256');
    const keys: string[] = [];
    const nodes = await Promise.all(
      [...chunks].map(async ([node, parts]) => {
        const offsets = await Promise.all(
          parts.map((part, i) => {
            hash.update(part);
            const name = `${base}/${node}/${i}`;
            keys.push(name);
            return this.#send(topic, key.task, name, bufferOf(part));
          }),
        );
        return [node, offsets] as const;
      }),
    );
    const before = [...(this.#kept.get(`${key.pipeline}/${key.task}`) ?? [])];
    const manifest: Manifest = { v: 1, epoch: key.epoch, nodes, keys, before, sha256: hash.digest('hex') };
    return String(await this.#send(topic, key.task, `${base}/manifest`, Buffer.from(JSON.stringify(manifest))));
  }

  /** The snapshot behind a reference; null when something of it is missing or not what was written. */
  async get(pipeline: string, task: number, reference: string): Promise<ReadonlyMap<string, readonly Uint8Array[]> | null> {
    const found = await this.#manifest(pipeline, task, reference);
    if (!found) return null;
    const { manifest } = found;
    const offsets = manifest.nodes.flatMap(([, places]) => places);
    const parts = new Map<number, Uint8Array>();
    if (offsets.length > 0) {
      const wanted = new Set(offsets);
      const range = [Math.min(...offsets), Math.max(...offsets) + 1] as const;
      try {
        for await (const { offset, value } of this.#scanner.scan(this.#topicOf(pipeline), task, ...range))
          if (wanted.has(offset)) parts.set(offset, value);
      } catch (error) {
        if (error instanceof MillraceError && error.code === 'position-expired') return null;
        throw error;
      }
    }
    const hash = createHash('sha256');
    for (const offset of offsets) hash.update(parts.get(offset) ?? '?');
    if (parts.size !== offsets.length || hash.digest('hex') !== manifest.sha256) return null;
    return new Map(manifest.nodes.map(([node, places]) => [node, places.map((offset) => parts.get(offset) as Uint8Array)]));
  }

  /** A committed root points at this snapshot: it and the one before stay, older ones go, in the background. Whether it is new. */
  pointed(pipeline: string, task: number, reference: string): boolean {
    const key = `${pipeline}/${task}`;
    if (this.#pointed.get(key) === reference) return false;
    this.#pointed.set(key, reference);
    this.#tidying = this.#tidying
      .then(() => this.#tidy(pipeline, task, reference))
      .catch((error) => this.#note(`an old snapshot of task ${task} stays: ${error instanceof Error ? error.message : error}`));
    return true;
  }

  /** Keeps a root where nothing expires, for a group whose offsets and journal have; in the background. */
  keep(pipeline: string, task: number, root: string): Promise<void> {
    const kept = this.#tidying.then(async () => {
      const topic = this.#topicOf(pipeline);
      await this.#exists(pipeline, topic);
      await this.#send(topic, task, ROOT_KEY, Buffer.from(root));
    });
    this.#tidying = kept.catch((error) =>
      this.#note(`a root of task ${task} is not kept: ${error instanceof Error ? error.message : error}`),
    );
    return kept;
  }

  /** The root that was kept last; null when none was. */
  async kept(pipeline: string, task: number): Promise<string | null> {
    const topic = this.#topicOf(pipeline);
    const range = (await this.#topics.describe(topic))?.ranges[task];
    let root: string | null = null;
    if (!range) return root;
    for await (const { key, value } of this.#scanner.scan(topic, task, range.low, range.high))
      if (key && Buffer.from(key).toString() === ROOT_KEY) root = Buffer.from(value).toString();
    return root;
  }

  async #tidy(pipeline: string, task: number, reference: string): Promise<void> {
    const key = `${pipeline}/${task}`;
    const known = this.#kept.get(key) ?? (await this.#manifest(pipeline, task, reference))?.manifest.before ?? [];
    const kept = [...known, reference];
    this.#kept.set(key, kept);
    while (kept.length > 2) await this.#remove(pipeline, task, kept.shift() as string);
  }

  async close(): Promise<void> {
    await this.#tidying;
    const producer = await this.#producer?.catch(() => null);
    if (producer) await disconnected(producer);
  }

  async #remove(pipeline: string, task: number, reference: string): Promise<void> {
    const found = await this.#manifest(pipeline, task, reference);
    if (!found) return;
    const topic = this.#topicOf(pipeline);
    await Promise.all([...found.manifest.keys, found.key].map((key) => this.#send(topic, task, key, null)));
  }

  async #manifest(pipeline: string, task: number, reference: string): Promise<{ manifest: Manifest; key: string } | null> {
    const offset = Number(reference);
    const topic = this.#topicOf(pipeline);
    try {
      for await (const { offset: at, value, key } of this.#scanner.scan(topic, task, offset, offset + 1)) {
        if (at !== offset || !key?.toString().endsWith('/manifest') || value.length === 0) return null;
        return { manifest: JSON.parse(Buffer.from(value).toString('utf8')) as Manifest, key: Buffer.from(key).toString() };
      }
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'position-expired') throw error;
    }
    return null;
  }

  #topicOf(pipeline: string): string {
    return stateTopic(pipeline, this.#tasks(pipeline));
  }

  #exists(pipeline: string, topic: string): Promise<void> {
    const config = { 'cleanup.policy': 'compact', 'retention.ms': '-1' };
    const making = this.#made.get(topic) ?? this.#topics.ensured(topic, this.#tasks(pipeline), config);
    this.#made.set(topic, making);
    making.catch(() => this.#made.delete(topic));
    return making;
  }

  async #send(topic: string, partition: number, key: string, value: Buffer | null): Promise<number> {
    const producer = await this.#open();
    const id = ++this.#sent;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        resolve,
        reject: (cause) => reject(this.#clients.error(cause, `writing a snapshot to ${topic}`)),
      });
      const send = (): void => {
        try {
          producer.produce(topic, partition, value, Buffer.from(key), Date.now(), id);
        } catch (error) {
          if (kafkaCode(error) !== CODES.ERR__QUEUE_FULL) this.#told(error, id);
          else setTimeout(send, 5);
        }
      };
      send();
    });
  }

  #open(): Promise<Producer> {
    const opening = this.#producer ?? this.#connect();
    this.#producer = opening;
    opening.catch(() => {
      if (this.#producer === opening) this.#producer = null;
    });
    return opening;
  }

  async #connect(): Promise<Producer> {
    const producer = await this.#clients.producer('state', { 'enable.idempotence': true, dr_cb: true }, { 'message.timeout.ms': 120_000 });
    producer.on('delivery-report', (error, report: DeliveryReport) => this.#told(error, report.opaque as number, report.offset));
    producer.setPollInterval(10);
    return producer;
  }

  #told(error: unknown, id: number, offset = -1): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(error);
    else waiting?.resolve(offset);
  }
}
