import type { ResolvedSink } from '../resolve/resolved.ts';
import type { Scope } from '../resolve/scope.ts';
import { type Draft, streamOf } from './draft.ts';
import { type Placement, type Stream, unequal } from './stream.ts';
import { showRef } from './words.ts';

/** The rows of a sink, of all the ports it reads; undefined while one of them is not known, null where they cannot be united. */
export function sinkStream(sink: ResolvedSink, draft: Draft): Stream | null | undefined {
  const streams = sink.from.flatMap((ref) => streamOf(draft, ref) ?? []);
  const [first, ...others] = streams;
  if (!first || streams.length < sink.from.length) return undefined;
  if (differencesOf(sink, streams).length > 0) return null;
  const isSame = <T>(what: (stream: Stream) => T): boolean => others.every((other) => what(other) === what(first));
  return {
    schema: first.schema,
    time: isSame(({ time }) => time) ? first.time : null,
    key: isSame(({ key }) => key.join()) ? first.key : [],
    placement: placementOf(streams.map(({ placement }) => placement)),
  };
}

/** Says which of the ports that a sink reads have other columns than the first. */
export function sayUnequal(sink: ResolvedSink, draft: Draft, { say }: Scope): void {
  const streams = sink.from.flatMap((ref) => streamOf(draft, ref) ?? []);
  const [first] = sink.from;
  if (!first || streams.length < sink.from.length) return;
  for (const { other, reason } of differencesOf(sink, streams)) {
    const message = `sink "${sink.name}" unites "${showRef(first)}" and "${showRef(other)}", whose columns differ: ${reason}`;
    say('union-unequal', other.span, message, 'Bring them to the same columns with "select" first, or write a sink for each.');
  }
}

function differencesOf({ from }: ResolvedSink, streams: readonly Stream[]) {
  return from.flatMap((other, i) => {
    const [a, b] = [streams[0], streams[i]];
    const reason = a && b && i > 0 ? unequal(a.schema, b.schema, showRef(from[0] ?? other), showRef(other)) : null;
    return reason === null ? [] : [{ other, reason }];
  });
}

/** Rows that every task has must not be mixed with others: what has some is `everywhere`, and no sink takes it. */
function placementOf(placements: readonly Placement[]): Placement {
  const [first = 'single'] = placements;
  if (placements.includes('everywhere')) return 'everywhere';
  return placements.every((placement) => placement === first) ? first : 'scattered';
}
