import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** What `scripts/arrows.js` says of one file. */
function faultsOf(path: string, text: string): readonly string[] {
  const code = `import { faultsOf } from './scripts/arrows.js'; console.log(JSON.stringify(faultsOf(...JSON.parse(process.argv[1]))))`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', code, JSON.stringify([path, text])], { encoding: 'utf8' }),
  );
}

describe('import arrows', () => {
  it.each([
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
  ])('%s may not say %s', (path, text) => {
    expect(faultsOf(path, text)).toHaveLength(1);
  });

  it.each([
    ['graph/run/driver.ts', `import { wire } from '../wire/wire.ts';`],
    ['graph/wire/wire.ts', `import { map, Observable, type Subject } from 'rxjs';`],
    ['operators/bars/kernel.ts', `import { row } from './rows.ts';\nimport { kernel } from '../../native/kernel.ts';`],
    ['operators/bars/kernel.ts', `/* import { x } from '../indicators/kernel.ts'; */\n// import { y } from '../indicators/kernel.ts';`],
    ['connectors/file/source.ts', `import { csv } from '../formats/csv.ts';`],
    ['cli/registry.ts', `import { bars } from '../operators/bars/operator.ts';`],
  ])('%s may say %s', (path, text) => {
    expect(faultsOf(path, text)).toEqual([]);
  });
});
