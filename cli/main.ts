import { Command, CommanderError, Option } from 'commander';
import { EXIT, exitOf, leave } from './exit.ts';
import { printError } from './terminal.ts';
import { VERSION } from './version.ts';

const collect = (value: string, before: readonly string[] | undefined) => [...(before ?? []), value];

/** A command on a pipeline file and its local data. */
function onFile(parent: Command, name: string, summary: string): Command {
  return parent
    .command(name)
    .description(summary)
    .option('-f, --file <path>', 'pipeline file', 'pipelines.yaml')
    .option('--data-dir <path>', 'folder for local data (default: .millrace beside the file)');
}

/** A command that compiles the file. */
function onPlan(parent: Command, name: string, summary: string): Command {
  return onFile(parent, name, summary)
    .addOption(
      new Option('--broker <url>', 'broker instead of the one in the file: embedded, or kafka://host1:9092,host2:9092').env(
        'MILLRACE_BROKER',
      ),
    )
    .option('--allow-path <folder>', 'another folder that the file may name paths in (may be repeated)', collect)
    .addOption(new Option('--allow-code', 'let the file name operators of its own (use: ./operator.js)').hideHelp());
}

const examples = (command: Command, lines: readonly string[]) =>
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
/** What `run` ends with; the other commands know the first four and 5. */
const EXIT_CODES = `  0   done, or drained after Ctrl-C
  1   faults in the file
  2   a command line or data that cannot be followed
  3   the state found does not fit the file
  4   a task is parked: what held it up is told
  5   an outside system is not there
  75  ended by itself to be started again, as a call to the broker hung or its membership was lost; nothing is lost.
      Workers are started again by the process that started them (--workers), others by whatever runs them`;
const asJson = (command: Command, what: string) => command.option('--json', `one JSON document on standard output: ${what}`);
const token = () => new Option('--status-token <token>', 'token that the status endpoint asks for').env('MILLRACE_STATUS_TOKEN');

