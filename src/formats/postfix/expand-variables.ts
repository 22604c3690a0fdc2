/** Longer values are not expanded further: no real value is so long, and each step may double it. */
const LONGEST = 100_000;
const DEEPEST = 20;

/**
 * A value of Postfix with `$name`, `${name}` and `$(name)` expanded (postconf(5), "file format"). `read` returns a setting's
 * value, or null for an unknown setting. Unknown settings and conditional expressions stay as written.
 */
export function expandVariables(value: string, read: (name: string) => string | null): string {
  let expanded = value;
  for (let depth = 0; depth < DEEPEST && expanded.length < LONGEST; depth++) {
    let left = LONGEST - expanded.length;
    const next = expanded.replace(
      /\$\$|\$\{(\w+)\}|\$\((\w+)\)|\$(\w+)/g,
      (whole, braced?: string, round?: string, bare?: string) => {
        const value = read(braced ?? round ?? bare ?? '') ?? whole;
        left -= value.length;
        return left < 0 ? whole : value;
      },
    );
    if (next === expanded) break;
    expanded = next;
  }
  return expanded;
}
