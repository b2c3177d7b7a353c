import { MAIN_PORT } from '../contract/operator.ts';
import type { NodeView } from '../contract/view.ts';
import type { Probe } from '../wire/probe.ts';
import { Histogram } from './histogram.ts';

/** Seconds that `pressure` looks back. */
const PRESSURE_WINDOW_SECONDS = 5;

/** What a node has done since the process started, all tasks together. */
export class NodeMetrics implements Probe {
  readonly name: string;
  readonly kind: 'source' | 'operator';
  readonly use: string;
  readonly #main: string;
  #counting = true;
  #rowsIn = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #batches = 0;
  #busyNs = 0;
  #windowBusyNs = 0;
  #windowStartMs = Date.now();
  #pressure = 0;
  readonly #ports = new Map<string, number>();
  readonly #rejected = new Map<string, number>();
  readonly #push = new Histogram();

  /** `outputs`: names of its ports; without `out` the first is the main one. */
  constructor(name: string, kind: 'source' | 'operator', use: string, outputs: readonly string[] = []) {
    this.name = name;
    this.kind = kind;
    this.use = use;
    this.#main = outputs.includes(MAIN_PORT) ? MAIN_PORT : (outputs[0] ?? MAIN_PORT);
  }

  /** Replayed rows were counted when they came. */
  set counting(on: boolean) {
    this.#counting = on;
  }

  in(rows: number, bytes: number): void {
    if (!this.#counting) return;
    this.#rowsIn += rows;
    this.#bytesIn += bytes;
    this.#batches++;
  }

  out(port: string, rows: number, bytes: number): void {
    if (!this.#counting) return;
    this.#bytesOut += bytes;
    this.#ports.set(port, (this.#ports.get(port) ?? 0) + rows);
  }

  rejected(code: string, rows: number): void {
    if (this.#counting) this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + rows);
  }

  busy(ns: number): void {
    this.#busyNs += ns;
    this.#windowBusyNs += ns;
    this.#push.record(ns / 1e9);
  }

  watermark(): void {} // told by the tasks themselves, which know the least

  /** `watermarkNs`: the least of its tasks; null while none has one. */
  view(clockNs: bigint, watermarkNs: bigint | null): NodeView {
    const elapsed = (Date.now() - this.#windowStartMs) / 1000;
    if (elapsed >= PRESSURE_WINDOW_SECONDS) {
      this.#pressure = Math.min(1, this.#windowBusyNs / 1e9 / elapsed);
      this.#windowBusyNs = 0;
      this.#windowStartMs = Date.now();
    }
    return {
      name: this.name,
      kind: this.kind,
      use: this.use,
      rowsIn: this.#rowsIn,
      rowsOut: this.#ports.get(this.#main) ?? 0,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      ports: Object.fromEntries(this.#ports),
      rejected: Object.fromEntries(this.#rejected),
      batches: this.#batches,
      busySeconds: this.#busyNs / 1e9,
      pressure: this.#pressure,
      watermarkNs,
      watermarkLagSeconds: watermarkNs === null ? null : Number(clockNs - watermarkNs) / 1e9,
      push: this.#push.quantiles(),
    };
  }
}
