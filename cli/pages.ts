import { DESCRIPTION } from '../graph/contract/columns.ts';
import type { ConnectionDeclaration } from '../graph/contract/connection.ts';
import type { SourceDeclaration } from '../graph/contract/connector.ts';
import type { Format } from '../graph/contract/format.ts';
import type { Operator } from '../graph/contract/operator.ts';
import type { Registry } from '../graph/contract/registry.ts';
import { typeName } from '../graph/plan/stream.ts';
import { exampleOf } from './commands/operators.ts';
import { operatorReference, type Parameter, parametersOf } from './reference.ts';

/** Pages of the reference in Markdown, derived from the declarations; `scripts/generate-docs.js` writes them. */

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;

/** Rows of cells under a head, as Markdown. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

/** Parameters with their types, defaults and meanings. */
export function parameterTable(params: readonly Parameter[]): string {
  if (params.length === 0) return 'None.';
  const rows = params.map(({ name, type, required, default: fallback, description }) => [
    `\`${name}\``,
    type,
    required ? 'required' : fallback === null ? '' : `\`${fallback}\``,
    description,
  ]);
  return markdownTable(['parameter', 'type', 'default', 'meaning'], rows);
}

const GENERATED = '<!-- generated from the declarations by scripts/generate-docs.js -->';
/** A page whose first line says that it is generated. */
export const page = (...parts: readonly string[]) => `${[GENERATED, ...parts].join('\n\n')}\n`;

/** `operators/NAME/README.md`; `cases` is the text of its `cases.yaml`, which shows what it does on rows. */
export function operatorPage(operator: Operator, cases: string | null): string {
  const { summary, source, determinism, params, inputs, outputs } = operatorReference(operator);
  const ports = (list: readonly { name: string; description: string; optional?: boolean }[]) =>
    markdownTable(
      ['port', 'rows'],
      list.map(({ name, description, optional }) => [`\`${name}\`${optional ? ' (optional)' : ''}`, description]),
    );
  return page(
    `# ${operator.name}`,
    summary,
    ...(source === null ? [] : [`Source: ${source}`]),
    ...(determinism === 'exact' ? [] : ['Its output may differ from run to run, so it is recorded in a topic that downstream nodes read.']),
    `\`\`\`yaml\n${exampleOf(operator)}\n\`\`\``,
    '## Parameters',
    parameterTable(params),
    '## Inputs',
    ports(inputs),
    '## Outputs',
    ports(outputs),
    ...(cases === null ? [] : ['What it does on rows, with the source of every number: [cases.yaml](cases.yaml).']),
  );
}

/** `docs/operators.md`: all operators with their summaries. */
export function operatorsPage(operators: readonly Operator[]): string {
  const rows = operators.map(({ name, summary }) => [`[${name}](../operators/${name}/README.md)`, summary]);
  return page(
    '# Operators',
    'Nodes of a pipeline; `millrace operators NAME` tells the same on the command line.',
    markdownTable(['operator', 'what it does'], rows),
  );
}

/** `docs/connectors.md`: what can be read and written. */
export function connectorsPage({ connectors, connections }: Registry): string {
  const sections = [...connectors.values()].flatMap(({ name, summary, connection, source, sink }) => [
    `## ${name}`,
    summary,
    ...(connection === null ? [] : [`Its address is \`connections: { ${connection}: ... }\`.`, ...optionsOf(connections?.get(connection))]),
    ...(source === undefined
      ? []
      : ['### Source', ...formatsOf(source.formats), parameterTable(parametersOf(source.params)), ...columnsOf(source)]),
    ...(sink === undefined ? [] : ['### Sink', parameterTable(parametersOf(sink.params))]),
  ]);
  return page('# Connectors', 'Outside systems that a pipeline reads and writes, besides topics.', ...sections);
}

/** The columns of a source that knows them. */
function columnsOf({ schema, time, key }: SourceDeclaration): string[] {
  if (!schema) return [];
  const rows = schema().fields.map((field) => {
    const { name, nullable } = field;
    return [`\`${name}\``, typeName(field.type), nullable ? 'may be null' : '', field.metadata.get(DESCRIPTION) ?? ''];
  });
  const defaults = [...(time ? [`\`time: ${time}\``] : []), ...(key ? [`\`key: ${key.join(', ')}\``] : [])];
  const known = defaults.length === 0 ? '' : `; unless the file says otherwise, ${defaults.join(' and ')}`;
  return [`Its columns${known}:`, markdownTable(['column', 'type', '', 'meaning'], rows)];
}

/** What `options:` of a connection may hold. */
function optionsOf(declared: ConnectionDeclaration | undefined): string[] {
  if (!declared || !('params' in declared)) return [];
  const head = `### Options of the connection\n\nUnder \`connections: { ${declared.name}: { url: ..., options: { ... } } }\`.`;
  return [head, parameterTable(parametersOf(declared.params)).replace('| parameter |', '| option |')];
}

function formatsOf(formats: readonly string[]): string[] {
  return formats.length === 0 ? [] : [`Formats: ${formats.map((format, i) => `\`${format}\`${i === 0 ? ' (default)' : ''}`).join(', ')}.`];
}

const SCHEMAS = { required: 'must be given', own: 'brings its own columns', carried: 'comes with the rows' } as const;

/** `docs/formats.md`: how rows are laid out in messages and files. */
export function formatsPage(formats: readonly Format[]): string {
  const sections = formats.flatMap(({ name, summary, rowsPerPayload, schema, params }) => [
    `## ${name}`,
    summary,
    `Rows a message: ${rowsPerPayload}. \`schema:\` ${SCHEMAS[schema]}.`,
    parameterTable(parametersOf(params)),
  ]);
  return page('# Formats', 'How rows are laid out in the messages of a topic or the lines of a file (`format:`).', ...sections);
}
