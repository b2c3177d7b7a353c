import { plansTopic, stateTopic } from '../contract/engine-topics.ts';
import { REJECTED_PORT } from '../contract/operator.ts';
import type { Plan, PlanInput, PlanOutput, PlanSink, PortRef } from '../contract/plan.ts';

/** `node`, or `node.port` where the port is not the main one. */
export const showRef = ({ node, port }: PortRef): string => (port === 'out' ? node : `${node}.${port}`);

/** Several of them, as a union. */
export const showRefs = (refs: readonly PortRef[]): string => refs.map(showRef).join(' + ');

/** The port whose rows an exchange carries; other ports as they are. */
export function throughExchange(plan: Plan, ref: PortRef): PortRef {
  const exchange = plan.outputs.find(({ name, kind }) => kind === 'exchange' && name === ref.node);
  return exchange?.from[0] ?? ref;
}

/** The ports that write to an output; of the dead letters also the sinks whose systems may refuse rows. */
export function writersTo(plan: Plan, { kind, from }: PlanOutput): readonly PortRef[] {
  if (kind !== 'rejected') return from;
  return [...from, ...plan.sinks.filter(({ rejected }) => rejected).map(({ name }) => ({ node: name, port: REJECTED_PORT }))];
}

/** The ports whose rows come to a sink through its topic. */
export function writersToSink(plan: Plan, { topic, from }: PlanSink): readonly PortRef[] {
  const output = plan.outputs.find((one) => one.topic === topic);
  return output ? writersTo(plan, output) : from;
}

/** Whether an input is a source of the file, as exchanges and what lands a source in a topic are not. */
export const isSource = ({ from, landing }: PlanInput): boolean => from.kind !== 'exchange' && !(landing && 'into' in landing);

/** What a source reads; for one that is landed in a topic, what is landed there. */
export function originOf(from: PlanInput['from'], landing: PlanInput['landing'], plan: Plan): PlanInput['from'] {
  return plan.inputs.find(({ name }) => landing && 'from' in landing && name === landing.from)?.from ?? from;
}

/** Which log a plan is shown for: they keep other topics for the engine. */
export type ShownLog = 'embedded' | 'kafka';

/** A topic of a plan as it is called on the log: of feeds, exchanges and landings each incarnation, which a run makes, has its own. */
export const madeTopic = (topic: string): string => topic.replace(/^(_millrace\.[^.]+\.(?:feed|x|land)\.)/, '$1<incarnation>.');

/** What the engine keeps for itself: its journal, the records of plans, and on Kafka its state. */
export function engineTopics(
  plan: Plan,
  log: ShownLog,
): readonly { readonly topic: string; readonly kind: string; readonly partitions: number }[] {
  return [
    ...plan.topics.filter(({ kind }) => kind === 'journal'),
    { topic: plansTopic(plan.pipeline), kind: 'plans', partitions: 1 },
    ...(log === 'kafka' ? [{ topic: stateTopic(plan.pipeline, plan.tasks), kind: 'state', partitions: plan.tasks }] : []),
  ];
}
