import { z } from 'zod';
import type { Figure } from '../../graph/contract/log-figures.ts';

/** Quantiles and the like over the last interval, µs but for `throttle`, which is in ms. */
const stats = z.object({ p99: z.number(), max: z.number(), cnt: z.number() });

const broker = z.object({
  nodeid: z.number(),
  state: z.string(),
  txbytes: z.number(),
  rxbytes: z.number(),
  req_timeouts: z.number(),
  txretries: z.number(),
  connects: z.number(),
  disconnects: z.number(),
  rtt: stats,
  throttle: stats,
});

const partition = z.object({
  partition: z.number(),
  desired: z.boolean(),
  fetch_state: z.string(),
  fetchq_cnt: z.number(),
  fetchq_size: z.number(),
  next_offset: z.number(),
  app_offset: z.number(),
  lo_offset: z.number(),
  hi_offset: z.number(),
  ls_offset: z.number(),
});

/** Source: librdkafka, STATISTICS.md. */
const shape = z.object({
  type: z.enum(['producer', 'consumer']),
  msg_cnt: z.number(),
  msg_size: z.number(),
  brokers: z.record(z.string(), broker),
  topics: z.record(z.string(), z.object({ partitions: z.record(z.string(), partition) })),
  cgrp: z.object({ state: z.string(), join_state: z.string(), rebalance_cnt: z.number(), assignment_size: z.number() }).optional(),
});

/** How far the reading of one partition has come. */
export interface PartitionProgress {
  readonly topic: string;
  readonly partition: number;
  /** Offsets between the end of what is committed and what has been handed to us; null until the client has heard of both. */
  readonly lag: number | null;
  /**
   * `active` while it is fetched, `offset-query`, `offset-wait` or `validate-epoch-wait` on the way there. `none` of a partition that was
   * assigned means that the library has given up on it, for example as its position is gone: nothing more comes, and no error need tell.
   */
  readonly fetchState: string;
  /** First offset that is still there; null when unknown. */
  readonly loOffset: number | null;
  /** Offset to fetch next; null when unknown. */
  readonly nextOffset: number | null;
}

/** What a client of librdkafka says of itself. */
export interface ClientStatistics {
  readonly role: 'producer' | 'consumer';
  /** Figures by name, a unit at the end; `_total` counts since the client was made. */
  readonly figures: Readonly<Record<Figure, number>>;
  /** Partitions that a consumer reads. */
  readonly partitions: readonly PartitionProgress[];
  /** State of the consumer in its group, `up steady`; null without a group. */
  readonly group: string | null;
}

/** Reads what `event.stats` brings; null for text of another shape, such as that of a newer library. */
export function parseStatistics(text: string): ClientStatistics | null {
  const parsed = shape.safeParse(jsonOf(text));
  if (!parsed.success) return null;
  const { type, brokers, topics, cgrp, msg_cnt, msg_size } = parsed.data;
  const known = Object.values(brokers).filter(({ nodeid, connects }) => nodeid >= 0 || connects > 0);
  const read = Object.entries(topics).flatMap(([topic, { partitions }]) =>
    Object.values(partitions)
      .filter((one) => type === 'consumer' && one.partition >= 0 && one.desired)
      .map((one) => ({ one, progress: progressOf(topic, one) })),
  );
  const sum = <T>(of: readonly T[], value: (one: T) => number): number => of.reduce((total, one) => total + value(one), 0);
  const most = <T>(of: readonly T[], value: (one: T) => number): number => of.reduce((top, one) => Math.max(top, value(one)), 0);
  const named = known.filter(({ nodeid }) => nodeid >= 0);
  const up = named.filter(({ state }) => state === 'UP').length;
  return {
    role: type,
    figures: {
      brokers_up: up,
      brokers_down: named.length - up,
      round_trip_p99_ms: type === 'producer' ? most(known, ({ rtt }) => rtt.p99) / 1_000 : 0, // a fetch waits for messages
      throttle_max_ms: most(known, ({ throttle }) => throttle.max),
      sent_bytes_total: sum(known, ({ txbytes }) => txbytes),
      received_bytes_total: sum(known, ({ rxbytes }) => rxbytes),
      connects_total: sum(known, ({ connects }) => connects),
      disconnects_total: sum(known, ({ disconnects }) => disconnects),
      retries_total: sum(known, ({ txretries }) => txretries),
      timeouts_total: sum(known, ({ req_timeouts }) => req_timeouts),
      queued_messages: msg_cnt,
      queued_bytes: msg_size,
      prefetched_messages: sum(read, ({ one }) => one.fetchq_cnt),
      prefetched_bytes: sum(read, ({ one }) => one.fetchq_size),
      lag_messages: sum(read, ({ progress }) => progress.lag ?? 0),
      partitions: read.length,
      rebalances_total: cgrp?.rebalance_cnt ?? 0,
    },
    partitions: read.map(({ progress }) => progress),
    group: cgrp === undefined ? null : `${cgrp.state} ${cgrp.join_state}`,
  };
}

/** Figures that are of the cluster, which every client sees, or times: of several clients the most counts. */
const isMost = (name: Figure): boolean => name.startsWith('brokers_') || name.endsWith('_ms');

/** Figures of several clients as one: the most of what is of the cluster and of times, all else is added. */
export function mergedFigures(clients: Iterable<ClientStatistics>): Readonly<Partial<Record<Figure, number>>> {
  const merged: Partial<Record<Figure, number>> = {};
  for (const { figures } of clients)
    for (const name of Object.keys(figures) as Figure[])
      merged[name] = isMost(name) ? Math.max(merged[name] ?? 0, figures[name]) : (merged[name] ?? 0) + figures[name];
  return merged;
}

/** The library writes offsets it does not know as negative numbers. */
const offset = (value: number): number | null => (value < 0 ? null : value);

/** `consumer_lag` of the library is measured from committed offsets, which our readers do not commit: it is counted here. */
function progressOf(topic: string, one: z.output<typeof partition>): PartitionProgress {
  const end = offset(one.ls_offset) ?? offset(one.hi_offset);
  const next = offset(one.next_offset);
  const at = offset(one.app_offset) ?? next;
  return {
    topic,
    partition: one.partition,
    lag: end === null || at === null ? null : Math.max(0, end - at),
    fetchState: one.fetch_state,
    loOffset: offset(one.lo_offset),
    nextOffset: next,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
