import type { Say } from '../diagnostics/report.ts';
import type { Resolved, ResolvedSink, ResolvedSource } from '../resolve/resolved.ts';
import type { Draft, Writer, Writers } from './draft.ts';

/** Who writes each topic of the file; a second writer is said. Dead letters of several pipelines may share a topic. */
export function writersOf(pipelines: readonly Resolved[], drafts: ReadonlyMap<string, Draft>, say: Say): Writers {
  const writers = new Map<string, Writer | 'broken'>();
  for (const { name: pipeline, sinks, deadLetters } of pipelines) {
    const draft = () => drafts.get(pipeline);
    for (const sink of sinks) {
      if (!('topic' in sink.to)) continue;
      const { text, span } = sink.to.topic;
      const first = writers.get(text);
      if (first && first !== 'broken')
        say(
          'topic-two-writers',
          span,
          `topic "${text}" is written by ${nameOf(first)} already`,
          'Write another topic, or unite the rows in one node first.',
        );
      else writers.set(text, { draft, pipeline, sink });
    }
    if (!deadLetters) continue;
    const first = writers.get(deadLetters.text);
    if (first && first !== 'broken' && first.sink)
      say(
        'topic-two-writers',
        deadLetters.span,
        `topic "${deadLetters.text}" is written by ${nameOf(first)} already`,
        'Give the dead letters a topic of their own.',
      );
    else writers.set(deadLetters.text, { draft, pipeline, sink: null });
  }
  for (const { unwritten } of pipelines) for (const topic of unwritten) if (!writers.has(topic)) writers.set(topic, 'broken');
  return writers;
}

function nameOf({ pipeline, sink }: Writer): string {
  return sink ? `sink "${sink.name}" of pipeline "${pipeline}"` : `the dead letters of pipeline "${pipeline}"`;
}

/** Sources that read a topic which their own rows lead to: they may not wait for its watermark. */
export function checkFeedback(resolved: Resolved, writers: Writers, say: Say): void {
  for (const source of resolved.sources) {
    const writer = 'topic' in source.from ? writers.get(source.from.topic.text) : undefined;
    if (
      !writer ||
      writer === 'broken' ||
      !writer.sink ||
      writer.pipeline !== resolved.name ||
      !source.watermark ||
      !leadsTo(source, writer.sink, resolved)
    )
      continue;
    const topic = 'topic' in source.from ? source.from.topic : source;
    const message = `source "${source.name}" reads a topic that depends on it through sink "${writer.sink.name}", and would wait for its own watermark`;
    say('feedback-watermark', 'span' in topic ? topic.span : source.span, message, 'Give the source "watermark: none".');
  }
}

function leadsTo(source: ResolvedSource, sink: ResolvedSink, resolved: Resolved): boolean {
  const reached = new Set([source.name]);
  for (const { name, inputs } of resolved.operators)
    if (inputs.some(({ edges }) => edges.some(({ node }) => reached.has(node)))) reached.add(name);
  return sink.from.some(({ node }) => reached.has(node));
}