/** The command line; `finish` is told the exit code of a command that has one of its own. */
function program(finish: (code: number) => void): Command {
  const root = new Command('millrace')
    .description('One YAML file wires operators into a typed dataflow graph of market data.')
    .version(VERSION, '-V, --version')
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride();
  examples(root, ['millrace check', 'millrace run', 'millrace sql "SELECT count() FROM trades"']);

  const check = onPlan(root, 'check', 'Find every fault of the file; starts nothing.').action(async (options) =>
    finish((await import('./commands/check.ts')).checkCommand(options)),
  );
  examples(asJson(check, '{diagnostics: [{severity, code, message, file, line, column, hint?}]}'), [
    'millrace check',
    'millrace check --file examples/binance/pipelines.yaml',
    'millrace check --json',
  ]);

  const plan = onPlan(root, 'plan', 'Show what would run: keys, exchanges, topics, tasks, inserts per second.')
    .argument('[pipelines...]', 'only these')
    .addOption(new Option('--format <format>', 'how to show it').choices(['text', 'mermaid', 'json']).default('text'))
    .option('--json', 'the same as --format json')
    .action(async (names, options) => finish(await (await import('./commands/plan.ts')).planCommand(names, options)));
  examples(plan, ['millrace plan', 'millrace plan market --format mermaid', 'millrace plan --json']);

  const pin = onPlan(
    root,
    'pin',
    'Fetch the schemas that the file takes from a registry into pipelines.lock; all else works without the network.',
  ).action(async (options) => finish(await (await import('./commands/pin.ts')).pinCommand(options)));
  examples(asJson(pin, '{file, subjects: [{subject, latest, id}]}'), ['millrace pin', 'millrace pin --json']);

  const run = onPlan(root, 'run', 'Run the pipelines of the file until they end or Ctrl-C.')
    .argument('[pipelines...]', 'only these')
    .option('--workers <n>', 'run as so many processes of this machine, which share the tasks; needs a Kafka broker')
    .addOption(
      new Option(
        '--instance <name>',
        'name of this process that stays over a restart and that no other has: it is back at once (Kafka)',
      ).env('MILLRACE_INSTANCE'),
    )
    .option('--for <duration>', 'drain and stop after this long, e.g. 30s')
    .option('--status-port <port>', 'port of the status endpoint (default: 8780, or the next free one)')
    .option('--status-host <address>', 'address of the status endpoint; other than loopback needs a token', '127.0.0.1')
    .addOption(token())
    .option('--lose-state', 'start from nothing: the state found is left behind; of several workers only where it does not fit the file')
    .action(async (names, options) => finish(await (await import('./commands/run.ts')).runCommand(names, options)));
  examples(asJson(run, '{pipeline, seconds, epochs, nodes, sinks} when it has ended'), [
    'millrace run',
    'millrace run market --for 30s --json',
    'millrace run --broker kafka://localhost:9092 --workers 4',
    'millrace run --data-dir /tmp/trial',
  ]).addHelpText('after', `\nExit codes:\n${EXIT_CODES}`);

  const test = onPlan(root, 'test', 'Hold pipelines over history to what must be true of them.')
    .argument('[pipelines...]', 'only these')
    .option('--leaks', 'nothing that a node says may depend on what comes later: the future is shuffled, and the past must not move')
    .option('--cuts <n>', 'times from which on it is shuffled', '3')
    .option('--seed <n>', 'of the shuffles', '1')
    .action(async (names, options) => finish(await (await import('./commands/test.ts')).testCommand(names, options)));
  examples(asJson(test, '{seed, pipelines: [{pipeline, rows, refused, cuts, ports, unseen, leaks}]}'), [
    'millrace test --leaks',
    'millrace test --leaks signals --cuts 10 --seed 7 --json',
  ]).addHelpText(
    'after',
    '\nSources must end: files, not topics or feeds. Exits with 1 when something leaks, or when nothing of a port could be compared.',
  );

  const train = onPlan(root, 'train', 'Make the models of the file of history: ONNX, a card that pins it, and a report.')
    .argument('[pipelines...]', 'only these')
    .action(async (names, options) => finish(await (await import('./commands/train.ts')).trainCommand(names, options)));
  examples(asJson(train, '{models: [{pipeline, sink, model, report, sha256, rows, metrics}]}'), [
    'millrace train',
    'millrace train --file examples/signals/train.yaml --json',
  ]).addHelpText(
    'after',
    '\nA model is a sink: { from: labelled, model: { path: models/m.onnx, features: [imbalance, spread] } }. Sources must end.',
  );

  const status = onFile(root, 'status', 'Show the running instance.')
    .option('--watch', 'until Ctrl-C')
    .addOption(token())
    .action(async (options) => (await import('./commands/status.ts')).statusCommand(options));
  examples(asJson(status, 'what /status answers'), ['millrace status', 'millrace status --watch', 'millrace status --json']);

  const sql = onFile(root, 'sql', 'Ask ClickHouse: the one of the file, or the embedded one, started when none runs.')
    .argument('[query]', 'SQL; from standard input when left out')
    .action(async (query, options) => (await import('./commands/sql.ts')).sqlCommand(query, options));
  examples(asJson(sql, 'an array of objects; integers beyond 2^53 as strings'), [
    'millrace sql "SELECT count() FROM trades"',
    'millrace sql --json "SELECT symbol, max(high) FROM bars GROUP BY symbol"',
    'millrace sql < report.sql',
  ]);

  const operators = root
    .command('operators')
    .description('List the operators, or tell all of one.')
    .argument('[name]', 'an operator')
    .action(async (name, options) => (await import('./commands/operators.ts')).operatorsCommand(name, options));
  examples(asJson(operators, 'the declarations'), ['millrace operators', 'millrace operators bars']);

  const schema = root
    .command('schema')
    .description("Print the JSON Schema of the file, for an editor's completion and hover.")
    .action(async () => (await import('./commands/schema.ts')).schemaCommand());
  examples(schema, [
    'millrace schema > pipelines.schema.json',
    '# then, as first line of the file:',
    '# yaml-language-server: $schema=./pipelines.schema.json',
  ]);

  const reset = onFile(root, 'reset', 'Delete local data: log, state and embedded tables.')
    .option('-y, --yes', 'do not ask')
    .action(async (options) => (await import('./commands/reset.ts')).resetCommand(options));
  examples(asJson(reset, '{deleted, bytes}'), ['millrace reset', 'millrace reset --yes --data-dir /tmp/trial']);
  return root;
}

/** Runs one command line and ends the process with its exit code. */
export async function main(args: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.internal));
  let code: number = EXIT.done;
  try {
    await program((given) => {
      code = given;
    }).parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) code = error.exitCode === 0 ? EXIT.done : EXIT.usage;
    else {
      printError(error);
      code = exitOf(error);
    }
  }
  leave(code);
}
