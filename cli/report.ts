import type { PipelineView } from '../graph/contract/view.ts';
import { isEmpty, remarks, type Summary, summaryDocument, summaryOf, summaryText } from './summary.ts';
import { note, out, outJson, paintErr, paintOut } from './terminal.ts';

/** A run that is over. */
export interface Finished {
  readonly json: boolean;
  readonly views: readonly PipelineView[];
  /** What ended each pipeline, by name, where it was not its end. */
  readonly errors: ReadonlyMap<string, NonNullable<Summary['error']>>;
  /** Pipelines that never began. */
  readonly failed: ReadonlySet<string>;
  /** Incarnations of the runs before this one, by pipeline. */
  readonly former: ReadonlyMap<string, string>;
  /** It was asked to stop. */
  readonly drained: boolean;
}

/** Prints the summaries of a run. */
export function report({ json, views, errors, failed, former, drained }: Finished): void {
  const summaries = views.map((view) => summaryOf(view, errors.get(view.pipeline)));
  if (json) {
    outJson(summaryDocument(summaries));
    for (const line of views.flatMap((view) => remarks(view, paintErr))) note(line);
    return;
  }
  const texts = views.flatMap((view, i): readonly string[] => {
    const summary = summaries[i];
    if (summary === undefined) return [];
    if (isEmpty(summary) && failed.has(view.pipeline)) return []; // the error says all
    const again = former.get(view.pipeline) === view.incarnation && !errors.has(view.pipeline) && !drained;
    if (isEmpty(summary) && again)
      return [`${view.pipeline}: nothing new: all sources were read to their end before; \`millrace reset\` starts over`];
    const lines = remarks(view, paintOut);
    return [summaryText(summary), ...(lines.length === 0 ? [] : [lines.join('\n')])];
  });
  if (texts.length > 0) out(texts.join('\n\n'));
}
