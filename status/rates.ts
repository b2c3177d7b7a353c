import type { PipelineView } from '../graph/contract/view.ts';

/** Rows per second of one node, over the last few seconds. */
export interface Rate {
  readonly rowsIn: number;
  readonly rowsOut: number;
}

interface Sample {
  readonly atMs: number;
  readonly rows: ReadonlyMap<string, Rate>;
}

const key = (pipeline: string, node: string) => `${pipeline}\n${node}`;

function sampleOf(views: readonly PipelineView[], atMs: number): Sample {
  const rows = new Map<string, Rate>();
  for (const view of views) {
    for (const node of view.nodes) {
      rows.set(key(view.pipeline, node.name), { rowsIn: node.rowsIn, rowsOut: node.rowsOut });
      for (const [port, rowsOut] of Object.entries(node.ports))
        rows.set(key(view.pipeline, `${node.name} port ${port}`), { rowsIn: 0, rowsOut });
    }
    for (const sink of view.sinks) rows.set(key(view.pipeline, `sink ${sink.name}`), { rowsIn: sink.rows, rowsOut: 0 });
  }
  return { atMs, rows };
}

/** Rows per second between two looks at the counters that lie at most `windowMs` apart. */
export class Rates {
  readonly #windowMs: number;
  #samples: Sample[] = [];

  constructor(windowMs = 5_000) {
    this.#windowMs = windowMs;
  }

  /** Takes a look at the counters; to be called about once a second. */
  sample(views: readonly PipelineView[], nowMs: number): void {
    this.#samples.push(sampleOf(views, nowMs));
    while (this.#samples.length > 2 && nowMs - (this.#samples[0]?.atMs ?? nowMs) > this.#windowMs) this.#samples.shift();
  }

  node(pipeline: string, node: string): Rate {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs <= first.atMs) return { rowsIn: 0, rowsOut: 0 };
    const from = first.rows.get(key(pipeline, node)) ?? { rowsIn: 0, rowsOut: 0 };
    const to = last.rows.get(key(pipeline, node)) ?? from;
    const seconds = (last.atMs - first.atMs) / 1000;
    return { rowsIn: Math.max(0, to.rowsIn - from.rowsIn) / seconds, rowsOut: Math.max(0, to.rowsOut - from.rowsOut) / seconds };
  }

  /** Rows per second that leave a port of a node. */
  port(pipeline: string, node: string, port: string): number {
    return this.node(pipeline, `${node} port ${port}`).rowsOut;
  }

  /** Rows per second that a sink acknowledges. */
  sink(pipeline: string, sink: string): number {
    return this.node(pipeline, `sink ${sink}`).rowsIn;
  }
}
