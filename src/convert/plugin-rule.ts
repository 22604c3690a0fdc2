/** Constructors of rules for plugins' settings. */
import type { Converted, Rule } from './conversion.ts';

const doc = (plugin: string): string => `Dovecot documentation, ${plugin} plugin`;

export const rule = (source: string, old: string, now: string, by: Rule['by'], why: string): Rule => {
  return { place: 'plugin', old, now, ...(by && { by }), why, source: doc(source) };
};

export const renamed = (source: string, old: string, now: string): Rule =>
  rule(source, old, now, undefined, 'Renamed.');

export const lines = (...all: string[]): Converted => ({ lines: all });
