import type {
  CommitView,
  HeldView,
  LogView,
  NodeView,
  PipelineView,
  Quantiles,
  SinkView,
  SourceView,
  TaskView,
} from '../../graph/contract/view.ts';

/** A view of one process of several. */
export interface WorkerView {
  readonly worker: string;
  readonly view: PipelineView;
}

/** One pipeline as several processes run it: counters added up, times of the slowest, state of the one that is furthest back. */
export function mergedView(parts: readonly WorkerView[]): PipelineView | null {
  const [first] = parts;
  if (!first) return null;
  const views = parts.map(({ view }) => view);
  const reasons = parts.flatMap(({ worker, view }) => (view.reason === null ? [] : [`${worker}: ${view.reason}`]));
  return {
    ...first.view,
    incarnation: views.find(({ incarnation }) => incarnation !== '')?.incarnation ?? '',
    state: stateOf(views),
    reason: reasons.length === 0 ? null : reasons.join('; '),
    startedAtMs: Math.min(...views.map(({ startedAtMs }) => startedAtMs)),
    seconds: most(views.map(({ seconds }) => seconds)),
    epochs: total(views.map(({ epochs }) => epochs)),
    log: logOf(views.map(({ log }) => log)),
    tasks: tasksOf(parts),
    nodes: first.view.nodes.map(({ name }) => nodeOf(name, views)),
    sources: first.view.sources.map(({ name }) => sourceOf(name, views)),
    sinks: first.view.sinks.map(({ name }) => sinkOf(name, views)),
    round: quantilesOf(views.map(({ round, epochs }) => [round, epochs])),
    ...commitOf(views),
  };
}

