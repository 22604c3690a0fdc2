/**
 * Commented-out samples: `#ssl = yes`, or a whole block with each of its lines commented out. A new setting looks best
 * right under its sample, which is where an admin would look for it.
 */
import { lexDovecot } from './dovecot-lexer.ts';
import type { Grammar } from './dovecot-line.ts';
import type { Placed, Reading, Section } from './dovecot-config.ts';

/** Index of the last line of the commented-out sample of `name` in a section, or -1. */
export function sampleOf(
  reading: Reading,
  section: Section,
  kind: 'setting' | 'begin',
  name: string,
  grammar: Grammar,
): number {
  let depth = 0;
  let found = -1;
  for (let i = 0; i < reading.lines.length; i++) {
    const placed = reading.lines[i]!;
    const sample = placed.before === section ? readSample(placed, grammar) : null;
    if (sample === null) {
      if (placed.line.kind !== 'skip') [depth, found] = [0, -1];
    } else if (sample.kind === 'begin') {
      if (depth++ === 0 && kind === 'begin' && sample.header === name) found = i;
    } else if (sample.kind === 'end') {
      if (depth > 0 && --depth === 0 && found >= 0) return i;
    } else if (depth === 0 && kind === 'setting' && sample.key === name) return i;
  }
  return -1;
}

/** What a comment would be without its `#`. Prose is no sample: mostly it does not parse, or says more than a value. */
function readSample(
  { line }: Placed,
  grammar: Grammar,
): { kind: 'setting'; key: string } | { kind: 'begin'; header: string } | { kind: 'end' } | null {
  if (line.kind !== 'skip' || line.comment === null || !/[={}]/.test(line.comment)) return null;
  const [inner] = lexDovecot(line.comment.replace(/^#+/, ''), grammar);
  if (inner?.kind === 'begin' || inner?.kind === 'end') return inner;
  return inner?.kind === 'setting' ? inner : null;
}
