import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, ask, Body } from './kafka-wire.ts';

const TIMEOUT_MS = 20_000;
const POLL_MS = 10;
const TOPIC = 2;
const GROUP = 3;
const TRANSACTIONAL_ID = 5;
const CLUSTER = 4;
const LITERAL = 3;
const PREFIXED = 4;
const ALLOW = 3;
const ANY = 1;
const SET = 0;

/** What users can be allowed to do, by the protocol's number. */
const OPERATION = { all: 2, read: 3, write: 4, create: 5, delete: 6, alter: 7, describe: 8, idempotent_write: 12 } as const;
const RESOURCE = { topic: TOPIC, group: GROUP, transactional_id: TRANSACTIONAL_ID, cluster: CLUSTER } as const;

/** A right: a user may do that with what has this name, or a name that starts so when it ends with `*`. */
export interface Grant {
  readonly user: string;
  readonly operation: keyof typeof OPERATION;
  readonly resource: keyof typeof RESOURCE;
  /** `*` alone means all. */
  readonly name: string;
}

/** Settings of a topic to create. */
export interface TopicSetup {
  readonly partitions?: number;
  /** Copies of each partition, by the broker's own default when not given. */
  readonly copies?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Manages topics and rights over the internal listener, where everything is allowed; each call throws the broker's error by number. */
export interface KafkaAdmin {
  createTopic(name: string, setup?: TopicSetup): Promise<void>;
  deleteTopic(name: string): Promise<void>;
  /** Makes a topic have so many partitions in all. */
  addPartitions(name: string, total: number): Promise<void>;
  alterTopic(name: string, settings: Readonly<Record<string, string>>): Promise<void>;
  /** Number of partitions and their leaders, or null when there is no such topic. */
  describeTopic(name: string): Promise<{ readonly leaders: readonly number[] } | null>;
  grant(grants: readonly Grant[]): Promise<void>;
}

function check(what: string, code: number, message: string | null = null): void {
  if (code !== 0) throw new Error(`${what}: error ${code} of the broker${message === null ? '' : `: ${message}`}`);
}

const settle = (what: string, answer: Answer, item: () => void): void => {
  answer.skip(4); // throttle time
  const count = answer.int32();
  if (count < 0) throw new Error(`${what}: a null answer`);
  for (let i = 0; i < count; i++) item();
};

/** A right as the brokers list it. */
function textOf({ user, operation, resource, name }: Grant): string {
  const pattern = patternOf(name);
  return [
    RESOURCE[resource],
    resource === 'cluster' ? 'kafka-cluster' : pattern.name,
    pattern.type,
    `User:${user}`,
    OPERATION[operation],
  ].join();
}

function patternOf(name: string): { readonly name: string; readonly type: number } {
  return name !== '*' && name.endsWith('*') ? { name: name.slice(0, -1), type: PREFIXED } : { name, type: LITERAL };
}

/** Waits until every broker that runs knows of a change: the one that made it answers before the others, and itself, have it. */
async function known(what: string, ports: readonly number[], knows: (port: number) => Promise<boolean>): Promise<void> {
  const until = Date.now() + TIMEOUT_MS;
  for (const port of ports)
    while (!(await knows(port))) {
      if (Date.now() > until) throw new Error(`${what}: the broker at ${port} does not know it within ${TIMEOUT_MS / 1000} s`);
      await wait(POLL_MS);
    }
}

/** Administration over the internal listeners at these ports, of brokers that run; each change is known to all of them when it resolves. */
export function kafkaAdmin(ports: () => readonly [number, ...number[]]): KafkaAdmin {
  const nothing = (): void => undefined;
  const ready = (name: string, partitions: number): Promise<void> =>
    known(name, ports(), async (port) => {
      const leaders = (await topicAt(port, name))?.leaders ?? [];
      return leaders.length === partitions && leaders.every((leader) => leader > 0);
    });
  return {
    async createTopic(name, { partitions = 1, copies = -1, settings = {} } = {}) {
      const body = new Body();
      body.array([name], () => {
        body.string(name).int32(partitions).int16(copies).array([], nothing);
        body.array(Object.entries(settings), ([key, value]) => void body.string(key).string(value));
      });
      const answer = await ask(ports()[0], 'createTopics', body.int32(TIMEOUT_MS).int8(0));
      settle(name, answer, () => check(`topic ${answer.string()}`, answer.int16(), answer.string()));
      await ready(name, partitions);
    },
    async deleteTopic(name) {
      const body = new Body();
      const answer = await ask(ports()[0], 'deleteTopics', body.array([name], () => void body.string(name)).int32(TIMEOUT_MS));
      settle(name, answer, () => check(`topic ${answer.string()}`, answer.int16()));
      await known(name, ports(), async (port) => (await topicAt(port, name)) === null);
    },
    async addPartitions(name, total) {
      const body = new Body();
      body.array([name], () => void body.string(name).int32(total).int32(-1));
      const answer = await ask(ports()[0], 'createPartitions', body.int32(TIMEOUT_MS).int8(0));
      settle(name, answer, () => check(`topic ${answer.string()}`, answer.int16(), answer.string()));
      await ready(name, total);
    },
    async alterTopic(name, settings) {
      const body = new Body();
      body.array([name], () => {
        body.int8(TOPIC).string(name);
        body.array(Object.entries(settings), ([key, value]) => void body.string(key).int8(SET).string(value));
      });
      const answer = await ask(ports()[0], 'alterConfigs', body.int8(0));
      settle(name, answer, () => check(`topic ${name}`, answer.int16(), answer.string()));
      await known(name, ports(), async (port) => {
        const found = await settingsAt(port, name, Object.keys(settings));
        return Object.entries(settings).every(([key, value]) => found[key] === value);
      });
    },
    describeTopic: (name) => topicAt(ports()[0], name),
    async grant(grants) {
      const body = new Body();
      body.array(grants, ({ user, operation, resource, name }) => {
        const pattern = patternOf(name);
        body
          .int8(RESOURCE[resource])
          .string(resource === 'cluster' ? 'kafka-cluster' : pattern.name)
          .int8(pattern.type);
        body.string(`User:${user}`).string('*').int8(OPERATION[operation]).int8(ALLOW);
      });
      const answer = await ask(ports()[0], 'createAcls', body);
      settle('grant', answer, () => check('grant', answer.int16(), answer.string()));
      await known('grant', ports(), async (port) => {
        const found = await grantedAt(port);
        return grants.every((grant) => found.has(textOf(grant)));
      });
    },
  };
}

/** Every right that a broker goes by. */
async function grantedAt(port: number): Promise<ReadonlySet<string>> {
  const any = new Body().int8(ANY).string(null).int8(ANY).string(null).string(null).int8(ANY).int8(ANY);
  const answer = await ask(port, 'describeAcls', any);
  answer.skip(4); // throttle time
  check('rights', answer.int16(), answer.string());
  const found = new Set<string>();
  for (let resources = answer.int32(); resources > 0; resources--) {
    const of = [answer.int8(), answer.string(), answer.int8()];
    for (let left = answer.int32(); left > 0; left--) {
      const user = answer.string();
      answer.string(); // host
      found.add([...of, user, answer.int8()].join());
      answer.skip(1); // allowed
    }
  }
  return found;
}

async function topicAt(port: number, name: string): Promise<{ readonly leaders: readonly number[] } | null> {
  const body = new Body();
  return leadersOf(
    await ask(
      port,
      'metadata',
      body
        .array([name], () => void body.string(name))
        .int8(0)
        .int8(0)
        .int8(0),
    ),
  );
}

/** Values of a topic's settings by name. */
async function settingsAt(port: number, topic: string, names: readonly string[]): Promise<Readonly<Record<string, string | null>>> {
  const body = new Body();
  body.array(
    [topic],
    () =>
      void body
        .int8(TOPIC)
        .string(topic)
        .array(names, (name) => void body.string(name)),
  );
  const answer = await ask(port, 'describeConfigs', body.int8(0));
  answer.skip(8); // throttle time, one topic
  check(`topic ${topic}`, answer.int16(), answer.string());
  answer.skip(1);
  answer.string();
  const found: Record<string, string | null> = {};
  for (let left = answer.int32(); left > 0; left--) {
    const name = answer.string() ?? '';
    found[name] = answer.string();
    answer.skip(3 + 4); // read only, source, sensitive, no synonyms
  }
  return found;
}

const UNKNOWN_TOPIC = 3;

/** The one topic of a metadata answer. */
function leadersOf(answer: Answer): { readonly leaders: readonly number[] } | null {
  answer.skip(4); // throttle time
  for (let brokers = answer.int32(); brokers > 0; brokers--) {
    answer.int32();
    answer.string();
    answer.int32();
    answer.string();
  }
  answer.string(); // cluster
  answer.int32(); // controller
  answer.int32(); // one topic
  const code = answer.int16();
  if (code === UNKNOWN_TOPIC) return null;
  check(`topic ${answer.string()}`, code);
  answer.skip(1); // internal
  const leaders: number[] = [];
  for (let left = answer.int32(); left > 0; left--) {
    answer.int16();
    const index = answer.int32();
    leaders[index] = answer.int32();
    answer.int32(); // epoch
    for (let lists = 3; lists > 0; lists--) answer.skip(4 * answer.int32());
  }
  return { leaders };
}
