/** Types as other systems call them, and what the file calls them. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'Text is utf8; of few different values, such as symbols, dictionary.',
  text: 'Text is utf8; of few different values, such as symbols, dictionary.',
  varchar: 'Text is utf8; of few different values, such as symbols, dictionary.',
  str: 'Text is utf8; of few different values, such as symbols, dictionary.',
  symbol: 'Write dictionary: text of few different values.',
  category: 'Write dictionary: text of few different values.',
  enum: 'Write dictionary: text of few different values.',
  number: 'Write float64, or int64 for whole numbers.',
  numeric: 'Write float64, or int64 for whole numbers.',
  decimal: 'Write float64, or int64 for whole numbers.',
  double: 'Write float64.',
  float: 'Write float64.',
  float32: 'Write float64.',
  int: 'Write int64, or int32.',
  integer: 'Write int64, or int32.',
  long: 'Write int64.',
  bigint: 'Write int64.',
  uint64: 'Write int64.',
  boolean: 'Write bool.',
  date: 'Write { type: timestamp, zone: utc }, which takes a date alone as its midnight in UTC.',
  datetime: 'Write timestamp; { type: timestamp, zone: utc } where the text has no zone.',
  time: 'Write timestamp; { type: timestamp, zone: utc } where the text has no zone.',
};

const UNIT_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(ns|nanos?|nanoseconds?)$/, 'ns'],
  [/^(us|µs|micros?|microseconds?)$/, 'us'],
  [/^(ms|millis?|milliseconds?)$/, 'ms'],
  [/^(s|secs?|seconds?)$/, 's'],
  [/^(m|mins?|minutes?)$/, 'm'],
  [/^(h|hrs?|hours?)$/, 'h'],
  [/^(d|days?)$/, 'd'],
];

/** What a word was meant as where a column type or a zone stands; undefined when it is no known slip. */
export function wordSlip(written: string, words: readonly string[]): string | undefined {
  if (words.includes('float64')) {
    const type = written.toLowerCase();
    return Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  }
  if (words.length === 1 && words[0] === 'utc')
    return 'Only utc is understood; else write the offset in the text: 2024-08-08T13:30:00+02:00.';
  return undefined;
}

/** How a duration is written that was written in another way: `1min`, `3 days`, `60`. */
export function durationSlip(written: string): string | undefined {
  const match = /^\s*(\d{1,18})\s*([a-zµ]*)\s*$/i.exec(written);
  const [, digits, word = ''] = match ?? [];
  if (digits === undefined) return undefined;
  if (word === '') return `Say its unit: ${digits}s, ${digits}m or ${digits}ms.`;
  if (/^w(eeks?)?$/i.test(word)) return `Write ${BigInt(digits) * 7n}d.`;
  const unit = UNIT_WORDS.find(([pattern]) => pattern.test(word.toLowerCase()))?.[1];
  return unit === undefined || `${digits}${unit}` === written ? undefined : `Write ${digits}${unit}.`;
}
