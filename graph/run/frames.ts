import type { RecordBatch } from 'apache-arrow';
import { Observable, type OperatorFunction } from 'rxjs';
import { MillraceError } from '../contract/error.ts';
import { type Frame, MAX_NS } from '../contract/frame.ts';
import { durationNs } from '../contract/units.ts';
import { Ingest } from './ingest.ts';

/** How `toFrames` tells event time. */
export interface FramesOptions {
  /** Event-time column, Timestamp(ns). */
  readonly time: string;
  /** How far behind the newest row a row may be before it is late; default `0s`. */
  readonly lateness?: string;
  /** The epoch clock, ns since 1970 UTC; default: the newest event time, so that equal input gives equal output. */
  readonly clock?: () => bigint;
}

/** Batches of one partition as frames: each batch is an epoch; the end of the stream lets everything go. */
export function toFrames(options: FramesOptions): OperatorFunction<RecordBatch, Frame> {
  const latenessNs = durationNs(options.lateness ?? '0s');
  if (latenessNs === null) {
    throw new MillraceError(`"${options.lateness}" is no duration`, {
      code: 'param-invalid',
      domain: 'user',
      remedy: 'write it as 250ms or 1s',
    });
  }
  return (source) =>
    new Observable<Frame>((subscriber) => {
      const ingest = new Ingest({ column: options.time, latenessNs, idleNs: null });
      let epoch = 0;
      let clockNs = 0n;
      const close = (ns: bigint): void => {
        const now = options.clock?.() ?? (ns === MAX_NS ? clockNs : ns + latenessNs);
        if (now > clockNs) clockNs = now;
        subscriber.next({ kind: 'watermark', ns });
        subscriber.next({ kind: 'barrier', epoch: epoch++, clockNs });
      };
      return source.subscribe({
        next: (batch) => {
          if (batch.numRows === 0) return;
          try {
            for (const frame of ingest.take(batch, null)) subscriber.next(frame);
            close(ingest.floorNs);
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          close(MAX_NS);
          subscriber.complete();
        },
      });
    });
}
