import { describe, expect, it } from 'vitest';
import { Histogram } from '../../graph/run/histogram.ts';

/** A bucket is 9 % wide, and its upper edge is what is told. */
const near = (value: number, exact: number) => {
  expect(value).toBeGreaterThanOrEqual(exact * 0.999);
  expect(value).toBeLessThanOrEqual(exact * 1.1);
};

describe('a histogram', () => {
  it('tells quantiles within a bucket', () => {
    const histogram = new Histogram(() => 0);
    for (let i = 1; i <= 1000; i++) histogram.record(i / 1000);
    near(histogram.quantile(0.5), 0.5);
    near(histogram.quantile(0.99), 0.99);
    histogram.record(40, 10_000);
    near(histogram.quantile(0.5), 40);
  });

  it('forgets what is older than two minutes', () => {
    let now = 0;
    const histogram = new Histogram(() => now);
    histogram.record(100, 5);
    now = 61_000;
    histogram.record(1, 5);
    near(histogram.quantile(0.99), 100);
    now = 122_000;
    near(histogram.quantile(0.99), 1);
    now = 300_000;
    expect(histogram.quantiles()).toEqual({ p50: 0, p99: 0 });
  });
});
