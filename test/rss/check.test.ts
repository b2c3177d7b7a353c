import { expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { compileText, pipeline } from '../compiler/compiling.ts';

const faults = (rss: string) =>
  compileText(pipeline(`\n    sources:\n      news: { rss: ${rss} }\n    sinks:\n      shown: { from: news, print: {} }\n`), {
    registry: declarations,
  }).diagnostics.map(({ code, message, hint, line, column }) => ({ code, message, hint, line, column }));

it('an address that is none of the public internet is a fault of the file, at its place', () => {
  const fault = (host: string, column: number) => ({
    code: 'param-invalid',
    message: `a feed is at ${host}, which is no address of the public internet`,
    hint: expect.stringContaining('"allow_private: true"'),
    line: 5,
    column,
  });
  expect(faults('{ url: "http://127.0.0.1/feed?token=t" }')).toEqual([fault('127.0.0.1', 27)]);
  expect(faults('{ url: ["https://news.example/a", "http://[::1]:8080/b", "http://0x7f.1/c"] }')).toMatchObject([
    fault('::1', 54),
    fault('127.0.0.1', 77), // as every client reads it
  ]);
});

it('names, public addresses and those that are let pass are not', () => {
  expect(faults('{ url: ["https://localhost/a", "http://8.8.8.8/b"] }')).toEqual([]); // what a name leads to is known when it is asked
  expect(faults('{ url: "http://127.0.0.1/feed", allow_private: true }')).toEqual([]);
});
