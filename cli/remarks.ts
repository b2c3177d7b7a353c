import type { NodeView, PipelineView, SinkView, SourceView } from '../graph/contract/view.ts';
import { count, plural } from './terminal.ts';

/** Middle time of a commit that is worth a word, seconds. */
const SLOW_COMMIT_SECONDS = 1;

/** Reasons that a line names before it only counts the others. */
const REASONS = 3;

const percent = (share: number) => (share >= 0.001 ? `${Math.round(share * 1000) / 10} %` : 'under 0.1 %');

/** Rows of a node that came behind the watermark. */
export const lateRows = (node: NodeView): number => node.ports.late ?? 0;

/** What may refuse rows: a source, an operator, or the system of a sink. */
type Refusing = Pick<NodeView | SinkView, 'name' | 'rejected'>;

/** Rows that a node refused, for whatever reason. */
export const rejectedRows = (node: Refusing): number => Object.values(node.rejected).reduce((sum, rows) => sum + rows, 0);

const rowsOf = (reasons: readonly (readonly [string, number])[]) => reasons.reduce((sum, [, rows]) => sum + rows, 0);

/** Reasons of a node with their rows, the most frequent first. */
const reasonsOf = (node: Refusing) => Object.entries(node.rejected).sort(([a, x], [b, y]) => y - x || a.localeCompare(b));

/** `clean: 20 rejected: price-off-tick 12, trade-duplicate 8`; null where a node refused nothing. */
export function rejection(node: Refusing): string | null {
  const reasons = reasonsOf(node);
  if (reasons.length === 0) return null;
  const named = reasons.slice(0, REASONS).map(([code, rows]) => `${code} ${count(rows)}`);
  const others = reasons.slice(REASONS);
  const rest = others.length === 0 ? [] : [`and ${count(rowsOf(others))} for ${plural(others.length, 'other reason')}`];
  return `${node.name}: ${count(rejectedRows(node))} rejected: ${[...named, ...rest].join(', ')}`;
}

/** Where the refused rows of a node are, by the edges of the running graph. */
function whereRejected(view: PipelineView, node: Refusing): string {
  const topics = view.edges.filter(({ from }) => from === `${node.name}.rejected`).map(({ to }) => to);
  const sinks = view.sinks.filter((sink) => view.edges.some(({ from, to }) => topics.includes(from) && to === sink.name));
  const own = topics.filter((topic) => !topic.startsWith('_millrace.'));
  const named = [...sinks.map((sink) => sink.target), ...own.map((topic) => `topic ${topic}`)];
  const places = named.length > 0 ? named : topics.map((topic) => `topic ${topic}`);
  return places.length === 0 ? 'they are kept nowhere' : `they are in ${[...new Set(places)].join(' and ')}`;
}

/** A line on every node that refused rows: how many, why, and where they are. */
export function rejections(view: PipelineView): readonly string[] {
  return [...view.nodes, ...view.sinks].flatMap((node) => {
    const line = rejection(node);
    return line === null ? [] : [`${line}; ${whereRejected(view, node)}`];
  });
}

/** What is probably not meant: rows too late for their interval, nodes that refuse most of what comes, and a log that is slow. */
export function warnings(view: PipelineView): readonly string[] {
  const nodes = [
    ...view.sources.flatMap(misplaced),
    ...view.nodes.flatMap((node) => mostlyRejected(view, node)),
    ...view.nodes.flatMap((node) => late(view, node)),
  ];
  const commits = slowCommits(view);
  if (commits === null) return nodes;
  const why = view.log.description.startsWith('kafka') ? 'Kafka is slow, or far away' : 'the disk of the log is slow, or busy';
  return [...nodes, `${commits}: ${why}`];
}

/** `commits take 6.2 s (p50)`; null where they are fast. */
export function slowCommits({ commit }: PipelineView): string | null {
  const p50 = commit?.seconds.p50 ?? 0;
  return p50 > SLOW_COMMIT_SECONDS ? `commits take ${count(p50)} s (p50)` : null;
}

/** Nodes of a pipeline that refuse most of what comes, as warnings. */
export function refusals(view: PipelineView): readonly string[] {
  return view.nodes.flatMap((node) => mostlyRejected(view, node));
}

function mostlyRejected(view: PipelineView, node: NodeView): readonly string[] {
  const rows = rejectedRows(node);
  const top = reasonsOf(node)[0];
  if (top === undefined || rows * 2 <= node.rowsIn) return [];
  const share = `${percent(Math.min(1, rows / Math.max(1, node.rowsIn)))} of its rows are rejected`;
  return [`${node.name}: ${share}, most of them for ${top[0]}; ${whereRejected(view, node)}`];
}

/** A source that says `key:` though the rows of a key lie in several partitions. */
function misplaced({ name, misplaced: found }: SourceView): readonly string[] {
  if (!found) return [];
  const where = `${found.key.replaceAll('\u001f', ', ')} is in partitions ${found.partitions.join(' and ')}`;
  return [`${name}: ${where}, though the source says \`key:\`: results by key come in parts; leave \`key:\` out`];
}

/** Late rows that leave on a port which nobody reads. */
function late(view: PipelineView, node: NodeView): readonly string[] {
  const rows = lateRows(node);
  if (rows === 0 || view.edges.some(({ from }) => from === `${node.name}.late`)) return [];
  const [came, are] = rows === 1 ? ['row', 'is'] : ['rows', 'are'];
  const where = node.use === 'bars' ? 'in no bar' : 'left out';
  const share = percent(rows / Math.max(rows, node.rowsIn));
  return [
    `${node.name}: ${count(rows)} ${came} (${share}) came behind the watermark and ${are} ${where}; ` +
      `raise \`lateness:\` of the source, or give \`${node.name}.late\` a sink`,
  ];
}
