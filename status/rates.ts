import type { NodeView, PipelineView } from '../graph/contract/view.ts';

/** Rows per second of one node, over the last few seconds. */
export interface Rate {
  readonly rowsIn: number;
  readonly rowsOut: number;
}

/** How far a pipeline is behind, and whether that grows. */
export interface Behind {
  /** Clock minus watermark of the node that is furthest behind, seconds; null when none has one. */
  readonly lagSeconds: number | null;
  /** Seconds of event time that node gets through in a second; null before the second look. */
  readonly speed: number | null;
  /** Messages that are there and not read; null when no source tells. */
  readonly unreadRows: number | null;
  /** How fast that grows; negative while it shrinks. */
  readonly unreadPerSecond: number;
  /** Whether rows come into that node at all. */
  readonly moving: boolean;
}

interface Sample {
  readonly atMs: number;
  readonly rows: ReadonlyMap<string, Rate>;
  /** Lag of every node that has one, seconds. */
  readonly lags: ReadonlyMap<string, number>;
  /** Unread messages of every pipeline with sources that tell. */
  readonly unread: ReadonlyMap<string, number>;
  /** Messages that wait for each sink. */
  readonly waiting: ReadonlyMap<string, number>;
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
  const lags = views.flatMap(({ pipeline, nodes }) =>
    nodes.flatMap((node) => (node.watermarkLagSeconds === null ? [] : [[key(pipeline, node.name), node.watermarkLagSeconds] as const])),
  );
  const unread = views.flatMap((view) => {
    const rows = unreadOf(view);
    return rows === null ? [] : [[view.pipeline, rows] as const];
  });
  const waiting = views.flatMap(({ pipeline, sinks }) => sinks.map(({ name, lagMessages }) => [key(pipeline, name), lagMessages] as const));
  return { atMs, rows, lags: new Map(lags), unread: new Map(unread), waiting: new Map(waiting) };
}

/** Unread messages of the sources that tell; null where none does. */
function unreadOf(view: PipelineView): number | null {
  const lags = view.sources.flatMap((source) => source.partitions.flatMap(({ lag }) => (lag === null ? [] : [lag])));
  return lags.length === 0 ? null : lags.reduce((sum, lag) => sum + lag, 0);
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

  /** How fast the messages that wait for a sink grow in number, a second; negative while they shrink. */
  waiting(pipeline: string, sink: string): number {
    return this.#change((sample) => sample.waiting.get(key(pipeline, sink))) ?? 0;
  }

  /** How far a pipeline is behind by the last look, and how that changed over the window. */
  behind(view: PipelineView): Behind {
    const worst = view.nodes.reduce<NodeView | null>(
      (a, b) => (b.watermarkLagSeconds !== null && b.watermarkLagSeconds > (a?.watermarkLagSeconds ?? -Infinity) ? b : a),
      null,
    );
    const lagSeconds = worst?.watermarkLagSeconds ?? null;
    const unreadRows = unreadOf(view);
    const lagChange = worst === null ? null : this.#change((sample) => sample.lags.get(key(view.pipeline, worst.name)));
    return {
      lagSeconds,
      speed: lagChange === null ? null : Math.max(0, 1 - lagChange),
      unreadRows,
      unreadPerSecond: this.#change((sample) => sample.unread.get(view.pipeline)) ?? 0,
      moving: worst !== null && this.node(view.pipeline, worst.name).rowsIn > 0,
    };
  }

  /** Change a second between the first and the last look that know the value; null before there are two. */
  #change(of: (sample: Sample) => number | undefined): number | null {
    const known = this.#samples.map((sample) => ({ atMs: sample.atMs, value: of(sample) })).filter(({ value }) => value !== undefined);
    const [first, last] = [known[0], known.at(-1)];
    if (first?.value === undefined || last?.value === undefined || last.atMs <= first.atMs) return null;
    return ((last.value - first.value) * 1000) / (last.atMs - first.atMs);
  }
}
