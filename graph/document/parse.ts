// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of variables in a pipeline file

import { Composer, LineCounter, type YAMLError } from 'yaml';
import type { Say } from '../diagnostics/report.ts';
import { convert } from './convert.ts';
import { tokensOf } from './tokens.ts';
import type { Document } from './value.ts';

/** Largest file that is read, in characters. */
export const MAX_FILE_LENGTH = 1024 * 1024;

/** The values of a file, with their spans; null when it cannot be read at all, after saying why. Never throws, whatever the text. */
export function parseDocument(text: string, file: string, env: Readonly<Record<string, string | undefined>>, say: Say): Document | null {
  if (text.length > MAX_FILE_LENGTH) {
    say('file-too-large', { from: 0, to: 1 }, `the file has ${text.length.toLocaleString('en')} characters, more than 1,048,576`);
    return null;
  }
  const lines = new LineCounter();
  const tokens = tokensOf(text, lines, say);
  if (!tokens) return null;
  const documents = [
    ...new Composer({ uniqueKeys: false, prettyErrors: false, resolveKnownTags: false }).compose(tokens, true, text.length),
  ];
  const [first, second] = documents;
  if (!first?.contents && !first?.errors.length) {
    say('file-empty', { from: 0, to: 1 }, 'the file is empty', 'Start with "version: 1" and "pipelines:".');
    return null;
  }
  const broken = sayErrors([...first.errors, ...first.warnings], text, say);
  if (second) {
    say('yaml-documents', { from: second.range[0], to: second.range[0] + 1 }, 'a second YAML document begins here; a file holds one');
    return null;
  }
  if (broken || !first.contents) return null;
  const root = convert(first, text, env, say);
  return root && { file, text, root };
}

/** YAML's own errors in our words; the first few, as one slip often causes many. */
function sayErrors(errors: readonly YAMLError[], text: string, say: Say): boolean {
  const lines = new Set<number>();
  for (const error of errors) {
    const from = Math.min(error.pos[0], Math.max(0, text.trimEnd().length - 1));
    const start = text.lastIndexOf('\n', from) + 1;
    if (lines.has(start) || lines.size === 3) continue;
    lines.add(start);
    const line = text.slice(start).split('\n', 1)[0] ?? '';
    say('yaml-syntax', { from, to: Math.max(error.pos[1], from + 1) }, messageOf(error), hintOf(error, line));
  }
  return errors.length > 0;
}

function messageOf(error: YAMLError): string {
  const [first = ''] = error.message.split('\n');
  return `${first.charAt(0).toLowerCase()}${first.slice(1)}`.replace(/\.$/, '');
}

function hintOf(error: YAMLError, line: string): string | undefined {
  if (error.code === 'TAB_AS_INDENT') return 'Indent with spaces.';
  if (line.includes('${')) return 'Inside { } and [ ], text with ${NAME} needs quotes: "${NAME}".';
  if (error.code === 'TAG_RESOLVE_FAILED') return 'Tags (!name) are not part of the format; text that begins with ! needs quotes.';
  if (error.code === 'BAD_INDENT') return 'Either a { or [ above is not closed, or keys of one map begin in different columns.';
  if (error.code === 'MULTILINE_IMPLICIT_KEY') return 'A key and its ":" stand on one line.';
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY') return 'Text that contains ": " needs quotes.';
  return undefined;
}
