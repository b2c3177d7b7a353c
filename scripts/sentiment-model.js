#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { ROOT, say } from './progress.js';
import { between, tables } from './sentiment-tables.js';

const CRATE = join(ROOT, 'native', 'polarity');
const LEXICON = join(CRATE, 'lexicon.txt');
const README = join(CRATE, 'README.md');
const MODEL = join(ROOT, 'operators', 'sentiment', 'model.json');
const USAGE = `node scripts/sentiment-model.js train [--data FILE]     trains on FILE, writes operators/sentiment/model.json and the tables of its README
node scripts/sentiment-model.js evaluate [--data FILE]  cross-validates the training anew on FILE
node scripts/sentiment-model.js score --data FILE       measures the model that ships on headlines it was not trained on
  FILE: lines {"headline", "entities": [{"name", "sentiment"}]}, plain or gzip; headlines.ndjson.gz of the shared data by default`;

function read(path) {
  const bytes = readFileSync(path);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
}

/** The program built, then run on the headlines: what it prints, or null. */
function polarity(command, file, headlines) {
  const cargo = ['run', '--release', '--locked', '--quiet', '-p', 'millrace-polarity', '--bin', 'polarity', '--', command, file];
  const options = { cwd: join(ROOT, 'native'), input: headlines, stdio: ['pipe', 'pipe', 'inherit'], maxBuffer: 2 ** 26 };
  const ran = spawnSync('cargo', cargo, options);
  if (ran.error !== undefined) say(`cargo cannot be run: ${ran.error.message}`);
  return ran.status === 0 ? ran.stdout.toString() : null;
}

function train(headlines) {
  const model = polarity('train', LEXICON, headlines);
  if (model === null) return 1;
  writeFileSync(MODEL, model);
  const { metrics } = JSON.parse(model);
  writeFileSync(README, between(readFileSync(README, 'utf8'), tables(metrics)));
  say(tables(metrics));
  return 0;
}

function evaluate(headlines) {
  const metrics = polarity('evaluate', LEXICON, headlines);
  if (metrics === null) return 1;
  say(tables(JSON.parse(metrics)));
  return 0;
}

function score(headlines) {
  const measured = polarity('score', MODEL, headlines);
  if (measured === null) return 1;
  say(JSON.stringify(JSON.parse(measured), null, 2));
  return 0;
}

function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { data: { type: 'string' } } });
  const command = { train, evaluate, score }[positionals[0]];
  if (command === undefined || positionals.length > 1 || (command === score && values.data === undefined)) {
    say(USAGE);
    return 2;
  }
  const shared = process.env.MILLRACE_DATA ?? join(ROOT, '..', 'shared', 'data');
  const data = values.data ?? join(shared, 'news', 'headlines.ndjson.gz');
  if (!existsSync(data)) {
    say(`${data} is not there: name the headlines with --data`);
    return 1;
  }
  return command(read(data));
}

process.exitCode = main();
