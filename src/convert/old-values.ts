/** How values change that several rules have in common. */
import { refuse } from './conversion.ts';

type Value = string | { readonly refuse: string };

/** `</path` → `/path`. Anything else was the certificate's own text. */
export function path(value: string): Value {
  if (value === '' || value.startsWith('/')) return value;
  if (value.startsWith('<')) return value.slice(1).trim();
  return refuse('put its text into a file of its own and name that here');
}

export const yes = (value: string): boolean => /^(yes|y|1|true)$/i.test(value);

export const not = (value: string): string => (yes(value) ? 'no' : 'yes');

/** 0 was no limit, for which 2.4 has a word. */
export const unlimited = (value: string): string => (value === '0' ? 'unlimited' : value);
