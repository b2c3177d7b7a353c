import type { Connection } from '../contract/connector.ts';
import type { Say } from '../diagnostics/report.ts';
import { check } from '../document/check.ts';
import { connectionsShape } from '../document/shape.ts';
import { entryOf, type Value } from '../document/value.ts';
import { listed } from '../document/zod-shape.ts';

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
  say: Say,
): ReadonlyMap<string, Connection> {
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
    if (isAddress(url, schemes) || (embedded && url === 'embedded')) {
      connections.set(
        name,
        Object.freeze({ name, url, shown: shownUrl(url), options: (typeof own === 'object' ? own.options : undefined) ?? {} }),
      );
      continue;
    }
    const place = entryOf(value ?? undefined, name)?.value.span ?? span;
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

function isAddress(url: string, schemes: readonly string[]): boolean {
  const scheme = /^([a-z]+):\/\/[^\s/]+/.exec(url)?.[1];
  return scheme !== undefined && schemes.includes(scheme);
}

/** An address that may be printed: passwords and tokens are stars. */
export function shownUrl(url: string): string {
  return url.replace(/\/\/([^/@:]*):[^/@]*@/, '//$1:***@').replace(/([?&](?:password|token|secret|api_?key)=)[^&]*/gi, '$1***');
}
