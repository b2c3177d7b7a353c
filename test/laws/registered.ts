import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Operator } from '../../graph/contract/operator.ts';
import { type CaseFile, readCaseFile } from '../../graph/test-kit/case-file.ts';

const FOLDER = fileURLToPath(new URL('../../operators/', import.meta.url));

/** An operator's folder: what it declares, and its examples. */
export interface OperatorFolder {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types
  readonly operator: Operator<any>;
  /** Null when it has none that can be read; then `fault` says why. */
  readonly cases: CaseFile | null;
  readonly fault: unknown;
  /** Contents of a file that parameters name: the case's own, else one in the operator's folder or the project. */
  files(params: Readonly<Record<string, unknown>>, own: ReadonlyMap<string, string>): ReadonlyMap<string, string>;
}

/** Every operator of the project; a folder with an `operator.ts` is one. */
export async function operatorFolders(): Promise<OperatorFolder[]> {
  const names = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'operator.ts')));
  return Promise.all(names.map(folderOf));
}

async function folderOf(name: string): Promise<OperatorFolder> {
  const module = (await import(pathToFileURL(join(FOLDER, name, 'operator.ts')).href)) as Record<string, unknown>;
  const operator = Object.values(module).find(isOperator);
  if (!operator) throw new TypeError(`operators/${name}/operator.ts exports no operator`);
  return {
    name,
    operator,
    ...casesOf(join(FOLDER, name, 'cases.yaml')),
    files: (params, own) => {
      const parsed = operator.params.safeParse(params);
      const named = parsed.success ? (operator.files?.(parsed.data) ?? []) : [];
      const found = named
        .filter(({ path, binary }) => !binary && !own.has(path))
        .map((file): [string, string] => [file.path, contents(name, file.path)]);
      return new Map([...own, ...found]);
    },
  };
}

function casesOf(path: string): Pick<OperatorFolder, 'cases' | 'fault'> {
  try {
    return { cases: readCaseFile(readFileSync(path, 'utf8')), fault: null };
  } catch (fault) {
    return { cases: null, fault };
  }
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function isOperator(value: unknown): value is Operator<any> {
  return typeof value === 'object' && value !== null && 'create' in value && 'semantics' in value;
}

function contents(operator: string, path: string): string {
  const found = [join(FOLDER, operator, path), join(FOLDER, '..', path)].find((candidate) => existsSync(candidate));
  if (found === undefined) throw new TypeError(`the parameters of ${operator} name the file "${path}", which is not there`);
  return readFileSync(found, 'utf8');
}
