#!/usr/bin/env node
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './progress.js';

/** Stages that turn text into a plan; they may import each other, and nothing that runs. */
const COMPILER = ['graph/document', 'graph/diagnostics', 'graph/resolve', 'graph/plan'];

/** Who may import whom: a folder's own files always, and these. The longest matching folder decides. */
const ALLOWED = {
  'graph/contract': [],
  ...Object.fromEntries(COMPILER.map((stage) => [stage, ['graph/contract', ...COMPILER]])),
  'graph/wire': ['graph/contract'],
  'graph/sink': ['graph/contract'],
  'graph/run': ['graph/contract', 'graph/wire', 'graph/sink'],
  'graph/replay': ['graph/contract', 'graph/wire', 'graph/run', 'native'],
  'graph/test-kit': ['graph/contract', 'graph/wire', 'graph/sink', 'graph/run', ...COMPILER],
  operators: [
    'graph/contract',
    'native',
    'operators/expression',
    'operators/instruments',
    'operators/learning',
    'operators/money',
    'operators/onnx',
    'operators/statistics',
    'operators/text',
  ],
  connectors: ['graph/contract', 'native', 'connectors/formats', 'connectors/landed'],
  'connectors/formats': ['graph/contract', 'native', 'connectors/registry'],
  train: ['graph/contract', 'graph/test-kit', 'operators/onnx'],
  native: ['graph/contract'],
  status: ['graph/contract'],
  cli: ['graph', 'operators', 'connectors', 'native', 'status', 'train'],
  'index.ts': ['graph', 'operators', 'connectors', 'native', 'cli/registry.ts', 'cli/environment.ts'],
};

/** Folders in which each subfolder is a part of its own. */
const SPLIT = ['operators', 'connectors'];

/** RxJS operators that bring time or concurrency of their own; the epoch driver is the only scheduler. */
const SCHEDULING =
  /^(audit|auditTime|bufferTime|bufferToggle|concatMap|debounce|debounceTime|delay|delayWhen|exhaustMap|expand|flatMap|interval|mergeAll|mergeMap|mergeScan|observeOn|publish\w*|repeat|retry|sample|sampleTime|share|shareReplay|subscribeOn|switchMap|switchScan|throttle|throttleTime|timeInterval|timeout|timeoutWith|timer|windowTime|\w+Scheduler)$/;

function* sources(folder) {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== 'target' && entry.name !== 'build') yield* sources(path);
    else if (entry.isFile() && entry.name.endsWith('.ts')) yield path;
  }
}

/** Imports and re-exports of a TypeScript text: what is named, from where, on which line. */
export function importsOf(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/^\s*\/\/.*$/gm, '');
  const found = [];
  const patterns = [
    /^\s*(?:import|export)\b([^'"`;()]*?)\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import()\s*['"]([^'"]+)['"]/gm,
    /\bimport()\(\s*['"]([^'"]+)['"]\s*\)/g,
  ];
  for (const pattern of patterns)
    for (const match of code.matchAll(pattern)) {
      const names = (match[1] ?? '').match(/[A-Za-z_$][\w$]*/g) ?? [];
      const line = code.slice(0, match.index + match[0].search(/\S/)).split('\n').length;
      found.push({ names, from: match[2], line });
    }
  return found;
}

const within = (path, folder) => path === folder || path.startsWith(`${folder}/`);

function ruleOf(path) {
  return Object.keys(ALLOWED)
    .filter((folder) => within(path, folder))
    .sort((a, b) => b.length - a.length)[0];
}

/** The part a file belongs to: its rule's folder, or its component where each subfolder is a part. */
function partOf(path) {
  const split = SPLIT.find((folder) => within(path, folder));
  return split === undefined ? ruleOf(path) : path.split('/').slice(0, 2).join('/');
}

/** What is wrong with the imports of a file, as messages. */
export function faultsOf(path, text) {
  const rule = ruleOf(path);
  if (rule === undefined) return [`${path}: no rule says what it may import; add its folder to scripts/arrows.js`];
  return importsOf(text).flatMap(({ names, from, line }) => {
    const at = `${path}:${line}:`;
    if (from === 'rxjs' || from.startsWith('rxjs/')) {
      if (within(path, 'operators')) return [`${at} operators know nothing of RxJS`];
      const refused = within(path, 'graph') ? names.filter((name) => SCHEDULING.test(name)) : [];
      return refused.map((name) => `${at} "${name}" of RxJS schedules; the epoch driver is the only scheduler`);
    }
    if (!from.startsWith('.')) return [];
    const target = normalize(join(dirname(path), from));
    const own = partOf(path);
    if (within(target, own) || ALLOWED[rule].some((folder) => within(target, folder))) return [];
    return [`${at} ${own} may not import ${target}`];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folders = readdirSync(ROOT);
  const parts = ['graph', 'operators', 'connectors', 'native', 'cli', 'status', 'train'].filter((part) => folders.includes(part));
  const paths = [...parts.flatMap((part) => [...sources(part)]), ...folders.filter((name) => name === 'index.ts')];
  const faults = paths.flatMap((path) => faultsOf(path, readFileSync(join(ROOT, path), 'utf8')));
  for (const fault of faults) console.error(fault);
  console.error(`${paths.length} files, ${faults.length} forbidden imports`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
