// Numbers and short texts in few bytes, for states that are saved often.

import { byte, toByteString } from "../protocol/bytes.ts";

const FIRST_CAPACITY = 1024;
const MAX_VARINT = 8;

/** Writes numbers seven bits at a time, lowest first. */
export class VarintWriter {
  #buffer = new Uint8Array(FIRST_CAPACITY);
  #size = 0;

  /** `value` is a safe integer, not negative. */
  unsigned(value: number): void {
    if (this.#size + MAX_VARINT > this.#buffer.length) this.#grow();
    let rest = value;
    while (rest >= 128) {
      this.#buffer[this.#size++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#size++] = rest;
  }

  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** `text` is a byte string. */
  text(text: string): void {
    this.unsigned(text.length);
    for (let i = 0; i < text.length; i++) this.unsigned(text.charCodeAt(i));
  }

  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#size);
  }

  #grow(): void {
    const grown = new Uint8Array(2 * this.#buffer.length);
    grown.set(this.#buffer);
    this.#buffer = grown;
  }
}

export class VarintReader {
  readonly #buffer: Uint8Array;
  #at = 0;

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
  }

  unsigned(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.#at >= this.#buffer.length) throw new Error("saved state ends too early");
      const next = byte(this.#buffer, this.#at++);
      value += (next & 127) * scale;
      if (next < 128) return value;
      scale *= 128;
    }
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  text(): string {
    const codes = Array.from({ length: this.unsigned() }, () => this.unsigned());
    return toByteString(Uint8Array.from(codes));
  }
}
