// Writes what the example reads: `node make.js` the seeded set into seeded/, `node make.js FOLDER` one of real captures into real/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { COMPANIES } from './phrases.js';
import { real } from './real.js';
import { seeded } from './seeded.js';

const SEED = 20240308;
const HISTORY = ['2024-03-05', '2024-03-06', '2024-03-07'];
const TODAY = ['2024-03-08'];

const [folder, into = join(import.meta.dirname, folder === undefined ? 'seeded' : 'real')] = process.argv.slice(2);
const { companies, history, today } =
  folder === undefined ? { companies: COMPANIES, history: seeded(SEED, HISTORY), today: seeded(SEED + 1, TODAY) } : real(SEED, folder);

const stamp = (at) => new Date(at).toISOString();
const quoted = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

write('entities.csv', [
  'symbol,name,alias',
  ...companies.flatMap(({ symbol, name, aliases }) => aliases.map((alias) => [symbol, name, alias].map(quoted).join(','))),
]);
for (const [part, { bars, headlines }] of Object.entries({ history, today })) {
  write(
    `${part}/headlines.ndjson`,
    headlines.map(({ id, at, source, headline }) => JSON.stringify({ ts_event: stamp(at), id, source, headline })),
  );
  write(`${part}/bars.csv.gz`, [
    'ts_event,symbol,open,high,low,close,volume',
    ...bars.map(({ at, symbol, open, high, low, close, volume }) => [stamp(at), symbol, open, high, low, close, volume].join(',')),
  ]);
}

function write(name, lines) {
  const path = join(into, name);
  const text = `${lines.join('\n')}\n`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text, { level: 9 }) : text);
}
