import { MillraceError } from '../../graph/contract/error.ts';
import type { Position } from '../../graph/contract/log.ts';

/** A partition that goes on, and gives nothing. */
export function stalled({ topic, partition, offset }: Position, high: number): MillraceError {
  return new MillraceError(`nothing comes from ${topic}/${partition} at offset ${offset}, though it goes on to ${high}`, {
    code: 'kafka-partition-silent',
    domain: 'external',
    retry: 'backoff',
    remedy: 'look at the leader of that partition; a transaction that nobody ends holds it up until it times out',
  });
}

/** A position before the first message that is still there. */
export function expired({ topic, partition, offset }: Position, low: number): MillraceError {
  return new MillraceError(`offset ${offset} of ${topic}/${partition} is gone: the first one kept is ${low}`, {
    code: 'position-expired',
    domain: 'user',
    remedy: 'start from the earliest offset, or keep messages longer',
  });
}
