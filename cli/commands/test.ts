import type { Plan, PortRef } from '../../graph/contract/plan.ts';
import { type RefusedRows, refusedText } from '../../graph/contract/refused.ts';
import { readHistory } from '../../graph/run/history.ts';
import { Refused } from '../../graph/run/refused.ts';
import { findLeaks, type Leak, type LeakReport, type Unseen } from '../../graph/test-kit/leaks.ts';
import { compileHistory } from '../compile.ts';
import { EXIT, usage } from '../exit.ts';
import { declarations } from '../registry.ts';
import { chosen, type FileOptions, type Place, placeOf } from '../settings.ts';
import { count, note, out, outJson, paintErr, plural } from '../terminal.ts';
import { diagnosticJson } from './check.ts';

export interface TestOptions extends FileOptions {
  readonly leaks?: boolean;
  readonly cuts: string;
  readonly seed: string;
  readonly json?: boolean;
}

/** Holds the pipelines of the file to what was asked; gives the exit code. */
export async function testCommand(names: readonly string[], options: TestOptions): Promise<number> {
  if (!options.leaks) throw usage('nothing is asked of test', 'add --leaks: nothing that a node says may depend on what comes later');
  const [cuts, seed] = [wholeNumber(options.cuts, '--cuts', 1, 100), wholeNumber(options.seed, '--seed', 0, 2 ** 32 - 1)];
  const place = placeOf(options);
  const { diagnostics, plans, failed } = compileHistory(place, options, names);
  if (failed) {
    if (options.json) outJson({ diagnostics: diagnostics.map(diagnosticJson) });
    return EXIT.diagnostics;
  }
  const reports: Reported[] = [];
  for (const plan of chosen(plans, names)) reports.push(await leaksOf(plan, place, cuts, seed));
  if (options.json) outJson({ seed, pipelines: reports.map(reportJson) });
  else for (const { pipeline, report } of reports) out(reportText(pipeline, report));
  return reports.some(({ report }) => report.leaks.length + report.unseen.length > 0) ? EXIT.diagnostics : EXIT.done;
}

interface Reported {
  readonly pipeline: string;
  readonly report: LeakReport;
  readonly refused: readonly RefusedRows[];
}

async function leaksOf(plan: Plan, place: Place, cuts: number, seed: number): Promise<Reported> {
  note(`${plan.pipeline}: reading its sources`);
  const surroundings = { registry: declarations, folder: place.folder, note };
  const refused = new Refused();
  const history = await readHistory(plan, surroundings, refused);
  const progress = (line: string): void => note(`${plan.pipeline}: ${line}`);
  const report = await findLeaks({ plan, registry: declarations, history, seed, cuts, refused, progress });
  if (refused.all().length > 0) progress(`refused: ${refusedText(refused.all())}`);
  return { pipeline: plan.pipeline, report, refused: refused.all() };
}

function wholeNumber(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw usage(`${option} is ${text}`, `write a whole number from ${least} to ${most}`);
}

/** An instant to the ns, as SQL shows it. */
function instant(ns: bigint): string {
  const seconds = ns / 1_000_000_000n - (ns % 1_000_000_000n < 0n ? 1n : 0n);
  const rest = ns - seconds * 1_000_000_000n;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(rest).padStart(9, '0')}Z`;
}

function reportJson({ pipeline, report: { leaks, unseen, ports, cutsNs, rows }, refused }: Reported) {
  return {
    pipeline,
    rows,
    refused,
    cuts: cutsNs.map(instant),
    ports: ports.map(({ node, port, rows: compared }) => ({ node, port, rows: compared })),
    unseen: unseen.map(({ happenedNs, reachedNs, ...port }) => ({ ...port, happened: instant(happenedNs), reached: instant(reachedNs) })),
    leaks: leaks.map(({ cutNs, ...leak }) => ({ ...leak, cut: instant(cutNs) })),
  };
}

function reportText(pipeline: string, { leaks, unseen, ports, cutsNs, rows }: LeakReport): string {
  const looked = ports.reduce((sum, port) => sum + port.rows, 0);
  const names = (of: readonly PortRef[]): string => of.map(({ node, port }) => `${node}.${port}`).join(', ');
  const silent = ports.filter(
    (port) => port.rows === 0 && !unseen.some(({ node, port: name }) => node === port.node && name === port.port),
  );
  const head = `${pipeline}: ${count(rows)} rows read, the future shuffled ${plural(cutsNs.length, 'time')}, ${count(looked)} rows of ${plural(ports.length, 'port')} compared`;
  const tail = [
    ...unseenText(unseen),
    ...(silent.length === 0 ? [] : [`  said nothing by then, so that nothing is shown of them: ${names(silent)}`]),
  ];
  if (leaks.length === 0) return [`${head}: none depends on what comes later`, ...tail].join('\n');
  return [head, ...leaks.flatMap(leakText), ...tail].join('\n');
}

/** Why nothing is shown of ports that had rows. */
function unseenText(unseen: readonly Unseen[]): readonly string[] {
  return unseen.flatMap(({ node, port, rows, column, happenedNs, reachedNs }) => [
    `${paintErr.red('not shown')}: nothing of the ${plural(rows, 'row')} of ${node}.${port} could be compared`,
    `  a row with ts_event ${instant(happenedNs)} came at ${column} ${instant(reachedNs)}, and what is said from the one to the other may depend on it`,
    '  drop or refuse rows whose clock is wrong where they come in, or give more history after them, or more --cuts',
  ]);
}

function leakText({ node, port, cutNs, rows, before, after }: Leak): readonly string[] {
  return [
    `${paintErr.red('leak')}: ${plural(rows, 'row')} of ${node}.${port} up to ${instant(cutNs)} changed with what comes after`,
    ...(before === null ? [] : [`  was     ${before}`]),
    ...(after === null ? [] : [`  became  ${after}`]),
  ];
}
