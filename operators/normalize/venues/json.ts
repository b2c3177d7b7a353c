/** A JSON value whose numbers keep their digits; arrays are not looked into. */
export type Json =
  | { readonly is: 'object'; readonly entries: ReadonlyMap<string, Json> }
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'number'; readonly text: string }
  | { readonly is: 'bool'; readonly value: boolean }
  | { readonly is: 'null' }
  | { readonly is: 'array' };

const MAX_DEPTH = 128;
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads JSON with exact numbers: `JSON.parse` says whether it is JSON at all, a plain walk over its tokens says the rest. Null when it
 * is not JSON, not UTF-8, nested deeper than 128, or one of `unique` stands twice in an object that is the message or its `data`.
 */
export function parseJson(bytes: Uint8Array, unique: ReadonlySet<string>): Json | null {
  let text: string;
  try {
    text = utf8.decode(bytes);
    JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
  const tokens = text.match(TOKEN) ?? [];
  if (depthOf(tokens) > MAX_DEPTH) return null;
  const walk = { tokens, at: 0, twice: false };
  const value = readValue(walk, unique, 2);
  return walk.twice ? null : value;
}

interface Walk {
  readonly tokens: readonly string[];
  at: number;
  twice: boolean;
}

function depthOf(tokens: readonly string[]): number {
  let depth = 0;
  let most = 0;
  for (const token of tokens) {
    if (token === '{' || token === '[') most = Math.max(most, ++depth);
    else if (token === '}' || token === ']') depth--;
  }
  return most;
}

/** `levels`: how many levels of objects may still not repeat a key; their `data` is the next. */
function readValue(walk: Walk, unique: ReadonlySet<string>, levels: number): Json {
  const token = walk.tokens[walk.at++] ?? 'null';
  if (token === '[') {
    while (walk.tokens[walk.at] !== ']') {
      readValue(walk, unique, 0);
      if (walk.tokens[walk.at] === ',') walk.at++;
    }
    walk.at++;
    return { is: 'array' };
  }
  if (token === '{') {
    const entries = new Map<string, Json>();
    while (walk.tokens[walk.at] !== '}') {
      const key = String(JSON.parse(walk.tokens[walk.at++] ?? ''));
      walk.at++; // the colon
      if (levels > 0 && unique.has(key) && entries.has(key)) walk.twice = true;
      entries.set(key, readValue(walk, unique, levels === 2 && key === 'data' ? 1 : 0));
      if (walk.tokens[walk.at] === ',') walk.at++;
    }
    walk.at++;
    return { is: 'object', entries };
  }
  if (token.startsWith('"')) return { is: 'text', text: String(JSON.parse(token)) };
  if (token === 'true' || token === 'false') return { is: 'bool', value: token === 'true' };
  return token === 'null' ? { is: 'null' } : { is: 'number', text: token };
}
