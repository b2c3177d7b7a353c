import type { FileFault } from '../../graph/contract/operator.ts';
import { csvLines, type TextFault } from '../text/csv.ts';
import { refuse, textOf } from './entities.ts';

/** Reads `source,credibility`, with every fault at its place. */
export function parseSources(text: string): { readonly sources: ReadonlyMap<string, number>; readonly faults: readonly TextFault[] } {
  const faults: TextFault[] = [];
  const say = (from: number, to: number, message: string) => void faults.push({ from, to: Math.max(to, from + 1), message });
  const [header = [], ...lines] = csvLines(text, faults);
  const names = header.map((cell) => cell.text).join(',');
  const sources = new Map<string, number>();
  if (names !== 'source,credibility') {
    say(header[0]?.from ?? 0, header.at(-1)?.to ?? 1, `a table of sources has the columns source,credibility, not "${names}"`);
    return { sources, faults };
  }
  for (const cells of lines) {
    const [source, credibility] = cells;
    if (!source || !credibility || cells.length !== 2) {
      say(cells[0]?.from ?? 0, cells.at(-1)?.to ?? 1, `${cells.length} cells under 2 columns`);
      continue;
    }
    const value = /^\d*\.?\d+$/.test(credibility.text) ? Number(credibility.text) : Number.NaN;
    if (!(value >= 0 && value <= 1)) say(credibility.from, credibility.to, `credibility "${credibility.text}" is not a number from 0 to 1`);
    if (source.text === '') say(source.from, source.to, 'source is empty');
    else if (sources.has(source.text)) say(source.from, source.to, `source "${source.text}" is there twice`);
    sources.set(source.text, value);
  }
  return { sources, faults };
}

/** Every fault of the table of sources that a node names. */
export function inspectSources(path: string, files: ReadonlyMap<string, string>): readonly FileFault[] {
  return parseSources(files.get(path) ?? '').faults.map((fault) => ({ path, ...fault }));
}

/** Credibility by source: the map itself, or that of the table named; throws `sources-invalid` with every fault and its line. */
export function sourcesOf(
  given: string | Readonly<Record<string, number>>,
  files: ReadonlyMap<string, string>,
): Readonly<Record<string, number>> {
  if (typeof given !== 'string') return given;
  const { sources, faults } = parseSources(textOf(given, files));
  refuse(given, files, faults, 'sources-invalid');
  return Object.fromEntries(sources);
}
