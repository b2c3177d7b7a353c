import type { Plan, PortRef } from '../contract/plan.ts';

/** `node`, or `node.port` where the port is not the main one. */
export const showRef = ({ node, port }: PortRef): string => (port === 'out' ? node : `${node}.${port}`);

/** The port whose rows an exchange carries; other ports as they are. */
export function throughExchange(plan: Plan, ref: PortRef): PortRef {
  const exchange = plan.outputs.find(({ name, kind }) => kind === 'exchange' && name === ref.node);
  return exchange?.from[0] ?? ref;
}
