import type { RecordBatch } from 'apache-arrow';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Operator } from '../../graph/contract/operator.ts';
import type { SourceEpoch } from '../../graph/test-kit/topological.ts';
import { type Wired, wire } from '../../graph/wire/wire.ts';
import type { Graph } from './graphs.ts';
import { SYNTHETIC } from './synthetic.ts';

/** A graph in its RxJS wiring, driven by hand: what a task does, without reading or writing. */
export class WiredGraph {
  readonly wired: Wired;
  readonly errors: unknown[] = [];
  readonly #sources: readonly string[];
  readonly #sent = new Map<string, bigint>();
  readonly #batches = new Map<string, RecordBatch[]>();
  #epoch = 0;

  constructor(graph: Graph, sources: readonly string[], operators: ReadonlyMap<string, Operator<object>> = SYNTHETIC) {
    this.#sources = sources;
    this.wired = wire(graph, { operators, files: new Map(), failed: (error) => this.errors.push(error) });
    const edges = [
      ...sources.map((source) => [source, 'out'] as const),
      ...graph.nodes.flatMap((n) => Object.keys(n.outputs).map((port) => [n.name, port] as const)),
    ];
    for (const [node, port] of edges) {
      this.wired.port(node, port).subscribe((frame) => {
        if (frame.kind === 'batch') this.#batches.get(`${node}.${port}`)?.push(frame.batch);
      });
      this.#batches.set(`${node}.${port}`, []);
    }
  }

  /** Runs one epoch; gives the batches of every edge, by `node.port`. */
  run(epoch: SourceEpoch): ReadonlyMap<string, readonly RecordBatch[]> {
    for (const edge of this.#batches.keys()) this.#batches.set(edge, []);
    for (const source of this.#sources)
      for (const frame of epoch.frames.get(`${source}.out`) ?? []) this.wired.source(source, 'out').next(frame);
    for (const source of this.#sources) {
      const ns = epoch.watermarks.get(`${source}.out`) ?? MIN_NS;
      if (ns > (this.#sent.get(source) ?? MIN_NS)) this.wired.source(source, 'out').next({ kind: 'watermark', ns });
      this.#sent.set(source, ns);
    }
    this.#epoch += 1;
    for (const source of this.#sources)
      this.wired.source(source, 'out').next({ kind: 'barrier', epoch: this.#epoch, clockNs: epoch.clockNs });
    return new Map(this.#batches);
  }

  /** Kernels, held rows and watermarks of another instance of the same graph, as a snapshot would carry them over. */
  takeOver(from: WiredGraph): void {
    for (const [name, state] of from.wired.states) {
      const own = this.wired.states.get(name);
      if (!own) throw new RangeError(`there is no node "${name}"`);
      const { out, edges } = state.watermarks();
      own.kernel.restore(state.kernel.snapshot());
      own.hold(state.held());
      own.setWatermarks(out, edges);
    }
    for (const [source, ns] of from.#sent) this.#sent.set(source, ns);
    this.#epoch = from.#epoch;
  }
}
