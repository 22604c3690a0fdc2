/** Parts of the JSON document's schema that several endings use. zod is an argument, because it is slow to load. */
import type { Zod } from './ending-view.ts';

/** Creates a schema once: its name must not occur twice in the published schema. */
export function once<T>(make: (zod: Zod) => T): (zod: Zod) => T {
  let made: T | undefined;
  return (zod) => (made ??= make(zod));
}

export const failureSchema = once((z) =>
  z
    .object({
      code: z.string().describe('the kind of failure, see exit-codes.md; `BUG` for an error in harden-mail'),
      message: z.string(),
      hint: z.string().describe('the next step'),
      excerpt: z.string().optional().describe('an excerpt of the file, if the failure has a place in one'),
    })
    .meta({ id: 'failure', description: 'what went wrong' }),
);
