import type { ParamPlace } from '../../graph/contract/operator.ts';
import type { ExpressionFault } from './syntax.ts';

/** Hands the faults of an expression to the compiler, each with its characters inside the parameter's text. */
export function report(
  faults: readonly ExpressionFault[],
  path: ParamPlace['path'],
  fault: (code: string, message: string, place?: ParamPlace, hint?: string) => void,
): void {
  for (const { code, message, from, to, hint } of faults) fault(code, message, { path, from, to: Math.max(to, from + 1) }, hint);
}
