import type { RecordBatch } from 'apache-arrow';
import { inNode } from '../contract/error.ts';
import { type Effect, REJECTED_PORT } from '../contract/operator.ts';
import type { PortRef } from '../contract/plan.ts';
import { settled } from '../contract/settled.ts';
import type { Probe } from '../wire/probe.ts';
import type { Collected } from './outputs.ts';

/** Fills in what effects answer. A batch that leaves through several outputs is asked about once. */
export class Answers {
  readonly #effects: ReadonlyMap<string, Effect>;
  readonly #probe: (node: string) => Probe;
  readonly #asked = new WeakMap<RecordBatch, Map<string, Promise<RecordBatch>>>();

  constructor(effects: ReadonlyMap<string, Effect>, probe: (node: string) => Probe) {
    this.#effects = effects;
    this.#probe = probe;
  }

  /** Puts the answered batches in place of those of effect nodes. Rejects when nothing is asked any more. */
  async fill(collected: Collected[]): Promise<void> {
    await settled(
      collected.map(async (item, i) => {
        const effect = item.from.port === REJECTED_PORT ? undefined : this.#effects.get(item.from.node);
        if (effect) collected[i] = { ...item, batch: await this.#ask(effect, item.from, item.batch) };
      }),
    );
  }

  #ask(effect: Effect, { node, port }: PortRef, batch: RecordBatch): Promise<RecordBatch> {
    const ports = this.#asked.get(batch) ?? new Map<string, Promise<RecordBatch>>();
    this.#asked.set(batch, ports);
    const known = ports.get(`${node}.${port}`);
    if (known) return known;
    const start = process.hrtime.bigint();
    const answer = effect.apply(port, batch).then(
      (answered) => {
        this.#probe(node).busy(Number(process.hrtime.bigint() - start));
        return answered;
      },
      (error: unknown) => {
        throw inNode(error, node);
      },
    );
    ports.set(`${node}.${port}`, answer);
    return answer;
  }
}
