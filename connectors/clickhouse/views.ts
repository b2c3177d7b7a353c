import type { Server } from './client.ts';
import { quoteTable } from './table.ts';
import { settingsText, shortfalls } from './window.ts';

/** A table or view as the server describes it. */
interface Described {
  readonly database: string;
  readonly name: string;
  readonly engine: string;
  readonly engine_full: string;
  readonly create_table_query: string;
  readonly databases: readonly string[];
  readonly views: readonly string[];
}

/** What keeps the views of a table from being exact, and what to do about it. */
export interface ViewFault {
  readonly what: string;
  readonly remedy: string;
}

/** The setting by which a view is given a repeated block that its table knows already, and what made it work with tokens. */
const SETTING = 'deduplicate_blocks_in_dependent_materialized_views';
/** First version where each view has a token of its own: equal results of different blocks are kept. Source: ClickHouse #61601, #66144. */
const LEAST_VERSION = [24, 8] as const;

const NAME = '(?:`(?:[^`\\\\]|\\\\.)*`|\\w+)(?:\\.(?:`(?:[^`\\\\]|\\\\.)*`|\\w+))?';
const VIEW = new RegExp(
  `^CREATE MATERIALIZED VIEW ${NAME}(?: UUID '[^']*')?(?<refresh> REFRESH .*?)?(?: TO (?!INNER UUID)(?<target>${NAME}))?[ (]`,
  's',
);

/**
 * Why the materialized views behind a table may lose or double rows when a block is written again, or null: then they are exact. A view
 * is exact where the server gives it repeated blocks, and what it writes to forgets no token.
 */
export async function viewFault(server: Server, database: string, table: string, tokens: number): Promise<ViewFault | null> {
  const seen = new Set<string>();
  const behind = [{ database, name: table }];
  let hasViews = false;
  for (let at = behind.pop(); at; at = behind.pop()) {
    if (seen.has(`${at.database}.${at.name}`)) continue;
    seen.add(`${at.database}.${at.name}`);
    const described = await describe(server, at.database, at.name);
    for (const [i, view] of (described?.views ?? []).entries()) {
      hasViews = true;
      const of = await describe(server, described?.databases[i] ?? '', view);
      const found = of ? await faultOf(server, of, tokens) : { fault: unseen(view), writes: null };
      if (found.fault) return found.fault;
      if (of) behind.push({ database: of.database, name: of.name });
      if (found.writes) behind.push({ database: found.writes.database, name: found.writes.name });
    }
  }
  return hasViews ? versionFault(server) : null;
}

async function describe(server: Server, database: string, name: string): Promise<Described | null> {
  const [row] = await server.rows<Described>(
    `SELECT database, name, engine, engine_full, create_table_query, dependencies_database AS databases, dependencies_table AS views
     FROM system.tables WHERE database = {database:String} AND name = {name:String}`,
    { database, name },
  );
  return row ?? null;
}

/** What is wrong with one view, and the table it writes to where that is one with a name. */
async function faultOf(server: Server, view: Described, tokens: number): Promise<{ fault: ViewFault | null; writes: Described | null }> {
  const { name, engine, create_table_query: text } = view;
  const parsed = VIEW.exec(text);
  if (engine !== 'MaterializedView' || !parsed) {
    return {
      fault: { what: `"${name}" is a ${engine}, which may lose rows when a block is written again`, remedy: 'drop it' },
      writes: null,
    };
  }
  if (parsed.groups?.refresh) return { fault: null, writes: null }; // it reads the table by itself, now and then
  const target = parsed.groups?.target;
  if (target === undefined) {
    const [definition = ''] = text.split(/ AS (?=SELECT|WITH|\()/);
    const own = /\bENGINE = (\w+)/.exec(definition)?.[1] ?? '';
    const fault = await tableFault(server, { engine: own, definition, tokens });
    if (!fault) return { fault: null, writes: null };
    const remedy = fault.settings ? `make it anew with SETTINGS ${fault.settings}` : 'let it write to a table of the MergeTree family';
    return { fault: { what: `"${name}" ${fault.what}`, remedy }, writes: null };
  }
  const [database, table] = unquoted(target, view.database);
  const writes = await describe(server, database, table);
  if (!writes) return { fault: unseen(`${database}.${table}`), writes: null };
  const fault = await tableFault(server, { engine: writes.engine, definition: writes.engine_full, tokens });
  if (!fault) return { fault: null, writes };
  const alter = `run ALTER TABLE ${quoteTable(`${database}.${table}`)} MODIFY SETTING ${fault.settings}`;
  const remedy = fault.settings ? alter : 'let it write to a table of the MergeTree family';
  return { fault: { what: `"${name}" writes to "${table}", which ${fault.what}`, remedy }, writes };
}

async function tableFault(
  server: Server,
  { engine, definition, tokens }: { readonly engine: string; readonly definition: string; readonly tokens: number },
): Promise<{ readonly what: string; readonly settings: string } | null> {
  if (!engine.endsWith('MergeTree')) return { what: `has the engine ${engine}, which does not tell a repeated block`, settings: '' };
  const short = await shortfalls(server, engine, definition, tokens);
  if (short.length === 0) return null;
  return { what: 'forgets which blocks it has, and so takes a repeated one twice', settings: settingsText(short) };
}

async function versionFault(server: Server): Promise<ViewFault | null> {
  const [found] = await server.rows<{ version: string; known: number }>(
    `SELECT version() AS version, toUInt8(count()) AS known FROM system.settings WHERE name = {name:String}`,
    { name: SETTING },
  );
  const [major = 0, minor = 0] = (found?.version ?? '').split('.').map(Number);
  const isNew = major > LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor >= LEAST_VERSION[1]);
  if (isNew && Number(found?.known) === 1) return null;
  const what = `are kept by ClickHouse ${found?.version ?? ''}, which may lose rows of them when a block is written again`;
  return { what, remedy: `use ClickHouse ${LEAST_VERSION.join('.')} or later, or drop the views` };
}

const unseen = (name: string): ViewFault => ({
  what: `"${name}" cannot be looked at`,
  remedy: `let the user see it: GRANT SHOW TABLES, SELECT ON it`,
});

/** Database and table of a name as the server writes it. */
function unquoted(name: string, database: string): readonly [string, string] {
  const parts = [...name.matchAll(/`((?:[^`\\]|\\.)*)`|(\w+)/g)].map(
    ([, quoted, plain]) => plain ?? (quoted ?? '').replace(/\\(.)/g, '$1'),
  );
  return parts.length > 1 ? [parts[0] ?? '', parts[1] ?? ''] : [database, parts[0] ?? ''];
}
