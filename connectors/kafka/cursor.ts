import type { Message } from '../../graph/contract/log.ts';

/** A partition that a reader reads. */
export interface Cursor {
  readonly topic: string;
  readonly partition: number;
  /** Offset after the last message that came from the brokers. */
  next: number;
  /** Offset after the last message given to the reader. */
  given: number;
  readonly queue: Message[];
  bytes: number;
  /** Whether the consumer fetches it now. */
  assigned: boolean;
  heardAtMs: number;
  /** Looks in a row at which something should have come. */
  suspicions: number;
}

export const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/** Whether the cursor can go on at the offset without fetching anew: nothing between what was given and it can be missing. */
export function isAt(cursor: Cursor, offset: number): boolean {
  return offset >= cursor.given && offset <= Math.max(cursor.next, cursor.given);
}
