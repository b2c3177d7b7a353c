import type { Schema } from 'apache-arrow';
import { type Observable, Subject } from 'rxjs';
import type { Frame } from '../contract/frame.ts';

interface Feed {
  readonly frames: Subject<Frame>;
  schema: Schema | null;
  hasEnded: boolean;
}

/**
 * Streams of frames that know nothing of each other, brought into step for one node: a barrier of any of them is one of all. Frames wait
 * until the first batch of every stream, or its end, has told what columns there are.
 */
export class Feeds {
  readonly #feeds: ReadonlyMap<string, Feed>;
  readonly #begin: (schemas: Readonly<Record<string, Schema>>, frames: (port: string) => Observable<Frame>) => void;
  readonly #pass: (frame: Frame) => void;
  /** Null once begun. */
  #early: (readonly [port: string, frame: Frame])[] | null = [];
  #epoch = 0;
  #clockNs = 0n;

  /** `begin` subscribes to the frames of the ports whose columns are known; `pass` gets what a single stream says before its first batch. */
  constructor(
    ports: readonly string[],
    begin: (schemas: Readonly<Record<string, Schema>>, frames: (port: string) => Observable<Frame>) => void,
    pass: (frame: Frame) => void,
  ) {
    this.#feeds = new Map(ports.map((port) => [port, { frames: new Subject<Frame>(), schema: null, hasEnded: false }]));
    this.#begin = begin;
    this.#pass = pass;
  }

  next(port: string, frame: Frame): void {
    const feed = this.#feeds.get(port);
    if (feed && frame.kind === 'batch') feed.schema ??= frame.batch.schema;
    if (!this.#early) this.#tell(port, frame);
    else if (this.#feeds.size === 1 && frame.kind !== 'batch') this.#pass(frame);
    else {
      this.#early.push([port, frame]);
      this.#beginIfKnown();
    }
  }

  /** A stream has ended; false when that was the last and none had a batch. */
  end(port: string): boolean {
    const feeds = [...this.#feeds.values()];
    const feed = this.#feeds.get(port);
    if (feed) feed.hasEnded = true;
    this.#beginIfKnown();
    if (!feeds.every(({ hasEnded }) => hasEnded)) return true;
    if (this.#early) return false;
    for (const { frames } of feeds) frames.complete();
    return true;
  }

  #beginIfKnown(): void {
    const feeds = [...this.#feeds];
    const isKnown = feeds.every(([, { schema, hasEnded }]) => schema !== null || hasEnded);
    if (!this.#early || !isKnown || feeds.every(([, { schema }]) => schema === null)) return;
    const early = this.#early;
    this.#early = null;
    const schemas = Object.fromEntries(feeds.flatMap(([port, { schema }]) => (schema ? [[port, schema] as const] : [])));
    this.#begin(schemas, (port) => this.#feeds.get(port)?.frames ?? new Subject<Frame>());
    for (const [port, frame] of early) this.#tell(port, frame);
  }

  #tell(port: string, frame: Frame): void {
    if (frame.kind !== 'barrier' || this.#feeds.size === 1) {
      this.#feeds.get(port)?.frames.next(frame);
      return;
    }
    if (frame.clockNs > this.#clockNs) this.#clockNs = frame.clockNs;
    const barrier: Frame = { kind: 'barrier', epoch: this.#epoch++, clockNs: this.#clockNs };
    for (const { frames } of this.#feeds.values()) frames.next(barrier);
  }
}
