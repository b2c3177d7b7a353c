import { describe, expect, test } from 'vitest';
import { type Entity, parseEntities } from '../../operators/sentiment/entities.ts';
import { parseSources } from '../../operators/sentiment/sources.ts';
import type { TextFault } from '../../operators/text/csv.ts';

/** Faults as the text that each marks, and what is said of it. */
const shown = (text: string, faults: readonly TextFault[]) => faults.map(({ from, to, message }) => `${text.slice(from, to)}: ${message}`);

describe('an entity table', () => {
  const faultsOf = (text: string) => shown(text, parseEntities(text).faults);

  test('has a line an alias; lines of one symbol and name are one entity', () => {
    const text =
      '\uFEFFsymbol,name,alias\r\nTTM,Tata Motors,Tata Motors\r\n\r\nTTM,Tata Motors, "Tata ""Motors"", Ltd" \r\n,Nifty,Nifty\r\n';
    expect(parseEntities(text)).toEqual({
      faults: [],
      entities: [
        { name: 'Tata Motors', symbol: 'TTM', aliases: ['Tata Motors', 'Tata "Motors", Ltd'] },
        { name: 'Nifty', symbol: null, aliases: ['Nifty'] },
      ] satisfies Entity[],
    });
  });

  test('or a line an entity, as SEntFiN has it', () => {
    expect(parseEntities(',Symbol,Entity\n0,PVR,"PVR India, PVR Ltd.,PVR"\n1,X,X Corp').entities).toEqual([
      { name: 'PVR India', symbol: 'PVR', aliases: ['PVR India', 'PVR Ltd.', 'PVR'] },
      { name: 'X Corp', symbol: 'X', aliases: ['X Corp'] },
    ]);
  });

  test('every fault is told at its place', () => {
    expect(faultsOf('symbol,name,alias\nA,,a1\nB,Bee,\nC,Cee,!?\nD,Dee,d,e\nE,Eee\nF,Eff,"open')).toEqual([
      '"open: a quote is opened and not closed',
      ',: name is empty',
      '\n: alias is empty',
      '!?: alias "!?" has no letter or digit',
      'D,Dee,d,e: 4 cells under 3 columns',
      'E,Eee: 2 cells under 3 columns',
    ]);
    expect(faultsOf(',Symbol,Entity\n0,A,"Aa, , Ab"\n1,B,"Bb"x\n')).toEqual(['x: "x" stands behind a cell in quotes', ',: alias is empty']);
    expect(faultsOf('ticker,name\nA,B\n')).toEqual(['ticker,name: an entity table has the columns symbol,name,alias, not "ticker,name"']);
    expect(faultsOf('symbol,name,alias\n')).toEqual(['s: the entity table has no entity']);
    expect(faultsOf(`symbol,name,alias\nA,A,${'a'.repeat(201)}\n`)).toEqual([
      `${'a'.repeat(201)}: alias has 201 characters, more than 200`,
    ]);
    expect(faultsOf('')).toHaveLength(1);
  });

  test('any text is read or refused, in linear time', () => {
    for (const part of ['"', '""', ',', '\n', '\r', '"a"b,', '\r\n,"', ' '])
      expect(() => parseEntities(`symbol,name,alias\n${part.repeat(20_000)}`)).not.toThrow();
  });
});

describe('a table of sources', () => {
  test('has a credibility from 0 to 1 for each', () => {
    expect(parseSources('source,credibility\nwire,0.9\n"blog, a",.25\n').sources).toEqual(new Map([['wire', 0.9], ['blog, a', 0.25]])); // biome-ignore format: pairs
  });

  test('every fault is told at its place', () => {
    const text = 'source,credibility\na,1.5\na,0.5\n,1\nb,high\nc\nd,-1\n';
    expect(shown(text, parseSources(text).faults)).toEqual([
      '1.5: credibility "1.5" is not a number from 0 to 1',
      'a: source "a" is there twice',
      ',: source is empty',
      'high: credibility "high" is not a number from 0 to 1',
      'c: 1 cells under 2 columns',
      '-1: credibility "-1" is not a number from 0 to 1',
    ]);
  });
});
