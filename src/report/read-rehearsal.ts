/** Reads the result of a rehearsal that another machine played. */
import { z } from 'zod';
import type { Rehearsal } from '../model/index.ts';
import { rehearsalSchema } from './rehearsal-lines.ts';

/** Null for a value of another form. */
export function readRehearsal(value: unknown): Rehearsal | null {
  const { success, data } = rehearsalSchema(z).safeParse(value);
  return success ? (data as Rehearsal) : null;
}
