import { type DataType, Float64, type Schema, Type } from 'apache-arrow';
import type { ParamPlace, SchemaRequest } from '../contract/operator.ts';
import { isDiagnosticCode } from '../diagnostics/codes.ts';
import { hintFor } from '../diagnostics/nearest.ts';
import { type Span, valueAt } from '../document/value.ts';
import type { ResolvedOperator } from '../resolve/resolved.ts';
import type { Scope } from '../resolve/scope.ts';
import { showSchema, typeName } from './stream.ts';
import { showRef } from './words.ts';

/** What an operator's schema function is handed: its faults become diagnostics at the place in `with:` that caused them. */
export function schemaRequest(
  node: ResolvedOperator,
  inputs: Readonly<Record<string, Schema>>,
  { say, paths }: Pick<Scope, 'say' | 'paths'>,
): { readonly request: SchemaRequest<unknown>; faults(): number } {
  let faults = 0;
  const upstream = (port: string): string =>
    node.inputs
      .find((input) => input.port === port)
      ?.edges.map((edge) => `"${showRef(edge)}"`)
      .join(', ') ?? 'nothing';
  const request: SchemaRequest<unknown> = {
    params: node.params,
    inputs,
    column(name, test, place, given): DataType | null {
      const port = given ?? node.inputs[0]?.port ?? '';
      const schema = inputs[port];
      if (!schema) return null;
      const field = schema.fields.find((candidate) => candidate.name === name);
      if (field && test.accepts(field.type)) return field.type;
      faults += 1;
      const span = spanOf(node, place);
      const who = `operator "${node.operator.name}"`;
      const from = upstream(port);
      if (!field)
        say(
          'column-unknown',
          span,
          `${who} needs column "${name}", which ${from} does not have`,
          hintFor(
            name,
            schema.fields.map((other) => other.name),
            `columns of ${from}`,
          ),
        );
      else
        say(
          'column-type',
          span,
          `${who} needs column "${name}" to be ${test.wanted}, but ${from} gives ${typeName(field.type)}`,
          `${floatHint(field.type, test.accepts)}${from} gives: ${showSchema(schema)}.`,
        );
      return null;
    },
    file(path) {
      const absolute = node.binaries[path] ?? node.files[path];
      return absolute === undefined ? null : (paths.files.bytes?.(absolute) ?? null);
    },
    fault(code, message, place, hint) {
      faults += 1;
      const shown = isDiagnosticCode(code) ? message : `${message} (${code})`;
      say(isDiagnosticCode(code) ? code : 'operator-refused', spanOf(node, place), shown, hint ?? columnsHint(code, inputs, upstream));
    },
  };
  return { request, faults: () => faults };
}

/** How a whole number becomes what an operator takes, where that is a number with a fraction. */
function floatHint(given: DataType, accepts: (type: DataType) => boolean): string {
  return given.typeId === Type.Int && accepts(new Float64()) ? 'Declare it float64 under "schema:" of its source. ' : '';
}

function columnsHint(code: string, inputs: Readonly<Record<string, Schema>>, upstream: (port: string) => string): string | undefined {
  if (code !== 'column-unknown' && code !== 'column-type') return undefined;
  return Object.entries(inputs)
    .map(([port, schema]) => `${upstream(port)} gives: ${showSchema(schema)}.`)
    .join(' ');
}

/** A place in the parameters as a span: exact inside a string that stands in the file letter by letter, else the whole value. */
function spanOf(node: ResolvedOperator, place: ParamPlace | undefined): Span {
  if (!node.given) return node.useSpan;
  const { value, depth } = valueAt(node.given, place?.path ?? []);
  if (!place || depth < place.path.length) return depth === 0 ? node.useSpan : value.span;
  if (value.kind !== 'scalar' || value.textFrom === null || place.from === undefined) return value.span;
  return { from: value.textFrom + place.from, to: value.textFrom + (place.to ?? place.from + 1) };
}
