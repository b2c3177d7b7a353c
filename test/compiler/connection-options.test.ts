import { describe, expect, it } from 'vitest';
import { declarations as registry } from '../../cli/registry.ts';
import { compile } from '../../graph/plan/compile.ts';

/** What is said of a file with these connections: code, message and hint. */
function said(connections: string): readonly (readonly [string, number, string, string | undefined])[] {
  const text = `version: 1
connections:
  ${connections}
pipelines:
  p:
    sources: { trades: { simulate: {} } }
    sinks: { shown: { from: trades, print: {} } }
`;
  const files = { exists: () => true, read: () => '' };
  const { diagnostics } = compile({ text, file: '/work/pipelines.yaml', registry, env: {}, files, allowPaths: [], allowCode: false });
  return diagnostics.map(({ code, column, message, hint }) => [code, column, message, hint]);
}

describe('options of a connection that we declare', () => {
  it.each(['clickhouse', 'questdb'])('%s: are said at their name where there is none such', (name) => {
    expect(said(`${name}: { url: "http://h", options: { request_timout: 5 } }`)).toEqual([
      ['option-unknown', name.length + 35, `connection "${name}" has no option "request_timout"`, 'Did you mean "request_timeout"?'],
    ]);
  });

  it.each(['clickhouse', 'questdb'])('%s: are said where their value cannot be, which is told to nobody', (name) => {
    expect(
      said(`${name}: { url: "http://h", options: { request_timeout: soon, password: 4711 } }`).map(([code, , message]) => [code, message]),
    ).toEqual([
      ['option-refused', `option "request_timeout" of connection "${name}" is text, expected a number`],
      ['option-refused', `option "password" of connection "${name}" is a number, expected text`],
    ]);
  });

  it('are text in quotes, also a password of digits', () => {
    const hints = (password: string) =>
      said(`questdb: { url: "http://h", options: { password: ${password} } }`).map(([, , , hint]) => hint);
    expect(hints('4711')).toEqual(['Put it in quotes.']);
    expect(hints('"4711"')).toEqual([]);
  });

  it('of a file have to lie where the pipeline file may read', () => {
    expect(said('questdb: { url: "https://h", options: { tls_ca: /etc/ca.pem } }').map(([code]) => code)).toEqual(['path-outside']);
    expect(said('clickhouse: { url: "https://h", options: { tls_ca: ca.pem, clickhouse_settings: { max_threads: 2 } } }')).toEqual([]);
  });

  it('are none of a schema registry', () => {
    expect(said('registry: { url: "http://h", options: { timeout: 5 } }')).toEqual([
      ['option-unknown', 43, 'connection "registry" has no option "timeout"', 'It takes no options.'],
    ]);
  });
});
