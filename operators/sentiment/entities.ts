import { MillraceError } from '../../graph/contract/error.ts';
import type { FileFault } from '../../graph/contract/operator.ts';
import { type Cell, csvLines, type TextFault } from '../text/csv.ts';

/** What an entity table says of one. */
export interface Entity {
  readonly name: string;
  /** Null where the table gives none. */
  readonly symbol: string | null;
  readonly aliases: readonly string[];
}

/** Longest alias, in characters. */
const LONGEST = 200;

type Say = (cell: Pick<Cell, 'from' | 'to'>, message: string, hint?: string) => void;

/**
 * Reads an entity table with every fault at its place: `symbol,name,alias` (a line an alias; lines of one symbol and name are one entity), or
 * `,Symbol,Entity` as SEntFiN has it (a line an entity, its aliases in one quoted cell; the first is its name).
 */
export function parseEntities(text: string): { readonly entities: readonly Entity[]; readonly faults: readonly TextFault[] } {
  const faults: TextFault[] = [];
  const say: Say = ({ from, to }, message, hint) =>
    void faults.push({ from, to: Math.max(to, from + 1), message, ...(hint === undefined ? {} : { hint }) });
  const [header = [], ...lines] = csvLines(text, faults);
  const names = header.map((cell) => cell.text).join(',');
  const read = names === 'symbol,name,alias' ? aliasLine : names === ',Symbol,Entity' ? entityLine : null;
  if (read === null) {
    const first = header[0] ?? { from: 0, to: 1 };
    say({ from: first.from, to: header.at(-1)?.to ?? 1 }, `an entity table has the columns symbol,name,alias, not "${names}"`);
    return { entities: [], faults };
  }
  const entities = new Map<string, { name: string; symbol: string | null; aliases: string[] }>();
  for (const cells of lines) {
    const [first, last] = [cells[0] as Cell, cells.at(-1) as Cell];
    if (cells.length !== 3) {
      say({ from: first.from, to: last.to }, `${cells.length} cells under 3 columns`, 'A cell with a comma in it is to stand in quotes.');
      continue;
    }
    const line = read(cells as [Cell, Cell, Cell], say);
    if (line === null) continue;
    const key = JSON.stringify([line.symbol, line.name]);
    const entity = entities.get(key) ?? { ...line, aliases: [] };
    entity.aliases.push(...line.aliases);
    entities.set(key, entity);
  }
  if (entities.size === 0 && faults.length === 0) say({ from: 0, to: 1 }, 'the entity table has no entity');
  return { entities: [...entities.values()], faults };
}

function aliasLine([symbol, name, alias]: readonly [Cell, Cell, Cell], say: Say): Entity | null {
  if (name.text === '') say(name, 'name is empty');
  if (!isAlias(alias, say) || name.text === '') return null;
  return { name: name.text, symbol: symbol.text || null, aliases: [alias.text] };
}

function entityLine([_number, symbol, list]: readonly [Cell, Cell, Cell], say: Say): Entity | null {
  const aliases: Cell[] = [];
  let at = list.at;
  for (const part of list.text.split(',')) {
    const from = at + part.length - part.trimStart().length;
    aliases.push({ text: part.trim(), from, to: from + part.trim().length, at: from });
    at += part.length + 1;
  }
  const good = aliases.filter((alias) => isAlias(alias, say)).map((alias) => alias.text);
  return good[0] === undefined ? null : { name: good[0], symbol: symbol.text || null, aliases: good };
}

function isAlias(alias: Cell, say: Say): boolean {
  if (!/[\p{Alphabetic}\p{N}]/u.test(alias.text)) {
    say(alias, alias.text === '' ? 'alias is empty' : `alias "${alias.text}" has no letter or digit`);
    return false;
  }
  if (alias.text.length > LONGEST) say(alias, `alias has ${alias.text.length} characters, more than ${LONGEST}`);
  return alias.text.length <= LONGEST;
}

/** Every fault of the entity table that a node names. */
export function inspectEntities(path: string, files: ReadonlyMap<string, string>): readonly FileFault[] {
  return parseEntities(files.get(path) ?? '').faults.map((fault) => ({ path, ...fault }));
}

/** The entity table of a node; throws `entities-invalid` with every fault and its line. */
export function entitiesOf(path: string, files: ReadonlyMap<string, string>): readonly Entity[] {
  const { entities, faults } = parseEntities(textOf(path, files));
  refuse(path, files, faults, 'entities-invalid');
  return entities;
}

/** The text of a file that was loaded. */
export function textOf(path: string, files: ReadonlyMap<string, string>): string {
  const text = files.get(path);
  if (text === undefined) throw new MillraceError(`"${path}" was not loaded`, { code: 'file-absent', domain: 'internal' });
  return text;
}

/** Throws where there are faults, with the line of each. */
export function refuse(path: string, files: ReadonlyMap<string, string>, faults: readonly TextFault[], code: string): void {
  if (faults.length === 0) return;
  const text = textOf(path, files);
  const shown = faults.map(({ from, message }) => `${path}:${text.slice(0, from).split('\n').length}: ${message}`);
  throw new MillraceError(shown.join('\n'), { code, domain: 'user', remedy: `correct ${path}` });
}