/** What stays of a process that is gone: its counters, not its tasks, positions and troubles. */
export function countersOf(view: PipelineView): PipelineView {
  return {
    ...view,
    state: 'stopped',
    reason: null,
    log: { ...view.log, trouble: null },
    ...(view.commit ? { commit: { ...view.commit, waitingSinceMs: null } } : {}),
    tasks: [],
    sources: view.sources.map((source) => ({ ...source, partitions: [] })),
    nodes: view.nodes.map((node) => ({ ...node, pressure: 0, watermarkNs: null, watermarkLagSeconds: null })),
    sinks: view.sinks.map((sink) => ({ ...sink, state: 'done', queuedRows: 0, lagMessages: 0, lastError: null, ackAgeMs: null })),
  };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const most = (values: readonly number[]): number => Math.max(0, ...values);

/** States from the one that says most to the one that says least. */
const STATES = ['failed', 'restoring', 'starting', 'draining', 'running', 'stopped'] as const;
const SINK_STATES = ['parked', 'retrying', 'running', 'starting', 'done'] as const;

const stateOf = (views: readonly PipelineView[]): PipelineView['state'] =>
  STATES.find((state) => views.some((view) => view.state === state)) ?? 'stopped';

function logOf(logs: readonly LogView[]): LogView {
  const names = new Set(logs.flatMap(({ statistics }) => Object.keys(statistics ?? {})));
  const description = logs.find((log) => log.description !== '')?.description ?? '';
  const [trouble = null] = logs.flatMap(({ trouble }) => trouble ?? []).sort((a, b) => a.sinceMs - b.sinceMs);
  const log = { description, bytes: null, budgetBytes: null, trouble };
  if (names.size === 0) return log;
  const statistics = [...names].map((name) => {
    const values = logs.flatMap(({ statistics }) => statistics?.[name] ?? []);
    return [name, name.endsWith('_ms') ? most(values) : total(values)] as const;
  });
  return { ...log, statistics: Object.fromEntries(statistics) };
}

function commitOf(views: readonly PipelineView[]): { readonly commit?: CommitView } {
  const known = views.flatMap(({ commit, epochs }) => (commit ? [{ ...commit, epochs }] : []));
  if (known.length === 0) return {};
  const waiting = known.flatMap(({ waitingSinceMs }) => waitingSinceMs ?? []);
  const seconds = quantilesOf(known.map(({ seconds, epochs }) => [seconds, epochs]));
  return { commit: { waitingSinceMs: waiting.length === 0 ? null : Math.min(...waiting), seconds } };
}

/** Each task once: while it moves, two processes may show it. */
function tasksOf(parts: readonly WorkerView[]): TaskView[] {
  const tasks = new Map<number, TaskView>();
  for (const { worker, view } of parts)
    for (const task of view.tasks) {
      const known = tasks.get(task.task);
      if (!known || known.state === 'closed' || (task.state !== 'closed' && task.epoch > known.epoch))
        tasks.set(task.task, { ...task, worker });
    }
  return [...tasks.values()].sort((a, b) => a.task - b.task);
}

function nodeOf(name: string, views: readonly PipelineView[]): NodeView {
  const nodes = views.flatMap((view) => view.nodes.filter((node) => node.name === name));
  const watermarks = nodes.flatMap(({ watermarkNs }) => (watermarkNs === null ? [] : [watermarkNs]));
  const lags = nodes.flatMap(({ watermarkLagSeconds }) => (watermarkLagSeconds === null ? [] : [watermarkLagSeconds]));
  return {
    ...(nodes[0] as NodeView),
    rowsIn: total(nodes.map(({ rowsIn }) => rowsIn)),
    rowsOut: total(nodes.map(({ rowsOut }) => rowsOut)),
    bytesIn: total(nodes.map(({ bytesIn }) => bytesIn)),
    bytesOut: total(nodes.map(({ bytesOut }) => bytesOut)),
    ports: added(nodes.map(({ ports }) => ports)),
    rejected: added(nodes.map(({ rejected }) => rejected)),
    batches: total(nodes.map(({ batches }) => batches)),
    busySeconds: total(nodes.map(({ busySeconds }) => busySeconds)),
    pressure: most(nodes.map(({ pressure }) => pressure)),
    watermarkNs: watermarks.length === 0 ? null : watermarks.reduce((a, b) => (a < b ? a : b)),
    watermarkLagSeconds: lags.length === 0 ? null : Math.max(...lags),
    push: quantilesOf(nodes.map(({ push, batches }) => [push, batches])),
    held: heldOf(nodes.flatMap(({ held }) => held ?? [])),
  };
}

/** Rows held in all processes, with what the one waits for that is held up most. */
function heldOf(all: readonly HeldView[]): HeldView | null {
  const behind = ({ behindSeconds }: HeldView): number => behindSeconds ?? Number.POSITIVE_INFINITY;
  const [first] = [...all].sort((a, b) => behind(b) - behind(a));
  return first ? { ...first, rows: total(all.map(({ rows }) => rows)) } : null;
}

function sourceOf(name: string, views: readonly PipelineView[]): SourceView {
  const sources = views.flatMap((view) => view.sources.filter((source) => source.name === name));
  const partitions = new Map<number, SourceView['partitions'][number]>();
  for (const part of sources.flatMap((source) => source.partitions)) {
    const known = partitions.get(part.partition);
    if (!known || part.position > known.position) partitions.set(part.partition, part);
  }
  return {
    ...(sources[0] as SourceView),
    partitions: [...partitions.values()].sort((a, b) => a.partition - b.partition),
    misplaced: sources.find((source) => source.misplaced)?.misplaced ?? null,
  };
}

function sinkOf(name: string, views: readonly PipelineView[]): SinkView {
  const sinks = views.flatMap((view) => view.sinks.filter((sink) => sink.name === name));
  const ages = sinks.flatMap(({ ackAgeMs }) => (ackAgeMs === null ? [] : [ackAgeMs]));
  return {
    ...(sinks[0] as SinkView),
    state: SINK_STATES.find((state) => sinks.some((sink) => sink.state === state)) ?? 'running',
    rows: total(sinks.map(({ rows }) => rows)),
    blocks: total(sinks.map(({ blocks }) => blocks)),
    rejected: added(sinks.map(({ rejected }) => rejected)),
    queuedRows: total(sinks.map(({ queuedRows }) => queuedRows)),
    lagMessages: most(sinks.map(({ lagMessages }) => lagMessages)), // each looks at the whole topic
    retries: total(sinks.map(({ retries }) => retries)),
    lastError:
      (sinks.find(({ state }) => state === 'parked' || state === 'retrying') ?? sinks.find(({ lastError }) => lastError))?.lastError ??
      null,
    ackAgeMs: ages.length === 0 ? null : Math.max(...ages),
    latencyMs: quantilesOf(sinks.map(({ latencyMs, rows }) => [latencyMs, rows])),
  };
}

function added(counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const count of counts) for (const [name, value] of Object.entries(count)) sums[name] = (sums[name] ?? 0) + value;
  return sums;
}

/** The middle as a mean by how much each has seen, the tail as that of the slowest. */
function quantilesOf(parts: readonly (readonly [Quantiles, number])[]): Quantiles {
  const seen = total(parts.map(([, count]) => count));
  const p50 = seen === 0 ? 0 : total(parts.map(([{ p50 }, count]) => p50 * count)) / seen;
  return { p50, p99: most(parts.map(([{ p99 }, count]) => (count === 0 ? 0 : p99))) };
}
