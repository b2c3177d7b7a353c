/**
 * Names of the topics that Millrace keeps for itself. The runtime puts the incarnation into those of feeds, exchanges and landings. The journal's says how many
 * tasks it has, so that another number, which starts from nothing, finds no topic with too few partitions.
 */
export const journalTopic = (pipeline: string, tasks: number): string => `_millrace.${pipeline}.tasks.${tasks}`;
/** `of`: a port as `node.port`, or the sink that alone reads it. */
export const feedTopic = (pipeline: string, of: string): string => `_millrace.${pipeline}.feed.${of}`;
export const exchangeTopic = (pipeline: string, edge: string): string => `_millrace.${pipeline}.x.${edge.replace('->', '-')}`;
export const landingTopic = (pipeline: string, source: string): string => `_millrace.${pipeline}.land.${source}`;
export const rejectedTopic = (pipeline: string): string => `_millrace.${pipeline}.rejected`;
export const sinkGroup = (pipeline: string, sink: string): string => `millrace.${pipeline}.sink.${sink}`;

const HOUR_MS = 3_600_000;

/** How long messages of each kind of topic are kept, ms; null: the log's default. */
export const RETENTION_MS = {
  data: null,
  journal: 168 * HOUR_MS,
  exchange: 24 * HOUR_MS,
  feed: 24 * HOUR_MS,
  rejected: 14 * 24 * HOUR_MS,
  /** Rows that are landed are not read at their source again. */
  landing: 168 * HOUR_MS,
} as const;
