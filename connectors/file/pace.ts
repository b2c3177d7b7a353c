import type { Payloads } from '../../graph/contract/format.ts';
import { instantNs } from '../../graph/contract/units.ts';

const HEAD = 256;

/** Finds the time of a line: a leading number (capture), a key of a JSON object, or a field of a CSV line whose header names it. */
export class Stamps {
  readonly #field: string;
  readonly #inJson: RegExp;
  #column = -1;

  constructor(field: string) {
    this.#field = field;
    const name = field.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    this.#inJson = new RegExp(`"${name}"\\s*:\\s*(?:"([^"]*)"|(-?\\d+(?:\\.\\d+)?))`);
  }

  /** ns since 1970 UTC, or null when the line does not say. */
  of(line: Uint8Array): bigint | null {
    const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('latin1');
    if (text.startsWith('{')) {
      const found = this.#inJson.exec(text);
      return found ? timeOf(found[1] ?? found[2] ?? '') : null;
    }
    const leading = /^(\d{9,19}) /.exec(text.slice(0, HEAD));
    if (leading) return timeOf(leading[1] ?? '');
    const fields = text.split(/[,;\t|]/).map((field) => field.replace(/^"|"$/g, ''));
    const named = fields.indexOf(this.#field);
    if (named >= 0) this.#column = named;
    return this.#column < 0 || named >= 0 ? null : timeOf(fields[this.#column] ?? '');
  }
}

/** An instant, or a number of seconds, ms, us or ns since 1970, told apart by its size (2001 to 2286). */
function timeOf(text: string): bigint | null {
  const number = /^(\d+)(\.\d+)?$/.exec(text);
  if (!number) {
    const day = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
    return instantNs(day);
  }
  const digits = number[1] ?? '';
  const scale = digits.length >= 19 ? 0 : digits.length >= 16 ? 3 : digits.length >= 13 ? 6 : 9;
  const value = BigInt(digits) * 10n ** BigInt(scale);
  return scale === 9 && number[2] ? value + BigInt(number[2].slice(1, 10).padEnd(9, '0')) : value;
}

/** Lets lines through when their time has come: the first is due at once, the others as much later as they were stamped later. */
export class Pace {
  readonly #speed: number;
  readonly #clock: () => bigint;
  #base: { readonly stampNs: bigint; readonly atNs: bigint } | null = null;

  /** `clock`: monotonic ns. */
  constructor(speed: number, clock: () => bigint = () => process.hrtime.bigint()) {
    this.#speed = speed;
    this.#clock = clock;
  }

  /** How many of the payloads, from `from` on, are due; a line without a time goes with the one before. */
  due(payloads: Payloads, from: number, to: number, stamps: Stamps): number {
    const now = this.#clock();
    for (let i = from; i < to; i++) {
      const stampNs = stamps.of(payloads.bytes.subarray(payloads.offsets[i], payloads.offsets[i + 1]));
      if (stampNs === null) continue;
      this.#base ??= { stampNs, atNs: now };
      if (Number(stampNs - this.#base.stampNs) > Number(now - this.#base.atNs) * this.#speed) return i - from;
    }
    return to - from;
  }
}
