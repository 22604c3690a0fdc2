/** Compares dotted version numbers part by part: negative, zero or positive, for sort functions. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Is a version in a range such as `>=3.4 <3.9`? Every bound must hold; ranges separated by ` || ` are alternatives. Bounds
 * compare by number: 3.10 > 3.9.
 */
export function satisfies(version: string, range: string): boolean {
  if (range.includes(' || ')) return range.split(' || ').some((one) => satisfies(version, one));
  return range.split(' ').every((part) => {
    const [, operator, bound] = /^(>=|<)(\d+(?:\.\d+)*)$/.exec(part) ?? [];
    if (operator === undefined || bound === undefined) throw new Error(`not a version range: ${range}`);
    const order = compareVersions(version, bound);
    return operator === '>=' ? order >= 0 : order < 0;
  });
}

/** The version without Debian's epoch and revision: `1:2.3.19.1+dfsg1-2.1+deb12u1` → `2.3.19.1` */
export function upstream(version: string): string {
  return /^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? version;
}
