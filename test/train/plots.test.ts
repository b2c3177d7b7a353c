import { expect, test } from 'vitest';
import { linePlot } from '../../train/plots.ts';

test('a line of 200,000 points is drawn with those that can be seen, from its first to its last', () => {
  const points = Array.from({ length: 200_000 }, (_, x) => ({ x, y: x === 77_777 ? 5 : Math.sin(x / 1000) }));
  const svg = linePlot('long', [{ name: 'long', points, look: 'model' }], { x: 'rows', y: 'value' });
  const [, path = ''] = /<path class="model" d="([^"]*)"/.exec(svg) ?? [];
  const drawn = path.split(/[ML]/).slice(1);
  expect(drawn.length).toBeLessThanOrEqual(1001);
  // 5 % of room on each side of 482 px: 5 / 110 and 105 / 110 of them behind the 64 px of the axis
  expect(Number(drawn[0]?.split(' ')[0])).toBeCloseTo(64 + (482 * 5) / 110, 0);
  expect(Number(drawn.at(-1)?.split(' ')[0])).toBeCloseTo(64 + (482 * 105) / 110, 0);
  expect(svg).toMatch(/>4<\/text>/); // the axis goes up to the one high point, though it may not be drawn
});
