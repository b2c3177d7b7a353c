import type { DataType, Schema } from 'apache-arrow';
import { columnIndex } from '../contract/batch.ts';
import type { Kernel } from '../contract/kernel.ts';
import type { KernelContext, Operator } from '../contract/operator.ts';

/** An operator with parameters and input schemas: what a law is about. */
export interface Subject {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Schema>>;
  readonly outputs: Readonly<Record<string, Schema>>;
  /** Columns it groups by; null: any row can go anywhere. */
  readonly groups: readonly string[] | null;
  /** Event-time column of each input port: `ts_event`, else `ts_recv`, else null. */
  readonly time: Readonly<Record<string, string | null>>;
  create(): Kernel;
  /** Null where the operator has no kernel beside its native one. */
  readonly reference: (() => Kernel) | null;
}

/** Why an operator cannot be had with these parameters or input schemas. */
export class SubjectFault extends Error {
  readonly faults: readonly string[];

  constructor(operator: string, faults: readonly string[]) {
    super(`operator "${operator}": ${faults.join('; ')}`);
    this.name = 'SubjectFault';
    this.faults = faults;
  }
}

/** The operator as the compiler would make it; `params` as in the pipeline file. Throws a `SubjectFault`. */
export function subjectOf<P>(
  operator: Operator<P>,
  params: unknown,
  inputs: Readonly<Record<string, Schema>>,
  files: ReadonlyMap<string, string> = new Map(),
): Subject {
  const parsed = operator.params.safeParse(params);
  if (!parsed.success) {
    throw new SubjectFault(
      operator.name,
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'parameters'}: ${issue.message}`),
    );
  }
  const faults: string[] = [];
  const outputs = operator.schema({
    params: parsed.data,
    inputs,
    column(name, accepts, _place, port): DataType | null {
      const schema = port === undefined ? Object.values(inputs)[0] : inputs[port];
      const type = schema?.fields[columnIndex(schema, name)]?.type ?? null;
      if (type === null) faults.push(`there is no column "${name}"`);
      else if (!accepts.accepts(type)) faults.push(`column "${name}" is ${type}, wanted ${accepts.wanted}`);
      return type !== null && accepts.accepts(type) ? type : null;
    },
    file: (path) => (files.has(path) ? Buffer.from(files.get(path) ?? '') : null),
    fault(code, message) {
      faults.push(`${code}: ${message}`);
    },
  });
  if (outputs === null || faults.length > 0) throw new SubjectFault(operator.name, faults.length > 0 ? faults : ['it gives no schema']);
  const context: KernelContext<P> = { params: parsed.data, inputs, outputs, files };
  const { reference } = operator;
  return {
    name: operator.name,
    inputs,
    outputs,
    groups: operator.groups(parsed.data, inputs),
    time: Object.fromEntries(Object.entries(inputs).map(([port, schema]) => [port, timeColumn(schema)])),
    create: () => operator.create(context),
    reference: reference ? () => reference.call(operator, context) : null,
  };
}

/** `ts_event`, else `ts_recv`, else null. */
export function timeColumn(schema: Schema): string | null {
  return ['ts_event', 'ts_recv'].find((name) => columnIndex(schema, name) >= 0) ?? null;
}
