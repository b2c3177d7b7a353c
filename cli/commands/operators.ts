import type { Operator } from '../../graph/contract/operator.ts';
import { usage } from '../exit.ts';
import { operatorReference } from '../reference.ts';
import { declarations } from '../registry.ts';
import { out, outJson, paintOut, table } from '../terminal.ts';

export interface OperatorsOptions {
  readonly json?: boolean;
}

/** A node of the pipeline file that uses the operator, with what it cannot do without. */
export function exampleOf(operator: Operator): string {
  const { params, inputs } = operatorReference(operator);
  const needed = params.filter((param) => param.required && !/[.[]/.test(param.name)).map((param) => `${param.name}: <${param.type}>`);
  const ports = inputs.filter((port) => !port.optional);
  const from = ports.length <= 1 ? 'a_node' : `{ ${ports.map((port) => `${port.name}: ${port.name}_node`).join(', ')} }`;
  const values = needed.length === 0 ? '' : `, with: { ${needed.join(', ')} }`;
  return `my_${operator.name}: { use: ${operator.name}, from: ${from}${values} }`;
}

function details(operator: Operator): string {
  const { summary, source, determinism, params, inputs, outputs } = operatorReference(operator);
  const heading = (text: string) => paintOut.bold(text);
  const rows = params.map((param) => [
    `  ${param.name}`,
    param.type,
    param.required ? 'required' : (param.default ?? ''),
    param.description,
  ]);
  const ports = (list: readonly { name: string; description: string; optional?: boolean }[]) =>
    list.map(({ name, description, optional }) => [`  ${name}`, `${description}${optional ? ' (optional)' : ''}`]);
  return [
    `${heading(operator.name)}: ${summary}`,
    ...(source === null ? [] : [`Source: ${source}`]),
    `Output: ${determinism === 'exact' ? 'bit-equal wherever it runs' : 'recorded, as it may differ from run to run'}`,
    '',
    heading('Parameters'),
    rows.length === 0 ? '  none' : table(['  name', 'type', 'default', 'meaning'], rows),
    '',
    heading('Input ports'),
    table(['  name', 'meaning'], ports(inputs)),
    '',
    heading('Output ports'),
    table(['  name', 'meaning'], ports(outputs)),
    '',
    heading('Use'),
    `  ${exampleOf(operator)}`,
  ].join('\n');
}

/** Where something is told that is no operator: what can be read and written, and how rows are laid out; null where there is nothing. */
function elsewhere(name: string): string | null {
  const { source, sink } = declarations.connectors.get(name) ?? {};
  const uses = [
    ...(source ? [`a source: \`my_source: { ${name}: ... }\` under sources`] : []),
    ...(sink ? [`a sink: \`my_sink: { from: a_node, ${name}: ... }\` under sinks`] : []),
  ];
  if (uses.length > 0)
    return `"${name}" is ${uses.join(', and ')}; docs/connectors.md has its parameters${source?.schema ? ' and its columns' : ''}`;
  return declarations.formats.has(name) ? `"${name}" is a format: \`format: ${name}\` of a source or sink; docs/formats.md has it` : null;
}

/** Lists the operators, or tells all of one. */
export function operatorsCommand(name: string | undefined, options: OperatorsOptions): void {
  const all = [...declarations.operators.values()];
  if (name === undefined) {
    if (options.json) outJson(all.map(operatorReference));
    else
      out(
        `${table(
          ['operator', 'what it does'],
          all.map((operator) => [operator.name, operator.summary]),
        )}\n\nMore on one: millrace operators NAME`,
      );
    return;
  }
  const operator = declarations.operators.get(name);
  if (!operator)
    throw usage(`there is no operator "${name}"`, elsewhere(name) ?? `there are: ${[...declarations.operators.keys()].join(', ')}`);
  if (options.json) outJson(operatorReference(operator));
  else out(details(operator));
}
