import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installSystem, onPath } from './apt.js';
import { output, ROOT, run, SetupError, say } from './progress.js';

/** npm package of the Kafka client, an addon that must be made for each major version of Node. */
export const KAFKA_CLIENT = '@confluentinc/kafka-javascript';

const FOLDER = join(ROOT, 'node_modules', KAFKA_CLIENT);
const BUILT = join(FOLDER, 'build');
const STAMP = join(BUILT, 'millrace-stamp');
const MODULE = 'Release/confluent-kafka-javascript.node';

/** What compiles the client, as Debian packages: programs, and the libraries that it uses while it runs. */
const PROGRAMS = { python3: 'python3', make: 'make', 'g++': 'g++' };
const LIBRARIES = ['libcurl4-openssl-dev', 'libssl-dev', 'zlib1g-dev', 'libzstd-dev', 'libsasl2-dev'];

/** The client's version, and for which Node it is made: such an addon works with one major version only. */
function identity() {
  const { version } = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8'));
  return `${version}-node-${process.versions.modules}-${process.platform}-${process.arch}`;
}

/** Whether Node can load the client; asked in a process of its own, as a bad addon can end the one that loads it. */
const loads = () => output(process.execPath, ['-e', `require(${JSON.stringify(FOLDER)})`]) !== null;

const cacheFolder = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace', 'kafka-client');

/** A client that was compiled for another clone of the repository, which spares the compilation here. */
function restored(name) {
  const kept = join(cacheFolder(), name);
  if (!existsSync(kept)) return false;
  rmSync(BUILT, { recursive: true, force: true });
  cpSync(kept, BUILT, { recursive: true, verbatimSymlinks: true });
  return loads();
}

/** Keeps what runs of a compiled client, without what the compilation left. */
function keep(name) {
  mkdirSync(cacheFolder(), { recursive: true });
  const fresh = mkdtempSync(join(cacheFolder(), 'new-'));
  const shared = readdirSync(join(BUILT, 'deps')).filter((file) => /\.(so|dylib)/.test(file));
  for (const file of [MODULE, ...shared.map((one) => `deps/${one}`)])
    cpSync(join(BUILT, file), join(fresh, file), { verbatimSymlinks: true });
  rmSync(join(cacheFolder(), name), { recursive: true, force: true });
  renameSync(fresh, join(cacheFolder(), name));
}

/** The maker's own binary for this system, where it can be downloaded (a few seconds, no compiler needed). */
async function downloaded() {
  const program = join(ROOT, 'node_modules', '@mapbox', 'node-pre-gyp', 'bin', 'node-pre-gyp');
  const code = await run(process.execPath, [program, 'install', '--update-binary', '--loglevel=silent'], {
    cwd: FOLDER,
    stdout: 'ignore',
    stderr: 'ignore',
  });
  return code === 0 && loads();
}

/** Debian packages that are missing for the compilation, by dpkg's own records. */
function missing() {
  const records = '/var/lib/dpkg/info';
  const programs = Object.entries(PROGRAMS).flatMap(([program, name]) => (onPath(program) ? [] : [name]));
  if (!existsSync(records)) return programs;
  const there = new Set(readdirSync(records).map((file) => /^([^:]+)(?::[^.]+)?\.list$/.exec(file)?.[1]));
  return [...programs, ...LIBRARIES.filter((name) => !there.has(name))];
}

/** Whether a folder has the header files of this very Node. */
function hasHeaders(folder) {
  const path = join(folder, 'include', 'node', 'node_version.h');
  if (!existsSync(path)) return false;
  const text = readFileSync(path, 'utf8');
  const part = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
  return `v${part('MAJOR')}.${part('MINOR')}.${part('PATCH')}` === process.version;
}

/** Folder that has Node's header files below `include/node`; the npm package of the same Node brings them where the installation does not. */
async function headers() {
  const own = dirname(dirname(process.execPath));
  if (hasHeaders(own)) return own;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = mkdtempSync(join(tmpdir(), 'millrace-headers-'));
  const kept = join(folder, 'node_modules', name);
  process.once('exit', () => rmSync(folder, { recursive: true }));
  say(`set-up: header files of Node ${process.version} (npm package ${name}, about 45 MB to download)`);
  const args = ['--prefix', folder, '--no-save', '--no-fund', '--no-audit', '--ignore-scripts', '--loglevel=error'];
  const code = await run('npm', ['install', ...args, `${name}@${process.version.slice(1)}`], { cwd: folder });
  if (code !== 0 || !hasHeaders(kept))
    throw new SetupError(`there are no header files of Node ${process.version} to compile the Kafka client with`);
  return kept;
}

async function compiled() {
  const packages = missing();
  if (packages.length > 0)
    await installSystem(packages, {
      what: 'what compiles the Kafka client',
      size: 'at most 75 MB to download, 300 MB on disk',
      need: 'a C++ compiler, make, python3 and the libraries of the Kafka client (openssl, zlib, zstd, sasl, curl)',
    });
  const nodedir = await headers();
  say('set-up: compiling the Kafka client (about 2 min, once for each major version of Node)');
  rmSync(BUILT, { recursive: true, force: true });
  const jobs = String(availableParallelism());
  const make = { CKJS_LINKING: 'dynamic', JOBS: jobs };
  const env = { ...process.env, ...make, npm_config_nodedir: nodedir, npm_config_build_from_source: 'true' };
  const deps = join(FOLDER, 'deps');
  // its install script would do the first two as well, but with a compiler for each of its 100 files at once, and racing each other
  const code =
    (await run(process.execPath, [join(FOLDER, 'util', 'configure.js')], { env, cwd: deps, stdout: 'ignore' })) ||
    (await run('make', ['--silent', `-j${jobs}`, '-C', 'librdkafka', 'libs', 'install-subdirs'], { env, cwd: deps, stdout: 'ignore' })) ||
    (await run('npm', ['rebuild', KAFKA_CLIENT, '--loglevel=error'], { env }));
  if (code !== 0 || !loads()) throw new SetupError(`the Kafka client ${KAFKA_CLIENT} could not be compiled (see above)`);
}

/** Removes what the compiler made beside the sources, 190 MB that nobody needs any more. */
function removeObjects() {
  const sources = join(FOLDER, 'deps', 'librdkafka');
  for (const entry of readdirSync(sources, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && /\.(o|d|a|so|so\.1|dylib)$/.test(entry.name)) rmSync(join(entry.parentPath ?? entry.path, entry.name));
}

/** The Kafka client's addon, working with this Node: kept, downloaded or compiled; nothing is done, and no process started, when it is there. */
export async function findKafkaClient() {
  const name = identity();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === name && existsSync(join(BUILT, MODULE))) return;
  if (!loads() && !restored(name) && !(await downloaded())) {
    await compiled();
    keep(name);
    restored(name); // without the 50 MB that only the linker needed
    removeObjects();
  }
  writeFileSync(STAMP, name);
}
