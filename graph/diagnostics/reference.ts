import { CODES, type CodeEntry } from './codes.ts';

/** The reference of all diagnostics, as Markdown; `docs/diagnostics.md` is generated from it. */
export function diagnosticsReference(): string {
  const entries = Object.entries<CodeEntry>(CODES).sort(([a], [b]) => (a < b ? -1 : 1));
  const sections = entries.map(([code, { severity, explanation, remedy }]) =>
    [
      `## ${code}`,
      '',
      `*${severity}* · [example](../test/diagnostics/${code}.yaml), [printed](../test/diagnostics/${code}.txt)`,
      '',
      explanation,
      '',
      `**What to do:** ${remedy}`,
    ].join('\n'),
  );
  const intro = 'What `millrace check` can say of a file. Errors stop it from running; warnings do not.';
  return `# Diagnostics\n\n${intro}\n\n${sections.join('\n\n')}\n`;
}
