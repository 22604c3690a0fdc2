/** Values longer than this are not expanded any further: no real one is, and they might grow without end. */
const LONGEST = 100_000;
const DEEPEST = 20;

/**
 * A value of Postfix with `$name`, `${name}` and `$(name)` filled in (postconf(5), "file format"). `read` gives a
 * setting's value, or null where it does not know it; that, and what is conditional, stays as it is.
 */
export function expandVariables(value: string, read: (name: string) => string | null): string {
  let expanded = value;
  for (let depth = 0; depth < DEEPEST && expanded.length < LONGEST; depth++) {
    const next = expanded.replace(
      /\$\$|\$\{(\w+)\}|\$\((\w+)\)|\$(\w+)/g,
      (whole, braced?: string, round?: string, bare?: string) => read(braced ?? round ?? bare ?? '') ?? whole,
    );
    if (next === expanded) break;
    expanded = next;
  }
  return expanded;
}
