/** Conversions of values that several rules share. */
import { refuse } from './conversion.ts';

type Value = string | { readonly refuse: string };

/** `</path` → `/path`. Any other text was the certificate itself. */
export function path(value: string): Value {
  if (value === '' || value.startsWith('/')) return value;
  if (value.startsWith('<')) return value.slice(1).trim();
  return refuse('move the text into its own file and set the path here');
}

export const yes = (value: string): boolean => /^(yes|y|1|true)$/i.test(value);

export const not = (value: string): string => (yes(value) ? 'no' : 'yes');

/** 0 meant no limit; 2.4 has the value `unlimited`. */
export const unlimited = (value: string): string => (value === '0' ? 'unlimited' : value);
