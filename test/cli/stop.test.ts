import { describe, expect, it } from 'vitest';
import { onStop } from '../../cli/stop.ts';

/** Sends SIGTERM to the listeners at the given times, ms, and gives what they heard. */
function heardAt(times: readonly number[]): readonly string[] {
  const heard: string[] = [];
  let now = 0;
  const stop = onStop({ first: (signal) => heard.push(signal), second: () => heard.push('again') }, () => now);
  for (const time of times) {
    now = time;
    process.emit('SIGTERM', 'SIGTERM');
  }
  stop();
  return heard;
}

describe('signals', () => {
  it('ask once, and again when they come later', () => {
    expect(heardAt([0])).toEqual(['SIGTERM']);
    expect(heardAt([0, 2000])).toEqual(['SIGTERM', 'again']);
  });

  it('that a terminal and a script both pass on count once', () => {
    expect(heardAt([0, 1, 2])).toEqual(['SIGTERM']);
  });
});
