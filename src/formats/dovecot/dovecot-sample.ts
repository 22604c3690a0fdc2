/**
 * Commented-out samples: `#ssl = yes`, or a whole block with every line commented out. A new setting goes directly below its
 * sample, where an administrator would look for it.
 */
import type { Placed, Reading } from './dovecot-config.ts';
import { lexDovecot } from './dovecot-lexer.ts';
import type { Line } from './dovecot-lexer.ts';
import type { Grammar } from './dovecot-line.ts';
import type { Section } from './dovecot-tree.ts';

/** The sample to find: by a setting's key or a block's header. */
export type SampleKind = { readonly kind: 'setting' | 'begin'; readonly name: string };

/**
 * Index of the line on which the sample ends, or -1. Samples are usually `#key`, and `# key` is usually a sentence, so the first
 * form is searched before the second.
 */
export function sampleOf(reading: Reading, section: Section, wanted: SampleKind, grammar: Grammar): number {
  const tight = search(reading, section, wanted, grammar, /^\S/);
  return tight >= 0 ? tight : search(reading, section, wanted, grammar, /^/);
}

function search(reading: Reading, section: Section, wanted: SampleKind, grammar: Grammar, comment: RegExp): number {
  let depth = 0;
  let found = false;
  for (const [i, placed] of reading.lines.entries()) {
    if (placed.line.kind !== 'skip') [depth, found] = [0, false];
    if (placed.before !== section) continue;
    const sample = uncommented(placed, grammar);
    if (sample?.kind === 'end' && depth > 0) {
      if (--depth === 0 && found) return i;
      continue;
    }
    const matches =
      depth === 0 && sample?.kind === wanted.kind && nameOf(sample) === wanted.name && fits(placed, comment);
    if (sample?.kind === 'begin') {
      depth++;
      found ||= matches;
    } else if (matches) return i;
  }
  return -1;
}

const nameOf = (line: Line): string | null =>
  line.kind === 'setting' ? line.key : line.kind === 'begin' ? line.header : null;

const fits = ({ line }: Placed, comment: RegExp): boolean =>
  line.kind === 'skip' && line.comment !== null && comment.test(line.comment);

/** A comment parsed without its `#`; most prose does not parse. */
function uncommented({ line }: Placed, grammar: Grammar): Line | null {
  if (line.kind !== 'skip' || line.comment === null || !/[={}]/.test(line.comment)) return null;
  const [inner] = lexDovecot(line.comment.replace(/^#+/, ''), grammar);
  return inner ?? null;
}
