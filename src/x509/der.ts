/** The part of DER (X.690) that this program needs: Node 20 exposes neither signature algorithms nor revocation lists. */

export interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** The element that begins here (X.690 §8.1); null if it does not fit into the bytes. */
export function element(bytes: Buffer, at: number): Element | null {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) return null;
  const more = first < 0x80 ? 0 : first & 0x7f;
  if (more > 3 || at + 2 + more > bytes.length) return null;
  const start = at + 2 + more;
  const end = start + (more === 0 ? first : bytes.readUIntBE(at + 2, more));
  return end <= bytes.length ? { tag, start, end } : null;
}

/** The elements inside an element, up to the first that does not fit. */
export function* elements(bytes: Buffer, { start, end }: Pick<Element, 'start' | 'end'>): Generator<Element> {
  for (let at = start; at < end;) {
    const next = element(bytes, at);
    if (next === null || next.end > end) return;
    yield next;
    at = next.end;
  }
}

export function readOid(bytes: Buffer): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    numbers.push(
      ...(numbers.length === 0
        ? [Math.min(2, Math.floor(value / 40)), value - 40 * Math.min(2, Math.floor(value / 40))]
        : [value]),
    );
    value = 0;
  }
  return numbers.join('.');
}
