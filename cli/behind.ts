import type { NodeView, PipelineView } from '../graph/contract/view.ts';
import { count, span } from './terminal.ts';

/** Lag of event time from which rows are old data, not late ones, seconds. */
const OLD_SECONDS = 86_400;
const UP_TO_DATE = 'up to date';

/** How far a node is behind: a source by what it has not read, where that is known, all others by event time. */
export function behindOf(view: PipelineView, node: NodeView): string {
  const source = view.sources.find(({ name }) => name === node.name);
  const unread = source ? unreadOf(source) : null;
  if (unread !== null) return unread === 0 ? UP_TO_DATE : `${count(unread)} unread`;
  const lag = node.watermarkLagSeconds;
  if (lag === null) return '';
  if (lag > OLD_SECONDS && view.sources.length > 0 && view.sources.every((each) => unreadOf(each) === 0)) return UP_TO_DATE;
  return lag < 120 ? `${count(Math.max(0, lag))} s` : span(lag);
}

/** Rows or messages of a source that are there and not read; null when unknown. */
function unreadOf({ partitions }: PipelineView['sources'][number]): number | null {
  const lags = partitions.map(({ lag, ended }) => (ended ? 0 : lag));
  return lags.length === 0 ? null : lags.reduce((sum, lag) => (sum === null || lag === null ? null : sum + lag), 0);
}
