/** Figures of the client of a log by name, a unit at the end, and what they mean, in the words of the metrics page. */
export const FIGURES = {
  brokers_up: 'brokers with an open connection, as the client sees it that has the most',
  brokers_down: 'brokers that are known and have none, as the client sees it that misses the most',
  round_trip_p99_ms: 'time of a request of a producer to its answer, 99th percentile of the last second, of the slowest broker',
  throttle_max_ms: 'longest time that a broker made the client wait for its quota in the last second',
  sent_bytes_total: 'bytes sent to the brokers',
  received_bytes_total: 'bytes received from the brokers',
  connects_total: 'connections begun, also those that failed',
  disconnects_total: 'connections that broke',
  retries_total: 'requests sent again',
  timeouts_total: 'requests without an answer in time',
  queued_messages: 'messages produced and not acknowledged',
  queued_bytes: 'bytes of the messages produced and not acknowledged',
  prefetched_messages: 'messages fetched and not yet taken',
  prefetched_bytes: 'bytes of the messages fetched and not yet taken',
  lag_messages: 'offsets behind the end of the partitions that are read, all together',
  partitions: 'partitions that are read',
  rebalances_total: 'times that the group gave work out anew',
} as const;

/** The name of one. */
export type Figure = keyof typeof FIGURES;
