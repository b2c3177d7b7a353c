import type { NodeView, PipelineView } from '../graph/contract/view.ts';
import type { Rates } from '../status/rates.ts';
import { count, plural, span } from './terminal.ts';

/** Lag of a watermark that is worth a word, seconds. */
const BEHIND_SECONDS = 10;
/** Beyond this lag rows are history, not a backlog. */
const HISTORY_SECONDS = 86_400;
/** Event time per time below and above which a lag counts as growing and shrinking. */
const STEADY = { from: 0.9, to: 1.1 } as const;
/** Time without a write, while rows wait, that is worth a word, ms. */
const HELD_UP_MS = 10_000;
/** How far, in event time, an input may be behind the one whose rows wait for it before that is worth a word, seconds. */
const HELD_SECONDS = 30;
/** Share of the time from which a node is named. */
const BUSY = 0.5;

/** Whether a pipeline keeps up, how long it still needs, and which node it waits for. */
export function progressOf(view: PipelineView, rates: Rates): readonly string[] {
  if (view.state !== 'running') return [];
  return [...behind(view, rates), ...waiting(view, rates), ...view.nodes.flatMap(held), ...busiest(view)];
}

/** Sinks that write nothing while more and more waits for them. */
function waiting(view: PipelineView, rates: Rates): readonly string[] {
  return view.sinks.flatMap(({ name, state, lagMessages, ackAgeMs }) => {
    const perSecond = rates.waiting(view.pipeline, name);
    const isHeldUp = state === 'retrying' || state === 'parked' || (ackAgeMs ?? 0) > HELD_UP_MS;
    if (!isHeldUp || lagMessages === 0 || perSecond <= 0) return [];
    return [`${name}: ${count(lagMessages)} messages wait for it, ${count(perSecond)} more a second`];
  });
}

/** A join whose rows wait for an input that is far behind. */
function held({ name, held: some }: NodeView): readonly string[] {
  if (!some || (some.behindSeconds !== null && some.behindSeconds < HELD_SECONDS)) return [];
  const far = some.behindSeconds === null ? 'has told no time yet' : `is ${span(some.behindSeconds)} behind in event time`;
  return [`${name}: ${plural(some.rows, 'row')} ${some.rows === 1 ? 'waits' : 'wait'} for ${some.waitsFor}, which ${far}`];
}

function behind(view: PipelineView, rates: Rates): readonly string[] {
  const { lagSeconds, speed, unreadRows, unreadPerSecond, moving } = rates.behind(view);
  const times = speed === null ? '' : `, ${count(speed)}x real time`;
  if (lagSeconds !== null && lagSeconds > BEHIND_SECONDS && moving) {
    if (lagSeconds > HISTORY_SECONDS) return [`reading history: ${span(lagSeconds)} ago${times}`];
    if (speed !== null && speed > STEADY.to)
      return [`catching up: ${span(lagSeconds)} behind${times}, about ${span(lagSeconds / (speed - 1))} left`];
    if (speed !== null && speed < STEADY.from) return [`falling behind: ${span(lagSeconds)} behind${times}`];
  }
  if (unreadRows !== null && unreadPerSecond > unreadRows / 60 && unreadPerSecond > 1)
    return [`falling behind: ${count(unreadRows)} messages unread, ${count(unreadPerSecond)} more a second`];
  return [];
}

function busiest(view: PipelineView): readonly string[] {
  const [node] = [...view.nodes].sort((a, b) => b.pressure - a.pressure);
  return node === undefined || node.pressure <= BUSY ? [] : [`busiest: ${node.name}, ${Math.round(node.pressure * 100)} % of the time`];
}
