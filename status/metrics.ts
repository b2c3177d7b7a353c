import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { FIGURES } from '../graph/contract/log-figures.ts';
import type { NodeView, PipelineView, Quantiles, SinkView, SourceHealth } from '../graph/contract/view.ts';

/** Sets the value of one series. */
type Set = (name: string, labels: Readonly<Record<string, string | number>>, value: number | null | undefined) => void;

/** Every metric: its labels after `pipeline`, and what it says. A name that ends in `_total` is a counter. */
const METRICS: Readonly<Record<string, { readonly labels: readonly string[]; readonly help: string }>> = {
  millrace_pipeline_up: { labels: [], help: '1 while the pipeline runs, else 0' },
  millrace_epochs_total: { labels: [], help: 'Epochs committed' },
  millrace_epoch_seconds: { labels: ['quantile'], help: 'Time of a round of epochs, from cut to committed' },
  millrace_commit_seconds: { labels: ['quantile'], help: 'Time that the log takes to make a round durable' },
  millrace_log_up: { labels: [], help: '1 while the log is reached, else 0' },
  millrace_tasks: { labels: ['state'], help: 'Tasks by state; a parked task waits for somebody to act' },
  millrace_rows_total: { labels: ['node', 'port'], help: 'Rows that left a port of a node' },
  millrace_input_rows_total: { labels: ['node'], help: 'Rows that came into a node' },
  millrace_bytes_total: { labels: ['node'], help: 'Bytes of the rows that left a node' },
  millrace_input_bytes_total: { labels: ['node'], help: 'Bytes of the rows that came into a node' },
  millrace_batches_total: { labels: ['node'], help: 'Batches that came into a node; rows divided by batches is the batch size' },
  millrace_rejected_rows_total: {
    labels: ['node', 'code'],
    help: 'Rows that a node, or the system of a sink, refused, by reason; they are in the dead letters',
  },
  millrace_late_rows_total: {
    labels: ['node'],
    help: 'Rows that came behind the watermark and count in no interval; 0 where every row came in time',
  },
  millrace_busy_seconds_total: { labels: ['node'], help: 'Time spent in the kernel of a node' },
  millrace_pressure_ratio: {
    labels: ['node'],
    help: 'Share of the last seconds spent in a node, 0 to 1: `busy` on the screen, `pressure` in /status',
  },
  millrace_push_seconds: { labels: ['node', 'quantile'], help: 'Time that a node takes for one batch' },
  millrace_watermark_timestamp_seconds: { labels: ['node'], help: 'Event time that a node has reached, seconds since 1970 UTC' },
  millrace_held_rows: { labels: ['node'], help: 'Rows that wait in a node for another input of it' },
  millrace_watermark_lag_seconds: { labels: ['node'], help: 'Clock of the epoch minus the watermark of a node' },
  millrace_source_position_rows: { labels: ['source', 'partition'], help: 'Position of the next row or message to read' },
  millrace_source_lag_rows: { labels: ['source', 'partition'], help: 'Rows or messages that are there and not read' },
  millrace_source_up: {
    labels: ['source', 'partition'],
    help: '1 while a source that can be away, as a feed, is read, else 0; /status says which it is and why',
  },
  millrace_source_read_age_seconds: {
    labels: ['source', 'partition'],
    help: 'Time since a source that can be away was read last, also where nothing new was there; absent before the first time',
  },
  millrace_source_failures_total: { labels: ['source', 'partition', 'code'], help: 'Times a source could not be read, by reason' },
  millrace_source_left_items: {
    labels: ['source', 'partition', 'code'],
    help: 'Items that the last look at a source left out, by reason: without any text, or with more than is taken',
  },
  millrace_sink_up: { labels: ['sink'], help: '1 while the sink can write (or has written all), else 0' },
  millrace_sink_rows_total: { labels: ['sink'], help: 'Rows that a sink acknowledged' },
  millrace_sink_blocks_total: { labels: ['sink'], help: 'Blocks that a sink acknowledged' },
  millrace_sink_queued_rows: { labels: ['sink'], help: 'Rows read from the topic and not acknowledged by the sink' },
  millrace_sink_lag_messages: { labels: ['sink'], help: 'Messages in the topic of a sink and not read by it' },
  millrace_sink_retries_total: { labels: ['sink'], help: 'Writes that were tried again' },
  millrace_sink_ack_age_seconds: { labels: ['sink'], help: 'Time since the last acknowledged write while rows wait; 0 when none waits' },
  millrace_sink_latency_seconds: { labels: ['sink', 'quantile'], help: 'Time from read at the source to acknowledged by the sink' },
  millrace_log_bytes: { labels: [], help: 'Bytes of the embedded log on disk' },
  millrace_log_budget_bytes: { labels: [], help: 'Bytes that the embedded log may take on disk' },
};

/** The metric of a figure of the log's client, in base units. */
const figureMetric = (figure: string): string => `millrace_log_${figure.replace(/_ms$/, '_seconds')}`;

const quantiles = (set: Set, name: string, labels: Readonly<Record<string, string>>, value: Quantiles, scale = 1) => {
  set(name, { ...labels, quantile: '0.5' }, value.p50 * scale);
  set(name, { ...labels, quantile: '0.99' }, value.p99 * scale);
};

