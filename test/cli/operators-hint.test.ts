import { expect, it } from 'vitest';
import { operatorsCommand } from '../../cli/commands/operators.ts';
import { connectorsPage } from '../../cli/pages.ts';
import { declarations } from '../../cli/registry.ts';

const remedyOf = (name: string): string => {
  try {
    operatorsCommand(name, {});
  } catch (error) {
    return String((error as { remedy?: string }).remedy);
  }
  return '';
};

it('what is no operator is told where it belongs', () => {
  expect(remedyOf('rss')).toBe(
    '"rss" is a source: `my_source: { rss: ... }` under sources; docs/connectors.md has its parameters and its columns',
  );
  expect(remedyOf('file')).toMatch(
    /^"file" is a source: .* under sources, and a sink: .* under sinks; docs\/connectors.md has its parameters$/,
  );
  expect(remedyOf('avro')).toMatch(/^"avro" is a format/);
  expect(remedyOf('fliter')).toMatch(/^there are: /);
});

it('the page of connectors has the columns of every source that knows them', () => {
  const page = connectorsPage(declarations);
  for (const { name, source } of declarations.connectors.values()) {
    const section = page.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
    for (const column of source?.schema?.().fields ?? []) expect(section).toContain(`\n| \`${column.name}\` |`);
  }
  expect(page).toContain('| `body` | Utf8 | may be null | its text as the feed has it, maybe HTML |');
});
