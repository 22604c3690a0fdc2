/** The JSON Schema of ~/.config/harden-mail/config.yaml, from the option table. */
import { HOST_DEFAULTS, RUN_DEFAULTS } from '../src/cli/config-names.ts';
import { OPTIONS } from '../src/cli/options.ts';
import type { OptionRecord } from '../src/cli/options/option-record.ts';

export function configSchema() {
  const properties = Object.fromEntries(
    [...HOST_DEFAULTS, ...RUN_DEFAULTS].map((name) => [name, valueOf(OPTIONS[name])]),
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Defaults of harden-mail: ~/.config/harden-mail/config.yaml',
    type: 'object',
    properties,
    additionalProperties: false,
  };
}

function valueOf({ type, choices, describe: description }: OptionRecord): object {
  if (type === 'boolean') return { type, description };
  if (type === 'number') return { type: 'integer', minimum: 1, description };
  return { type, ...(choices ? { enum: choices } : { minLength: 1 }), description };
}