function setNode(set: Set, pipeline: string, node: NodeView): void {
  const labels = { pipeline, node: node.name };
  for (const [port, rows] of Object.entries(node.ports)) set('millrace_rows_total', { ...labels, port }, rows);
  set('millrace_input_rows_total', labels, node.rowsIn);
  set('millrace_bytes_total', labels, node.bytesOut);
  set('millrace_input_bytes_total', labels, node.bytesIn);
  set('millrace_batches_total', labels, node.batches);
  for (const [code, rows] of Object.entries(node.rejected)) set('millrace_rejected_rows_total', { ...labels, code }, rows);
  set('millrace_late_rows_total', labels, node.ports.late ?? 0);
  set('millrace_busy_seconds_total', labels, node.busySeconds);
  set('millrace_pressure_ratio', labels, node.pressure);
  quantiles(set, 'millrace_push_seconds', labels, node.push);
  set('millrace_watermark_timestamp_seconds', labels, node.watermarkNs === null ? null : Number(node.watermarkNs) / 1e9);
  set('millrace_held_rows', labels, node.held?.rows ?? 0);
  set('millrace_watermark_lag_seconds', labels, node.watermarkLagSeconds);
}

function setHealth(set: Set, labels: Readonly<Record<string, string | number>>, health: SourceHealth): void {
  set('millrace_source_up', labels, health.trouble ? 0 : 1);
  set('millrace_source_read_age_seconds', labels, health.readAgeMs === null ? null : health.readAgeMs / 1000);
  for (const [code, times] of Object.entries(health.failures)) set('millrace_source_failures_total', { ...labels, code }, times);
  for (const [code, items] of Object.entries(health.left)) set('millrace_source_left_items', { ...labels, code }, items);
}

function setSink(set: Set, pipeline: string, sink: SinkView): void {
  const labels = { pipeline, sink: sink.name };
  set('millrace_sink_up', labels, sink.state === 'running' || sink.state === 'done' ? 1 : 0);
  set('millrace_sink_rows_total', labels, sink.rows);
  for (const [code, rows] of Object.entries(sink.rejected)) set('millrace_rejected_rows_total', { pipeline, node: sink.name, code }, rows);
  set('millrace_sink_blocks_total', labels, sink.blocks);
  set('millrace_sink_queued_rows', labels, sink.queuedRows);
  set('millrace_sink_lag_messages', labels, sink.lagMessages);
  set('millrace_sink_retries_total', labels, sink.retries);
  set('millrace_sink_ack_age_seconds', labels, (sink.ackAgeMs ?? 0) / 1000);
  quantiles(set, 'millrace_sink_latency_seconds', labels, sink.latencyMs, 1e-3);
}

function setPipeline(set: Set, view: PipelineView): void {
  const pipeline = view.pipeline;
  set('millrace_pipeline_up', { pipeline }, view.state === 'running' ? 1 : 0);
  set('millrace_epochs_total', { pipeline }, view.epochs);
  quantiles(set, 'millrace_epoch_seconds', { pipeline }, view.round);
  if (view.commit) quantiles(set, 'millrace_commit_seconds', { pipeline }, view.commit.seconds);
  set('millrace_log_up', { pipeline }, view.log.trouble ? 0 : 1);
  for (const state of ['restoring', 'running', 'parked', 'ended', 'closed'])
    set('millrace_tasks', { pipeline, state }, view.tasks.filter((task) => task.state === state).length);
  for (const node of view.nodes) setNode(set, pipeline, node);
  for (const source of view.sources)
    for (const { partition, position, lag, health } of source.partitions) {
      const labels = { pipeline, source: source.name, partition };
      set('millrace_source_position_rows', labels, position);
      set('millrace_source_lag_rows', labels, lag);
      if (health) setHealth(set, labels, health);
    }
  for (const sink of view.sinks) setSink(set, pipeline, sink);
  set('millrace_log_bytes', { pipeline }, view.log.bytes);
  set('millrace_log_budget_bytes', { pipeline }, view.log.budgetBytes);
  for (const [name, value] of Object.entries(view.log.statistics ?? {}))
    set(figureMetric(name), { pipeline }, name.endsWith('_ms') ? value / 1000 : value);
}

/** The metrics of an instance in Prometheus' text format: its pipelines, and the process (memory, event loop, garbage collection). */
export class Metrics {
  readonly #registry = new Registry();
  readonly #process = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();

  constructor() {
    collectDefaultMetrics({ register: this.#process });
    for (const [name, { labels, help }] of Object.entries(METRICS)) this.#declare(name, labels, help);
    for (const [figure, help] of Object.entries(FIGURES)) this.#declare(figureMetric(figure), [], `The log's client: ${help}`);
  }

  #declare(name: string, labels: readonly string[], help: string): void {
    const settings = { name, help, labelNames: ['pipeline', ...labels], registers: [this.#registry] };
    if (name.endsWith('_total')) this.#counters.set(name, new Counter(settings));
    else this.#gauges.set(name, new Gauge(settings));
  }

  /** Media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of the views' counters as they are now; nothing is kept from one call to the next. */
  async text(views: readonly PipelineView[]): Promise<string> {
    this.#registry.resetMetrics();
    const set: Set = (name, labels, value) => {
      if (value === null || value === undefined) return;
      this.#counters.get(name)?.inc(labels, value);
      this.#gauges.get(name)?.set(labels, value);
    };
    for (const view of views) setPipeline(set, view);
    return `${await this.#registry.metrics()}${await this.#process.metrics()}`;
  }
}
