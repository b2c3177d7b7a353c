#!/usr/bin/env node
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from './build.js';
import { ROOT, say } from './progress.js';

build();
const dist = (path) => import(join(ROOT, 'dist', path));
const { declarations: registry } = await dist('cli/registry.js');
const { operatorPage, connectorsPage, formatsPage, operatorsPage } = await dist('cli/pages.js');
const { expressionsPage } = await dist('cli/expressions-page.js');
const { pipelinesPage } = await dist('cli/pipelines-page.js');
const { modelsPage } = await dist('cli/models-page.js');
const { diagnosticsReference } = await dist('graph/diagnostics/reference.js');
const { fileSchema, jsonSchema } = await dist('graph/plan/json-schema.js');
const { limitsShape } = await dist('operators/risk/limits/shape.js');

/** Contents of every generated file, by path. */
function generated() {
  const operators = [...registry.operators.values()];
  return {
    'pipelines.schema.json': `${JSON.stringify(jsonSchema(registry), null, 2)}\n`,
    'limits.schema.json': `${JSON.stringify(fileSchema('Limits of the pre-trade gate', limitsShape), null, 2)}\n`,
    'docs/diagnostics.md': diagnosticsReference(),
    'docs/pipelines.md': pipelinesPage(),
    'docs/expressions.md': expressionsPage(),
    'docs/models.md': modelsPage(),
    'docs/operators.md': operatorsPage(operators),
    'docs/connectors.md': connectorsPage(registry),
    'docs/formats.md': formatsPage([...registry.formats.values()]),
    ...Object.fromEntries(
      operators.map((operator) => [`operators/${operator.name}/README.md`, operatorPage(operator, casesOf(operator.name))]),
    ),
  };
}

/** Text of an operator's cases, or null. */
function casesOf(name) {
  const path = join(ROOT, 'operators', name, 'cases.yaml');
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

const stale = Object.entries(generated()).filter(
  ([path, text]) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), 'utf8') !== text,
);
if (process.argv.includes('--check')) {
  for (const [path] of stale) say(`${path} is not what the declarations say; run \`node scripts/generate-docs.js\``);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
    say(`wrote ${path}`);
  }
}
process.exit();
