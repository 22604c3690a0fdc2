/** The fields of a JSON Schema as rows of a table. */

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** A path and its description. A field that only some of several forms have names those forms. */
export function jsonFields(schema: Schema): string[][] {
  return properties(schema, '', schema.$defs ?? {});
}

function properties(schema: Schema, prefix: string, defs: NonNullable<Schema['$defs']>): string[][] {
  const forms = formsOf(schema, defs);
  const names = [...new Set(forms.flatMap((form) => Object.keys(form.properties ?? {})))];
  return names.flatMap((name) => {
    const having = forms.filter((form) => form.properties?.[name]);
    const [own] = having.map((form) => form.properties?.[name] ?? {});
    if (!own) return [];
    const [path, inner] = own.items ? [`${prefix}${name}[]`, own.items] : [`${prefix}${name}`, own];
    const only = having.length < forms.length ? having.flatMap(kindOf) : [];
    const values = [...new Set(having.flatMap((form) => valuesOf(form.properties?.[name] ?? {})))];
    const said = [
      values.map((value) => `\`${String(value)}\``).join(', '),
      own.description ?? formsOf(own, defs)[0]?.description ?? '',
      only.length > 0 ? `only for ${only.map((kind) => `\`${kind}\``).join(', ')}` : '',
    ];
    return [[`\`${path}\``, said.filter(Boolean).join('; ')], ...properties(inner, `${path}.`, defs)];
  });
}

/** The object types that a value may have. */
function formsOf(schema: Schema, defs: NonNullable<Schema['$defs']>): Schema[] {
  if (schema.$ref !== undefined) return formsOf(defs[schema.$ref.replace('#/$defs/', '')] ?? {}, defs);
  const forms = schema.oneOf ?? schema.anyOf;
  return forms ? forms.flatMap((form) => formsOf(form, defs)) : schema.properties ? [schema] : [];
}

function kindOf({ properties: own = {} }: Schema): string[] {
  return valuesOf(own['outcome'] ?? own['kind'] ?? {}).map(String);
}

function valuesOf(schema: Schema): readonly unknown[] {
  return schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
}
