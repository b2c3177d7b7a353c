import { MillraceError } from '../../graph/contract/error.ts';
import type { FileFault } from '../../graph/contract/operator.ts';
import { decimal } from '../instruments/decimal.ts';
import { type CsvLine, readCsv, type TextFault } from './csv.ts';

/** What a shock is about. */
export const KINDS = ['symbol', 'sector', 'currency', 'all'] as const;
export type Kind = (typeof KINDS)[number];

/** A scenario: shocks in 10^-8 of the value, by kind and name; that of `all` has the name ''. */
export interface Scenario {
  readonly name: string;
  readonly shocks: Readonly<Record<Kind, ReadonlyMap<string, bigint>>>;
}

/** Decimals of a percentage that count. */
const DECIMALS = 6;
/** Largest shock, percent. */
const MOST_PCT = 10_000n;

/** Reads `scenario,kind,name,shock_pct` with every fault at its place; scenarios in the order in which they come first. */
export function parseScenarios(text: string): { readonly scenarios: readonly Scenario[]; readonly faults: readonly TextFault[] } {
  const { lines, faults } = readCsv(text, ['scenario', 'kind', 'name', 'shock_pct']);
  const scenarios = new Map<string, Record<Kind, Map<string, bigint>>>();
  for (const line of lines) {
    const read = readLine(line, faults);
    if (!read) continue;
    const shocks = scenarios.get(read.scenario) ?? { symbol: new Map(), sector: new Map(), currency: new Map(), all: new Map() };
    scenarios.set(read.scenario, shocks);
    if (shocks[read.kind].has(read.name)) {
      const what = read.kind === 'all' ? 'all' : `${read.kind} "${read.name}"`;
      faults.push({ from: line.from, to: line.to, message: `scenario "${read.scenario}" shocks ${what} twice` });
    }
    shocks[read.kind].set(read.name, read.shock);
  }
  if (scenarios.size === 0 && faults.length === 0) faults.push({ from: 0, to: 1, message: 'the file has no scenario' });
  return { scenarios: [...scenarios].map(([name, shocks]) => ({ name, shocks })), faults };
}

function readLine(
  line: CsvLine,
  faults: TextFault[],
): { readonly scenario: string; readonly kind: Kind; readonly name: string; readonly shock: bigint } | null {
  const before = faults.length;
  const say = (column: string, message: string, hint?: string): void => {
    const { from, to } = line.cell(column);
    faults.push({ from, to: Math.max(to, from + 1), message, ...(hint === undefined ? {} : { hint }) });
  };
  const [scenario, word, name, percent] = ['scenario', 'kind', 'name', 'shock_pct'].map((column) => line.cell(column).text) as [
    string,
    string,
    string,
    string,
  ];
  const kind = KINDS.find((known) => known === word);
  if (scenario === '') say('scenario', 'scenario is empty');
  if (!kind) say('kind', `kind "${word}" is not one of ${KINDS.join(', ')}`);
  else if (kind === 'all' && name !== '')
    say('name', `kind all takes no name, not "${name}"`, 'Leave the cell empty, or name a symbol, sector or currency.');
  else if (kind !== 'all' && name === '') say('name', `kind ${kind} needs a name`);
  const value = decimal(percent.replace(/^\+/, ''));
  if (value === null || value.scale > DECIMALS) {
    say('shock_pct', `shock_pct "${percent}" is not a percentage of at most ${DECIMALS} decimals such as -12.5`);
  }
  const shock = value === null ? 0n : value.digits * 10n ** BigInt(Math.max(DECIMALS - value.scale, 0));
  if (shock > MOST_PCT * 10n ** 6n || shock < -MOST_PCT * 10n ** 6n)
    say('shock_pct', `shock_pct "${percent}" is beyond ${MOST_PCT} percent`);
  return kind && faults.length === before ? { scenario, kind, name, shock } : null;
}

/** Every fault of the scenarios that a node names. */
export function inspectScenarios(path: string, files: ReadonlyMap<string, string>): readonly FileFault[] {
  return parseScenarios(files.get(path) ?? '').faults.map((fault) => ({ path, ...fault }));
}

/** The scenarios of a node; throws `scenarios-invalid` with every fault and its line. */
export function scenariosOf(path: string, files: ReadonlyMap<string, string>): readonly Scenario[] {
  const text = files.get(path);
  if (text === undefined) throw new MillraceError(`"${path}" was not loaded`, { code: 'file-absent', domain: 'internal' });
  const { scenarios, faults } = parseScenarios(text);
  if (faults.length === 0) return scenarios;
  const shown = faults.map(({ from, message }) => `${path}:${text.slice(0, from).split('\n').length}: ${message}`);
  throw new MillraceError(shown.join('\n'), { code: 'scenarios-invalid', domain: 'user', remedy: `correct ${path}` });
}
