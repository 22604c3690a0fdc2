/** Parts of the JSON document's schema that several endings use. They get zod as an argument, for it is slow to load. */
import type { Zod } from './ending-view.ts';

/** Makes a schema once: its name in the published schema must not occur twice. */
export function once<T>(make: (zod: Zod) => T): (zod: Zod) => T {
  let made: T | undefined;
  return (zod) => (made ??= make(zod));
}

export const failureSchema = once((z) =>
  z
    .object({
      code: z.string().describe('what kind of failure, see exit-codes.md; `BUG` for one of ours'),
      message: z.string(),
      hint: z.string().describe('what to do about it'),
      excerpt: z.string().optional().describe('the place in a file, where one can be shown'),
    })
    .meta({ id: 'failure', description: 'what went wrong' }),
);
