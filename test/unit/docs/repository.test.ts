/** The repository's own files for people who report a fault, and for machines that test a change. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly {
    readonly type: string;
    readonly id?: string;
    readonly attributes: { readonly label?: string; readonly value?: string; readonly options?: readonly unknown[] };
  }[];
}

describe('repository', () => {
  const folder = '.github/ISSUE_TEMPLATE';
  for (const file of readdirSync(folder).filter((name) => name !== 'config.yml'))
    it(`the form ${file} has a name, a description, and a label and an id of its own for each field`, () => {
      const { name, description, body } = parse(readFileSync(join(folder, file), 'utf8')) as Form;
      assert.ok(name && description && body.length > 0);
      const fields = body.filter(({ type }) => type !== 'markdown');
      for (const { type, attributes } of fields) {
        assert.ok(['input', 'textarea', 'dropdown', 'checkboxes'].includes(type), type);
        assert.ok(attributes.label);
      }
      const ids = fields.map(({ id }) => id);
      assert.ok(ids.every((id) => /^[a-z]+$/.test(id ?? '')) && new Set(ids).size === ids.length);
    });

  it('the workflow runs the same script as everybody', () => {
    const workflow = parse(readFileSync('.github/workflows/ci.yml', 'utf8')) as {
      jobs: Record<string, { steps: readonly { run?: string }[] }>;
    };
    assert.ok(workflow.jobs['ci']?.steps.some(({ run }) => run === '.ci/run'));
  });

  it('every page of docs/ is listed in docs/README.md', () => {
    const listed = readFileSync('docs/README.md', 'utf8');
    const pages = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'README.md');
    assert.deepEqual(pages.filter((name) => !listed.includes(`(${name})`)), []); // oxfmt-ignore
  });
});
