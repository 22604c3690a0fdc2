/**
 * Splits the output of a script into its sections: "@NAME BYTES\n", that many bytes, "\n", and so on to "@end". Null if the
 * output is incomplete.
 */
export function sectionsOf(output: Buffer): ReadonlyMap<string, Buffer> | null {
  const sections = new Map<string, Buffer>();
  for (let at = 0; at < output.length;) {
    const eol = output.indexOf(10, at);
    const head = /^@(\S+) (\d+)$/.exec(output.toString('latin1', at, eol < 0 ? at : eol));
    const [, name, size] = head ?? [];
    if (name === undefined || output[eol + 1 + Number(size)] !== 10) break;
    sections.set(name, output.subarray(eol + 1, eol + 1 + Number(size)));
    at = eol + 2 + Number(size);
  }
  return sections.has('end') ? sections : null;
}
