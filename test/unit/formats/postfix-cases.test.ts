import assert from 'node:assert/strict';
import { parseMain, renderMain } from '../../../src/formats/postfix/main-cf.ts';
import { parseMaster, renderMaster } from '../../../src/formats/postfix/master-cf.ts';
import { casesOf, editMain, editMaster } from '../../support/formats/postfix-cases.ts';
import type { Case, MainEdit, MasterEdit } from '../../support/formats/postfix-cases.ts';

function check<E>(
  { name, why, before, edits, after, refused }: Case<E>,
  edit: (bytes: string, edits: readonly E[]) => string,
  copy: (bytes: string) => string,
): void {
  it(`${name}: ${why}`, () => {
    if (refused !== null) {
      assert.throws(() => edit(before, edits), {
        code: 'CONFIG_INVALID',
        message: new RegExp(`^\\w+\\.cf:${escape(refused)}$`),
      });
      return;
    }
    assert.ok(after !== null);
    assert.equal(copy(before), before);
    assert.equal(edit(before, edits), after);
    assert.equal(edit(after, edits), after, 'a second edit changes nothing');
  });
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe('formats: awkward main.cf files', () => {
  for (const one of casesOf<MainEdit>('postfix-main'))
    check(one, editMain, (bytes) => renderMain(parseMain(bytes, 'main.cf')));
});

describe('formats: awkward master.cf files', () => {
  for (const one of casesOf<MasterEdit>('postfix-master'))
    check(one, editMaster, (bytes) => renderMaster(parseMaster(bytes, 'master.cf')));
});
