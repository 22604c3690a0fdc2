import type { Rule } from './conversion.ts';

export const plugin: readonly Rule[] = [];
