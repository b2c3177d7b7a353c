import { rowText } from './canonical.ts';
import type { LawName, Violation } from './drive.ts';
import { isWatched, LAWS, watchAll } from './laws.ts';
import { Random } from './random.ts';
import type { Subject } from './subject.ts';
import { type DraftRow, type Tape, type TapeOptions, tapeFor, tapeOf } from './tape.ts';

export interface CheckOptions extends TapeOptions {
  readonly seed: number;
  /** How many tapes each law is tried on. */
  readonly tapes: number;
  readonly laws?: readonly LawName[];
}

/** Holds an operator to the laws over generated input; every violated law once, with its seed and the fewest rows that show it. */
export function checkLaws(subject: Subject, options: CheckOptions): Violation[] {
  const names = options.laws ?? (Object.keys(LAWS) as LawName[]);
  const found = new Map<LawName, Violation>();
  for (let seed = options.seed; seed < options.seed + options.tapes; seed++) {
    const tape = tapeFor(new Random(seed), subject, options);
    const open = names.filter((name) => !found.has(name));
    const watched = watchAll(subject, tape, new Random(seed), open.filter(isWatched));
    for (const name of open) {
      const first = isWatched(name) ? watched.find(({ law }) => law === name) : LAWS[name](subject, tape, new Random(seed), options)[0];
      if (!first) continue;
      const often = (some: Tape): Violation | undefined =>
        firstOf(RESEEDS, (j) => LAWS[name](subject, some, new Random(seed + j), options)[0]);
      found.set(name, described(subject, shrunk(subject, tape, often), seed, often));
    }
  }
  return names.flatMap((name) => found.get(name) ?? []);
}

/** Fewer rows are rarely cut where it hurts: the choices of several seeds are tried. */
const RESEEDS = [0, 7919, 15838, 23757, 31676, 39595];

function firstOf<T, R>(items: readonly T[], of: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = of(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The tape with rows left out as long as the law stays violated. */
function shrunk(subject: Subject, tape: Tape, violated: (tape: Tape) => Violation | undefined): Tape {
  let best = tape;
  let tries = 200;
  for (let size = Math.ceil(tape.rows.length / 2); size >= 1 && tries > 0; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let from = 0; from < best.rows.length && best.rows.length > 1 && tries-- > 0; ) {
      const drafts: DraftRow[] = best.rows.filter((_, i) => i < from || i >= from + size);
      const smaller = drafts.length > 0 ? tapeOf(subject, drafts, best) : best;
      if (smaller !== best && violated(smaller)) best = smaller;
      else from += size;
    }
  }
  return best;
}

function described(subject: Subject, tape: Tape, seed: number, violated: (tape: Tape) => Violation | undefined): Violation {
  const { law, message } = violated(tape) as Violation;
  const rows = tape.rows.map(({ port, partition, late, row }) => `    ${port}/${partition}${late ? ' late' : ''} ${rowText(row)}`);
  return { law, message: `${subject.name}, seed ${seed}: ${message}\n  rows read, lateness ${tape.latenessNs} ns:\n${rows.join('\n')}` };
}
