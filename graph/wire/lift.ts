import type { RecordBatch, Schema } from 'apache-arrow';
import { Observable } from 'rxjs';
import { batchBytes } from '../contract/batch.ts';
import { inNode } from '../contract/error.ts';
import { type BatchFrame, type Frame, MAX_NS, MIN_NS, type Origin, type WatermarkFrame } from '../contract/frame.ts';
import type { Emit, Kernel } from '../contract/kernel.ts';
import { REJECTED_PORT } from '../contract/operator.ts';
import { type HeldFrame, Merge, type MergedParts, type MergedRun, type MergeEdge } from './merge.ts';
import type { Probe } from './probe.ts';
import { countByCode, rejectedRows } from './rejected.ts';

/** A frame with the port it leaves on; watermarks and barriers leave on all (`port` null). */
export interface Emission {
  readonly port: string | null;
  readonly frame: Frame;
}

/** An edge into a node. */
export interface LiftEdge extends MergeEdge {
  readonly frames: Observable<Frame>;
}

export interface LiftOptions {
  readonly pipeline: string;
  readonly node: string;
  readonly order: 'event_time' | 'arrival';
  readonly outputs: Readonly<Record<string, Schema>>;
  readonly probe: Probe;
  /** A fresh kernel. */
  create(): Kernel;
  /** Told of each subscription's kernel and held rows, for snapshots and timers. */
  started?(state: NodeState): void;
}

/** What of a subscribed node is state, readable and writable between epochs. */
export interface NodeState {
  readonly kernel: Kernel;
  /** Rows of a merge that wait for a watermark. */
  held(): readonly HeldFrame[];
  hold(frames: readonly HeldFrame[]): void;
  /** Watermark forwarded so far, and of each edge. */
  watermarks(): { readonly out: bigint; readonly edges: readonly bigint[] };
  setWatermarks(out: bigint, edges: readonly bigint[]): void;
}

/**
 * The one place that turns a kernel into an RxJS operator. Every subscription gets a fresh kernel. Batches of a single edge are pushed
 * as they come; several edges are held and merged by `order` when the barrier of every edge is in. Then the kernel is advanced once,
 * and one watermark and one barrier go on. All of it is synchronous. An error ends the node's stream.
 */
export function lift(options: LiftOptions, edges: readonly LiftEdge[]): Observable<Emission> {
  return new Observable<Emission>((subscriber) => {
    const kernel = options.create();
    const { probe } = options;
    let merge = edges.length > 1 ? new Merge(edges, options.order) : null;
    const watermarks = edges.map(() => MIN_NS);
    let forwarded = MIN_NS;
    let barriers = 0;
    let ended = 0;
    let current: readonly MergedRun[] = []; // what is being pushed
    let refused: { readonly batch: RecordBatch; readonly origin: Origin | null }[] = []; // until the barrier tells the epoch's clock

    const send = (port: string, batch: RecordBatch, floorNs: bigint): void => {
      probe.out(port, batch.numRows, batchBytes(batch));
      subscriber.next({ port, frame: { kind: 'batch', batch, floorNs, origin: null } });
    };
    const emit: Emit = (port, batch, from) => {
      if (batch.numRows === 0) return;
      const frame = current.find((part) => part.port === from) ?? current[0];
      if (port === REJECTED_PORT) refused.push({ batch, origin: frame?.frame.origin ?? null });
      else send(port, batch, frame?.frame.floorNs ?? MIN_NS);
    };
    const flushRefused = (clockNs: bigint): void => {
      for (const { batch, origin } of refused) {
        for (const [code, rows] of countByCode(batch)) probe.rejected(code, rows);
        send(REJECTED_PORT, rejectedRows(batch, origin, { pipeline: options.pipeline, node: options.node, clockNs }), MIN_NS);
      }
      refused = [];
    };
    const push = (frame: BatchFrame, port: string): void => {
      const start = process.hrtime.bigint();
      probe.in(frame.batch.numRows, batchBytes(frame.batch));
      current = [{ port, frame }];
      kernel.push(frame.batch, port, emit, frame.floorNs);
      current = [];
      probe.busy(Number(process.hrtime.bigint() - start));
    };
    const pushMerged = ({ parts, runs }: MergedParts): void => {
      const start = process.hrtime.bigint();
      for (const { frame } of parts) probe.in(frame.batch.numRows, batchBytes(frame.batch));
      current = parts;
      kernel.pushMerged?.(
        parts.map(({ port, frame }) => ({ port, batch: frame.batch })),
        runs,
        emit,
        MIN_NS,
      );
      current = [];
      probe.busy(Number(process.hrtime.bigint() - start));
    };
    const close = (frame: Frame & { kind: 'barrier' }): void => {
      const watermarkNs = watermarks.reduce((min, ns) => (ns < min ? ns : min), MAX_NS);
      if (merge && kernel.pushMerged) {
        for (const part of merge.releaseTogether(watermarkNs)) {
          if ('runs' in part) pushMerged(part);
          else push(part.frame, part.port);
        }
      } else if (merge) for (const run of merge.release(watermarkNs)) push(run.frame, run.port);
      if (edges.length === 1 && merge?.held.length === 0) merge = null;
      const start = process.hrtime.bigint();
      kernel.advance(watermarkNs, frame.clockNs, emit);
      flushRefused(frame.clockNs);
      probe.busy(Number(process.hrtime.bigint() - start));
      if (watermarkNs > forwarded) {
        forwarded = watermarkNs;
        probe.watermark(watermarkNs);
        subscriber.next({ port: null, frame: { kind: 'watermark', ns: watermarkNs } satisfies WatermarkFrame });
      }
      subscriber.next({ port: null, frame });
    };
    const on = (edge: number, frame: Frame): void => {
      if (frame.kind === 'watermark') watermarks[edge] = frame.ns;
      else if (frame.kind === 'batch') {
        if (merge) merge.hold(edge, frame);
        else push(frame, (edges[edge] as LiftEdge).port);
      } else if (++barriers === edges.length) {
        barriers = 0;
        close(frame);
      }
    };

    options.started?.({
      kernel,
      held: () => merge?.held ?? [],
      hold: (frames) => {
        if (frames.length > 0) merge ??= new Merge(edges, options.order); // held when it had more edges than it has now
        for (const { edge, frame } of frames) merge?.hold(edge, frame);
      },
      watermarks: () => ({ out: forwarded, edges: watermarks }),
      setWatermarks: (out, values) => {
        forwarded = out;
        values.forEach((ns, i) => {
          watermarks[i] = ns;
        });
      },
    });
    edges.forEach((edge, i) => {
      const subscription = edge.frames.subscribe({
        next: (frame) => {
          if (subscriber.closed) return;
          try {
            on(i, frame);
          } catch (error) {
            subscriber.error(inNode(error, options.node));
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          if (++ended === edges.length) subscriber.complete();
        },
      });
      subscriber.add(subscription);
    });
  });
}
