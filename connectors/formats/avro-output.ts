const FIRST_BYTES = 64 * 1024;

/** Bytes that grow as Avro's binary encoding is written into them. Source: Apache Avro 1.12, "Binary Encoding". */
export class Output {
  bytes = new Uint8Array(FIRST_BYTES);
  pos = 0;
  #view = new DataView(this.bytes.buffer);

  /** Starts anew; what was written before stays as it is. */
  reset(): void {
    this.bytes = new Uint8Array(Math.max(FIRST_BYTES, this.pos));
    this.#view = new DataView(this.bytes.buffer);
    this.pos = 0;
  }

  #room(size: number): void {
    if (this.pos + size <= this.bytes.length) return;
    const grown = new Uint8Array(2 * this.bytes.length + size);
    grown.set(this.bytes.subarray(0, this.pos));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  byte(value: number): void {
    this.#room(1);
    this.bytes[this.pos++] = value;
  }

  /** An int64 in zigzag varint coding, given in halves. */
  long(low: number, high: number): void {
    this.#room(10);
    const sign = high >> 31;
    let lo = (low << 1) ^ sign;
    let hi = ((high << 1) | (low >>> 31)) ^ sign;
    while (hi !== 0 || lo >>> 0 > 0x7f) {
      this.bytes[this.pos++] = (lo & 0x7f) | 0x80;
      lo = (lo >>> 7) | (hi << 25);
      hi >>>= 7;
    }
    this.bytes[this.pos++] = lo;
  }

  int(value: number): void {
    this.long(value, value >> 31);
  }

  bigint(value: bigint): void {
    this.long(Number(BigInt.asIntN(32, value)), Number(value >> 32n));
  }

  float(value: number): void {
    this.#room(4);
    this.#view.setFloat32(this.pos, value, true);
    this.pos += 4;
  }

  double(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.pos, value, true);
    this.pos += 8;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.bytes.set(bytes, this.pos);
    this.pos += bytes.length;
  }

  /** Bytes behind their length: strings too. */
  sized(bytes: Uint8Array): void {
    this.int(bytes.length);
    this.raw(bytes);
  }
}
