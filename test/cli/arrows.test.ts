import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** What `scripts/arrows.js` says of each file, given as path and text. */
function faultsOf(files: readonly (readonly [string, string])[]): readonly (readonly string[])[] {
  const code = `import { faultsOf } from './scripts/arrows.js'; console.log(JSON.stringify(JSON.parse(process.argv[1]).map((file) => faultsOf(...file))))`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code, JSON.stringify(files)], { encoding: 'utf8' }));
}

const FORBIDDEN: readonly (readonly [string, string])[] = [
  ['graph/run/driver.ts', `import { bars } from '../../operators/bars/operator.ts';`],
  ['graph/plan/compile.ts', `import type { RunningPipeline } from '../run/environment.ts';`],
  ['graph/wire/lift.ts', `export * from '../../cli/main.ts';`],
  ['operators/bars/kernel.ts', `import {\n  ema,\n  rsi,\n} from '../indicators/kernel.ts';`],
  ['operators/bars/kernel.ts', `const file = await import('../../connectors/file/source.ts');`],
  ['operators/bars/kernel.ts', `import { map } from 'rxjs';`],
  ['connectors/file/source.ts', `import { x } from '../clickhouse/sink.ts';`],
  ['status/app.ts', `import { runPipeline } from '../graph/run/pipeline.ts';`],
  ['graph/wire/wire.ts', `import { filter, mergeMap } from 'rxjs';`],
  ['graph/wire/wire.ts', `import { asyncScheduler as later } from 'rxjs';`],
  ['graph/somewhere/new.ts', `import { x } from 'zod';`],
];

const ALLOWED: readonly (readonly [string, string])[] = [
  ['graph/run/driver.ts', `import { wire } from '../wire/wire.ts';`],
  ['graph/wire/wire.ts', `import { map, Observable, type Subject } from 'rxjs';`],
  ['operators/bars/kernel.ts', `import { row } from './rows.ts';\nimport { kernel } from '../../native/kernel.ts';`],
  ['operators/bars/kernel.ts', `/* import { x } from '../indicators/kernel.ts'; */\n// import { y } from '../indicators/kernel.ts';`],
  ['connectors/file/source.ts', `import { csv } from '../formats/csv.ts';`],
  ['cli/registry.ts', `import { bars } from '../operators/bars/operator.ts';`],
];

describe('import arrows', () => {
  it('are refused where they point the wrong way', () => {
    const found = faultsOf(FORBIDDEN);
    expect(FORBIDDEN.filter((_, i) => found[i]?.length !== 1)).toEqual([]);
  });

  it('are let through where they do not', () => {
    expect(faultsOf(ALLOWED)).toEqual(ALLOWED.map(() => []));
  });
});
