import { describe, expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { MAX_NS } from '../../graph/contract/frame.ts';
import type { Outgoing } from '../../graph/contract/log.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { heldBy } from '../../graph/run/held.ts';
import type { OpenInput, Read } from '../../graph/run/inputs.ts';
import { Openings } from '../../graph/run/landing.ts';
import { reachOf } from '../../graph/run/reach.ts';
import { Task } from '../../graph/run/task.ts';
import { NO_PROBE } from '../../graph/wire/probe.ts';

const SECOND = 1_000_000_000n;

/** Prices joined to what was said of their symbol, twice; both are brought together by symbol. */
const yaml = (tasks: number) => `version: 1
pipelines:
  p:
    tasks: ${tasks}
    sources:
      prices: { topic: prices, format: json, schema: { columns: { ts_event: timestamp, symbol: dictionary, price: float64 } }, time: { column: ts_event, idle: 1s } }
      news: { topic: news, format: json, schema: { columns: { ts_event: timestamp, symbol: dictionary, said: float64 } }, time: { column: ts_event, idle: 1s } }
    operators:
      closes: { use: aggregate, from: prices, with: { every: 1s, by: [symbol], columns: { price: { last: price } } } }
      moods: { use: aggregate, from: news, with: { every: 1s, by: [symbol], columns: { said: { mean: said } } } }
      joined: { use: as_of, from: { left: closes, right: moods } }
      whole: { use: aggregate, from: joined, with: { every: 1s, by: [], columns: { rows: count } } }
      again: { use: as_of, from: { left: whole, right: moods }, with: { by: [] } }
    sinks:
      out: { from: again, print: {} }
`;

/** The tasks of a plan, and a log between them that knows headers alone. */
class Running {
  readonly plan: Plan;
  readonly tasks: readonly Task[];
  #epoch = 0;

  constructor(tasks: number) {
    const { plans, diagnostics } = compile({ text: yaml(tasks), file: '/p/pipelines.yaml', registry: declarations, env: {}, files: disk, allowPaths: [], allowCode: false }); // biome-ignore format: one step
    expect(diagnostics).toEqual([]);
    this.plan = plans[0] as Plan;
    const inputs = this.plan.inputs.map(
      (input, index): OpenInput => ({
        index,
        plan: input,
        topic: input.from.kind === 'connector' ? null : input.from.topic,
        reader: null,
        partitions: input.from.kind === 'exchange' ? (input.partitions ?? 1) : 1,
        labels: [],
        decoder: null,
        many: true,
        landing: null,
        openings: new Openings(),
        watch: null,
      }),
    );
    const options = { plan: this.plan, registry: declarations, inputs, files: new Map(), effects: new Map(), inc: 'i', topicName: (topic: string) => topic }; // biome-ignore format: one step
    this.tasks = Array.from({ length: tasks }, (_, task) => new Task(task, { ...options, probe: () => NO_PROBE }));
  }

  /** One epoch of every task at a clock, with rows of some sources at a second and the ends of others; then what they sent arrives. */
  round(second: number, rows: readonly string[], ended: readonly string[] = []): void {
    const sent = this.tasks.flatMap((task): Outgoing[] => {
      const entry = { v: 1, inc: 'i', epoch: ++this.#epoch, plan: 'h', clockNs: BigInt(second) * SECOND, reads: [], ended: task.task === 0 ? ended.map((name) => [name, 0] as [string, number]) : [] } as const; // biome-ignore format: one step
      task.run(entry, task.task === 0 ? rows.map((name) => this.#read(name, second)) : []);
      return task.encode(entry);
    });
    for (const { topic, partition, headers } of sent) {
      const name = this.plan.inputs.find(({ from }) => from.kind === 'exchange' && from.topic === topic)?.name;
      const at = this.tasks[partition % this.tasks.length]?.inputs.find((input) => input.input.plan.name === name);
      at?.exchange?.note(headers);
    }
  }

  /** Second up to which every task has told a node all there is. */
  reached(node: string): readonly (number | 'end')[] {
    return this.tasks.map((task) => (task.watermarkOf(node) === MAX_NS ? 'end' : Number(task.watermarkOf(node) / SECOND)));
  }

  #read(name: string, second: number): Read {
    const input = this.plan.inputs.findIndex((one) => one.name === name);
    const row: Row = { ts_event: BigInt(second) * SECOND, symbol: 'A', price: 1, said: 1 };
    const batch = batchOf((this.plan.inputs[input] as Plan['inputs'][number]).schema, [row]);
    return { input, partition: 0, from: second, to: second + 1, batches: [{ batch, origin: () => null, floorNs: null }], refused: [], marks: [], rows: 1, bytes: 1 }; // biome-ignore format: one step
  }
}

describe.each([1, 2, 3])('a source that is silent, with %i tasks', (tasks) => {
  it('holds up no join with others that go on, behind however many exchanges', () => {
    const running = new Running(tasks);
    for (let second = 1; second <= 3; second++) running.round(second, ['prices', 'news']);
    for (let second = 4; second <= 12; second++) running.round(second, ['prices']);
    for (const reached of [...running.reached('joined'), running.reached('again')[0]]) expect(Number(reached)).toBeGreaterThanOrEqual(8);
  });

  it('does not hold back what the others ended with', () => {
    const running = new Running(tasks);
    for (let second = 1; second <= 3; second++) running.round(second, ['prices', 'news']);
    for (let second = 4; second <= 6; second++) running.round(second, ['prices']);
    running.round(7, [], ['prices']);
    for (let second = 8; second <= 12; second++) running.round(second, []);
    for (const reached of running.reached('joined')) expect(Number(reached)).toBeGreaterThanOrEqual(6);
  });

  it('holds back again once it is heard', () => {
    const running = new Running(tasks);
    running.round(1, ['prices', 'news']);
    for (let second = 2; second <= 8; second++) running.round(second, ['prices']);
    running.round(9, ['news']);
    const before = running.reached('joined');
    running.round(9, ['prices']);
    running.round(9, []);
    expect(running.reached('joined').every((second, task) => Number(second) <= 9 && Number(second) >= Number(before[task]))).toBe(true);
  });
});

it('tells what a join waits for, and how many rows do', () => {
  const running = new Running(1);
  const held = (node: string) =>
    heldBy(
      running.plan,
      node,
      running.tasks.flatMap((task) => task.states.get(node) ?? []),
    );
  running.round(1, ['prices', 'news']);
  for (let second = 2; second <= 4; second++) running.round(second, ['prices']);
  expect(held('joined')).toEqual({ rows: expect.any(Number), waitsFor: 'moods', behindSeconds: expect.any(Number) });
  expect(held('joined')?.rows).toBeGreaterThan(0);
  expect(held('closes')).toBeNull();
});

it('tells what reaches what, through exchanges', () => {
  const { plan } = new Running(2);
  const { feeding, behind } = reachOf(plan);
  const names = (found: Iterable<number> | undefined) => [...(found ?? [])].map((i) => plan.inputs[i]?.name).sort();
  const input = (name: string) => plan.inputs.findIndex((one) => one.name === name);
  const output = (name: string) => plan.outputs.findIndex((one) => one.name === name);
  expect(names(feeding[output('joined.out->whole')])).toEqual(['news.out->moods', 'prices.out->closes']);
  expect(names(behind[input('news.out->moods')])).toContain('joined.out->whole');
  expect(names(behind[input('news')])).toContain('joined.out->whole');
  expect(names(behind[input('news')])).not.toContain('prices.out->closes');
});
