import { MAX_NS, MIN_NS } from '../contract/frame.ts';

/** Headers of every message the engine writes; int64 as decimal strings. */
export const HEADER = {
  incarnation: 'm.inc',
  task: 'm.task',
  epoch: 'm.epoch',
  /** Clock of the epoch, ns: what latency is measured from. */
  clock: 'm.clock',
  /** Topics that several ports write: which of them. */
  port: 'm.port',
  /** Exchanges: watermark of the sending task, whether it is idle, and the floor of a late batch. */
  watermark: 'm.wm',
  idle: 'm.idle',
  floor: 'm.floor',
} as const;

/** The least of the watermarks of several parts, where null is an idle part: null when no other goes on, since an idle one may yet. */
export function leastPromise(watermarks: readonly (bigint | null)[]): bigint | null {
  let least = MAX_NS;
  for (const ns of watermarks) if (ns !== null && ns < least) least = ns;
  return least === MAX_NS && watermarks.includes(null) ? null : least;
}

/** Event time of an exchange partition: what each of the T sending tasks has promised. */
export class ExchangeTime {
  readonly #promised: bigint[];
  readonly #idle: boolean[];

  /** `writer`: the only task that sends to it; null where all do. */
  constructor(tasks: number, writer: number | null = null) {
    this.#promised = Array.from({ length: tasks }, (_, task) => (writer === null || writer === task ? MIN_NS : MAX_NS));
    this.#idle = Array.from({ length: tasks }, () => false);
  }

  /** Notes the headers of one message. */
  note(headers: Readonly<Record<string, string>>): void {
    const task = Number(headers[HEADER.task]);
    const watermark = headers[HEADER.watermark];
    if (watermark === undefined || !(task in this.#promised)) return;
    this.#promised[task] = BigInt(watermark);
    this.#idle[task] = headers[HEADER.idle] === '1';
  }

  /** The least promise of the tasks that are not idle; null when all are that have not ended. */
  get watermarkNs(): bigint | null {
    return leastPromise(this.#promised.map((ns, task) => (this.#idle[task] ? null : ns)));
  }

  /** The least promise of those that have not ended, idle as they are. */
  get idleNs(): bigint {
    const left = this.#promised.filter((ns) => ns !== MAX_NS);
    return left.length === 0 ? MIN_NS : left.reduce((a, b) => (a < b ? a : b));
  }

  /** Every sender has ended. */
  get ended(): boolean {
    return this.#promised.every((ns) => ns === MAX_NS);
  }

  snapshot(): readonly (readonly [string, boolean])[] {
    return this.#promised.map((ns, task) => [String(ns), this.#idle[task] ?? false]);
  }

  restore(state: readonly (readonly [string, boolean])[]): void {
    state.forEach(([ns, idle], task) => {
      this.#promised[task] = BigInt(ns);
      this.#idle[task] = idle;
    });
  }
}
