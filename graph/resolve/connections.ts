import type { ConnectionDeclaration, ConnectionFault } from '../contract/connection.ts';
import type { Connection } from '../contract/connector.ts';
import { nearest } from '../diagnostics/nearest.ts';
import { check } from '../document/check.ts';
import { connectionsShape } from '../document/shape.ts';
import { entryOf, plain, type Value } from '../document/value.ts';
import { listed } from '../document/zod-shape.ts';
import type { Scope } from './scope.ts';

/** What each connection may be: whether there is an embedded one (then it is the default), and the schemes of its addresses. */
const KINDS: Readonly<Record<string, { readonly embedded: boolean; readonly schemes: readonly string[] }>> = {
  broker: { embedded: true, schemes: ['kafka'] },
  clickhouse: { embedded: true, schemes: ['http', 'https'] },
  questdb: { embedded: false, schemes: ['http', 'https'] },
  registry: { embedded: false, schemes: ['http', 'https'] },
};

/** The connections that have an address, by name; an override counts before the file. */
export function connectionsOf(
  value: Value | null,
  overrides: Readonly<Record<string, string | undefined>>,
  scope: Pick<Scope, 'say' | 'registry' | 'paths'>,
): ReadonlyMap<string, Connection> {
  const { say } = scope;
  const span = value?.span ?? { from: 0, to: 1 };
  const given =
    value === null || (value.kind === 'scalar' && value.value === null)
      ? null
      : check(connectionsShape, value, { subject: 'connections', noun: 'key', span }, say);
  const connections = new Map<string, Connection>();
  for (const [name, { embedded, schemes }] of Object.entries(KINDS)) {
    const own = given?.value[name as keyof typeof given.value];
    const written = typeof own === 'string' ? own : own?.url;
    const override = overrides[name];
    const url = override ?? (written === undefined && embedded ? 'embedded' : written);
    if (url === undefined || url === '') continue;
    const entry = entryOf(value ?? undefined, name)?.value;
    const place = (override === undefined ? entryOf(entry, 'url')?.value.span : undefined) ?? entry?.span ?? span;
    if (isAddress(url, schemes) || (embedded && url === 'embedded')) {
      const options = (typeof own === 'object' ? own.options : undefined) ?? {};
      const connection = Object.freeze({ name, url, shown: shownUrl(url), options });
      const fault = url === 'embedded' ? null : addressFault(scope.registry.connections?.get(name), connection);
      if (fault) say('connection-invalid', place, fault.message, fault.hint);
      checkOptions(name, entryOf(entry, 'options')?.value, scope);
      connections.set(name, connection);
      continue;
    }
    const expected = listed([
      ...(embedded ? ['embedded'] : []),
      ...schemes.slice(0, 1).map((scheme) => `an address such as ${scheme}://host`),
    ]);
    say(
      'connection-invalid',
      place,
      `connection "${name}" is ${override === undefined ? 'not an address' : `overridden by "${shownUrl(url)}", not an address`}, expected ${expected}`,
    );
  }
  return connections;
}

function addressFault(declaration: ConnectionDeclaration | undefined, connection: Connection): ConnectionFault | null {
  return declaration && 'addressFault' in declaration ? declaration.addressFault(connection) : null;
}

function isAddress(url: string, schemes: readonly string[]): boolean {
  const scheme = /^([a-z]+):\/\/[^\s/]+/.exec(url)?.[1];
  return scheme !== undefined && schemes.includes(scheme);
}

/** Says what is wrong with the options of a connection, each at its place. */
function checkOptions(name: string, value: Value | undefined, { say, registry, paths }: Pick<Scope, 'say' | 'registry' | 'paths'>): void {
  const declaration = registry.connections?.get(name);
  if (!declaration || value?.kind !== 'map') return;
  if ('params' in declaration) {
    check(declaration.params, value, { subject: `connection "${name}"`, noun: 'option', span: value.span }, say);
    for (const file of declaration.files) {
      const given = entryOf(value, file)?.value;
      if (given?.kind === 'scalar' && typeof given.value === 'string') paths.existing(given.value, given.span, say);
    }
    return;
  }
  for (const { key, keySpan, value: given } of value.entries.values()) {
    const fault = declaration.optionFault(key, plain(given));
    if (fault?.unknown) {
      const meant = nearest(key, declaration.options);
      say('option-unknown', keySpan, fault.message, fault.hint ?? (meant === null ? undefined : `Did you mean "${meant}"?`));
    } else if (fault) say('option-refused', keySpan, fault.message, fault.hint);
    else if (declaration.isFile(key, plain(given))) paths.existing(String(plain(given)), given.span, say);
  }
}

/** An address that may be printed: passwords and tokens are stars. A password may hold `@` and, in a list of brokers, `/` and `:`. */
export function shownUrl(url: string): string {
  const password = url.startsWith('kafka:') ? /\/\/([^/@:]*):.*@/ : /\/\/([^/@:]*):[^/]*@/;
  return url.replace(password, '//$1:***@').replace(/([?&](?:password|token|secret|api_?key)=)[^&]*/gi, '$1***');
}
