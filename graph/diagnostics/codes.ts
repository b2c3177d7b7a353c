// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of variables in a pipeline file

/** What a code stands for, declared once: severity, what it says and what to do; the reference is generated from it. */
export interface CodeEntry {
  readonly severity: 'error' | 'warning';
  /** One sentence. */
  readonly explanation: string;
  readonly remedy: string;
}

const error = (explanation: string, remedy: string): CodeEntry => ({ severity: 'error', explanation, remedy });
const warning = (explanation: string, remedy: string): CodeEntry => ({ severity: 'warning', explanation, remedy });

/** Every code a diagnostic can have. */
export const CODES = {
  'file-too-large': error('The file is larger than 1 MiB.', 'Split it into several files, or move data out of it.'),
  'file-empty': error('The file holds no value.', 'Start with `version: 1` and `pipelines:`.'),
  'yaml-syntax': error(
    'The text is not YAML 1.2.',
    'Mend it where the caret points; tabs do not indent, and `{`, `:` and `#` in text need quotes.',
  ),
  'yaml-documents': error(
    'The file holds more than one YAML document.',
    'Keep one document a file; several pipelines go under `pipelines:`.',
  ),
  'yaml-too-deep': error('Values are nested deeper than 64 levels.', 'No part of the format needs so many levels.'),
  'yaml-too-many': error('The file holds more than 100,000 values once its aliases are written out.', 'Use fewer aliases (`*name`).'),
  'key-duplicate': error('A map has the same key twice.', 'Remove or rename one of them.'),
  'key-invalid': error('A key is not text, or is one that programs give a meaning of their own.', 'Use a plain word as key.'),
  'key-unknown': error('A map has a key that nobody reads.', 'Correct its spelling or remove it.'),
  'key-missing': error('A key that is needed is not there.', 'Add it.'),
  'value-type': error('A value is of another kind than is needed there.', 'Write the kind of value the message names.'),
  'value-invalid': error('A value is of the right kind and not one that is accepted there.', 'Write one of the values the message names.'),
  'variable-missing': error('`${NAME}` names an environment variable that is not set.', 'Set it, or give a default: `${NAME:-default}`.'),
  'variable-syntax': error(
    '`${` is not followed by a name and `}`.',
    'Write `${NAME}` or `${NAME:-default}`; `$${` stands for `${` itself.',
  ),
  'name-invalid': error(
    'A name is not lower snake case, is too long, or is reserved.',
    'Use up to 63 of a-z, 0-9 and _, beginning with a letter.',
  ),
  'name-duplicate': error("Two of a pipeline's sources, operators and sinks have one name.", 'Rename one of them.'),
  'connection-invalid': error(
    'A connection is neither `embedded`, where there is such a thing, nor a URL.',
    'Write an address such as `http://host:8123`.',
  ),
  'connection-missing': error(
    'A source or sink needs a connection that has no address.',
    'Give it one under `connections:`, or mark the sink `optional: true`.',
  ),
  'option-unknown': error(
    'The client of a connection has no option of that name.',
    'Correct its spelling; for a Kafka broker the names are those of librdkafka, for others docs/connectors.md has them.',
  ),
  'option-refused': error(
    'An option of a connection has a value that cannot be, or is one that Millrace sets itself: exactly once depends on it.',
    'Leave it out, or give it the value the message asks for.',
  ),
  'topic-missing': error(
    'A source reads a topic that the broker does not have and no sink of the file writes.',
    'Create it, or correct its name; Millrace creates only the topics that it writes.',
  ),
  'topic-partitions': error(
    'A sink asks for another number of partitions than its topic has on the broker.',
    'Leave `partitions:` out, or write the number it has.',
  ),
  'sink-skipped': warning(
    'A sink is left out: it is optional and its connection has no address, or it is made of history, which no run does.',
    'Give the connection an address to have it written; for a model run `millrace train`.',
  ),
  'operator-unknown': error('There is no operator of that name.', '`millrace operators` lists them.'),
  'operator-code': error(
    'An operator is a file of code; operators of your own cannot be loaded yet.',
    'Use an operator that Millrace brings; `millrace operators` lists them.',
  ),
  'connector-unknown': error('There is no connector of that name.', 'Correct its spelling, or use one that exists.'),
  'connector-missing': error('A source or sink does not say what it reads or writes.', 'Give it `topic:` or a connector such as `file:`.'),
  'connector-several': error(
    'A source or sink names more than one thing to read or write.',
    'Keep one; a second sink may have the same `from:`.',
  ),
  'connector-direction': error('The connector can only be read, or only be written.', 'Use one that can do what is asked.'),
  'format-unknown': error('There is no format of that name.', 'Use one that exists.'),
  'format-unfit': error('The format does not fit there.', 'Use one of the formats the message names.'),
  'schema-missing': error('The format cannot know the columns by itself.', 'Say them with `schema:`.'),
  'schema-unwanted': error('`schema:` is given where the columns are known already.', 'Remove it.'),
  'schema-invalid': error('The schema cannot be read.', 'Write each column with its type: `{ price: float64, ts_event: timestamp }`.'),
  'schema-unknown': error(
    'The columns of a topic are not known: nothing in this file writes it, or it depends on itself.',
    'Say them with `schema:`.',
  ),
  'param-unknown': error(
    'An operator, connector or format has no parameter of that name.',
    'Correct its spelling; `millrace operators NAME` lists them.',
  ),
  'param-missing': error('A parameter that has no default is not given.', 'Add it.'),
  'param-type': error('A parameter is of another kind than is needed.', 'Write the kind of value the message names.'),
  'param-invalid': error('A parameter has a value that is not accepted.', 'Write one of the values the message names.'),
  'node-unknown': error('`from:` names a node that does not exist.', 'Name a source or an operator of the same pipeline.'),
  'port-unknown': error('A node has no port of that name.', 'Use one of the ports the hint names.'),
  'port-record-only': error(
    'An operator reads a port whose rows are kept for the record alone, such as the answers of shadow models.',
    'Give that port a sink; what is to be used comes from the main port.',
  ),
  'port-map-needed': error(
    'An operator that needs several input ports is given a single node or a list.',
    'Say what goes where: `from: { left: a, right: b }`.',
  ),
  'port-unconnected': error('An input port that is needed has nothing connected to it.', 'Add the port to `from:`.'),
  cycle: error('Nodes feed each other in a circle.', 'Break it; feedback goes through a topic.'),
  'node-unused': warning('Nothing reads what a node makes.', 'Connect it to a sink, or remove it.'),
  'topic-invalid': error(
    "A topic's name is one that Kafka or Millrace does not allow.",
    'Use up to 249 of a-z, A-Z, 0-9, `.`, `_` and `-`, not beginning with `_millrace.`.',
  ),
  'topic-two-writers': error('Two sinks write one topic.', 'Write two topics, or unite the rows in one node first.'),
  'target-shared': error('Two sinks write to one place that cannot be shared.', 'Give each its own.'),
  'target-unequal': error(
    'Sinks write rows of different columns to one table.',
    'Write two tables, or bring the rows to the same columns first.',
  ),
  'feedback-watermark': error(
    'A topic leads back to the node that writes it, and would wait for its own watermark.',
    'Give the source `watermark: none`.',
  ),
  'file-missing': error('A file that is named does not exist.', 'Correct the path; paths are relative to the pipeline file.'),
  'file-invalid': error(
    'A file that an operator names holds what it cannot use.',
    'Mend that file where the message points; until then nothing starts.',
  ),
  'model-invalid': error(
    'A model that an operator names is damaged, is not what its card says, or does not fit the columns.',
    'Make it anew, or give it the columns and the shape that the message names.',
  ),
  'path-outside': error(
    'A path leads out of the folders that a pipeline may touch.',
    'Keep it below the pipeline file or MILLRACE_DATA, or pass `--allow-path`.',
  ),
  'key-absent': error('`key:` names a column that is not there.', 'Name one of the columns the hint lists.'),
  'key-differs': error(
    'A source says its topic is keyed in another way than this file writes it.',
    'Leave `key:` out at the source, or give it to the sink.',
  ),
  'time-absent': error('The time column is not there.', 'Name one of the columns the hint lists.'),
  'time-type': error('The time column is not a timestamp.', 'Name a timestamp column, or decode it as `timestamp`.'),
  'time-missing': error(
    'Rows are to be merged by event time, and an input has no time column.',
    'Give its source `time:`, or use `order: arrival`.',
  ),
  'column-unknown': error('A node asks for a column that its input does not have.', 'Name one of the columns the hint lists.'),
  'column-type': error('A node asks for a column of another type.', 'Use a column of the type the message names, or convert it before.'),
  'column-duplicate': error('A node would make two columns of one name.', 'Rename one of them.'),
  'expression-syntax': error('An expression cannot be read.', 'Mend it where the caret points.'),
  'expression-type': error(
    'An expression combines types that do not go together.',
    'Compare like with like: numbers with numbers, text with text.',
  ),
  'operator-refused': error(
    'An operator finds its parameters and its inputs do not go together.',
    'See the message; `millrace operators NAME` tells what it needs.',
  ),
  'union-unequal': error('Inputs that are united have different columns.', 'Bring them to the same columns with `select` first.'),
  'sink-schema': error('A sink cannot write rows with these columns.', 'See the message; `select` drops or converts columns.'),
  'exchange-tasks': error('Rows must move between more than 64 tasks.', 'Lower `tasks:`, or key the source so that no exchange is needed.'),
  'port-not-keyed': error(
    'An operator groups by columns that one of its inputs does not have, so its rows belong to no task.',
    'Give the source of that input `broadcast: true`, or add the column.',
  ),
  'port-not-broadcast': error(
    'Rows that concern all others, such as which model is to answer, would reach one task and not the others.',
    'Give the source of that input `broadcast: true`, or set `tasks: 1`.',
  ),
  'broadcast-once': error(
    'Rows that every task has would be written or united once per task.',
    'Drop `broadcast: true`, join them to keyed rows first, or set `tasks: 1`.',
  ),
  'inserts-many': warning('A table would get more than two inserts a second.', 'Lower `partitions:` of its sinks.'),
} as const satisfies Readonly<Record<string, CodeEntry>>;

/** A code of the table; any other is a type error. */
export type DiagnosticCode = keyof typeof CODES;

/** Whether a text, e.g. one that an operator reports, is a code of the table. */
export function isDiagnosticCode(code: string): code is DiagnosticCode {
  return Object.hasOwn(CODES, code);
}
