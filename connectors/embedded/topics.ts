import { MillraceError } from '../../graph/contract/error.ts';
import type { TopicFacts, TopicSpec } from '../../graph/contract/log.ts';
import { broken, damaged } from './errors.ts';
import { Partition } from './partition.ts';
import type { Store, TopicRecord } from './store.ts';

interface Topic extends TopicRecord {
  readonly ranges: readonly Partition[];
}

const DAY_MS = 86_400_000;

/** How long messages of a kind are kept when the topic does not say, ms; null: until the budget needs the room. */
const RETENTION_MS: Readonly<Record<TopicSpec['kind'], number | null>> = {
  data: null,
  journal: null, // trimmed behind snapshots
  exchange: DAY_MS,
  feed: DAY_MS,
  rejected: 14 * DAY_MS,
};

/** The topics of the log, mirrored in memory. */
export class Topics {
  readonly #dir: string;
  readonly #store: Store;
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<number, Topic>();
  /** One call creates topics at a time: what it creates is in the mirror before the next one looks. */
  #creating: Promise<unknown> = Promise.resolve();

  constructor(dir: string, store: Store) {
    this.#dir = dir;
    this.#store = store;
    for (const { key, value } of store.topics.getRange()) this.#add(key, value);
  }

  /** Creates the missing ones; `topic-mismatch` when one is there with other settings. */
  ensure(specs: readonly TopicSpec[]): Promise<ReadonlyMap<string, TopicFacts>> {
    const created = this.#creating.then(() => this.#create(specs));
    this.#creating = created.catch(() => undefined);
    return created;
  }

  async #create(specs: readonly TopicSpec[]): Promise<ReadonlyMap<string, TopicFacts>> {
    const missing: [string, TopicRecord][] = [];
    let id = Math.max(0, ...this.#byId.keys());
    for (const spec of specs) {
      const found = this.#byName.get(spec.topic) ?? missing.find(([name]) => name === spec.topic)?.[1];
      if (found) checkSame(spec, found);
      else {
        if (!Number.isInteger(spec.partitions) || spec.partitions < 1)
          throw broken(`topic ${spec.topic} with ${spec.partitions} partitions`);
        const { partitions, kind, retentionMs } = spec;
        missing.push([spec.topic, { id: ++id, partitions, kind, retentionMs }]);
      }
    }
    if (missing.length > 0) {
      await this.#store.write(() => {
        for (const [name, record] of missing) this.#store.topics.putSync(name, record);
      });
      for (const [name, record] of missing) this.#add(name, record);
    }
    return new Map(specs.map(({ topic }) => [topic, factsOf(topic, this.#get(topic))]));
  }

  describe(topic: string): TopicFacts | null {
    const found = this.#byName.get(topic);
    return found ? factsOf(topic, found) : null;
  }

  /** `topic-missing` when it does not exist. */
  partition(topic: string, partition: number): Partition {
    const found = this.#get(topic).ranges[partition];
    if (found === undefined) throw broken(`partition ${partition} of ${topic}, which has ${this.#get(topic).partitions}`);
    return found;
  }

  partitions(topic: string): readonly Partition[] {
    return this.#get(topic).ranges;
  }

  /** By the ids that the index uses. */
  byId(id: number, partition: number): Partition | undefined {
    return this.#byId.get(id)?.ranges[partition];
  }

  kind(topic: string): TopicSpec['kind'] {
    return this.#get(topic).kind;
  }

  /** How long messages of the topic are kept, ms; null: until the budget needs the room. */
  retentionMs(id: number): number | null {
    const topic = this.#byId.get(id);
    return topic ? (topic.retentionMs ?? RETENTION_MS[topic.kind]) : 0;
  }

  *all(): Iterable<Partition> {
    for (const { ranges } of this.#byName.values()) yield* ranges;
  }

  #get(topic: string): Topic {
    const found = this.#byName.get(topic);
    if (found) return found;
    throw new MillraceError(`the log has no topic "${topic}"`, {
      code: 'topic-missing',
      domain: 'user',
      remedy: 'create the topic, or correct its name',
    });
  }

  #add(name: string, record: TopicRecord): void {
    const same = [...this.#byName].find(([, { id }]) => id === record.id);
    if (same) throw damaged(this.#dir, `its topics ${same[0]} and ${name} are one`);
    const ranges = Array.from({ length: record.partitions }, (_, partition) => {
      const [low, high] = this.#store.ranges.get([record.id, partition]) ?? [0, 0];
      return new Partition(name, record.id, partition, low, high);
    });
    const topic = { ...record, ranges };
    this.#byName.set(name, topic);
    this.#byId.set(record.id, topic);
  }
}

function checkSame(spec: TopicSpec, found: TopicRecord): void {
  const differences = (['partitions', 'kind', 'retentionMs'] as const)
    .filter((name) => spec[name] !== found[name])
    .map((name) => `${name} ${found[name]}, not ${spec[name]}`);
  if (differences.length === 0) return;
  throw new MillraceError(`topic "${spec.topic}" is there with ${differences.join(' and ')}`, {
    code: 'topic-mismatch',
    domain: 'user',
    remedy:
      'give its sink the settings it was made with (for example `partitions:`), write to another topic, or start over with `millrace reset`',
  });
}

function factsOf(topic: string, { partitions, ranges }: Topic): TopicFacts {
  return { topic, partitions, ranges: ranges.map(({ low, high }) => ({ low, high })) };
}
