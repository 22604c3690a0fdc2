import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { documentSchema } from '../../../src/report/document-schema.ts';
import { HOST_COMMAND_NAMES, VIEWS } from './views.ts';

const PUBLISHED = new URL('../../../docs/json.schema.json', import.meta.url);

const OURS = documentSchema(HOST_COMMAND_NAMES, VIEWS);

let published: z.ZodType | undefined;

/** Holds what `--json` printed to the published schema, and to our own, which names every field that there is. */
export function assertDocument(printed: string): void {
  published ??= z.fromJSONSchema(JSON.parse(readFileSync(PUBLISHED, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0]);
  const value: unknown = JSON.parse(printed);
  const { error } = published.safeParse(value);
  assert.ok(!error, `docs/json.schema.json: ${error && z.prettifyError(error)}\n${printed}`);
  // What the schema does not name is left out of its copy.
  assert.deepEqual(value, OURS.parse(value));
}
