import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import {
  insertMainMember,
  mainEntries,
  mainValue,
  parseMain,
  removeMain,
  renderMain,
  setMain,
} from '../../../src/formats/postfix/main-cf.ts';

const FILE = '/etc/postfix/main.cf';
const set = (bytes: string, name: string, value: string) => renderMain(setMain(parseMain(bytes, FILE), name, value));
const remove = (bytes: string, name: string) => renderMain(removeMain(parseMain(bytes, FILE), name));

describe('formats: main.cf', () => {
  it('the parser joins lines as Postfix does, across comments and empty lines', () => {
    const cf = parseMain('a = 1,\n# x\n\n  2\n  # y\n\t3\nb=4 # z\n', FILE);
    assert.deepEqual(mainEntries(cf), [
      { name: 'a', value: '1,  2\t3', line: 1 },
      { name: 'b', value: '4 # z', line: 7 },
    ]);
  });

  it('the parser drops a continuation line at the top of the file, as Postfix does', () => {
    assert.deepEqual(mainEntries(parseMain('  a = 1\n  b = 2\nc = 3\n', FILE)), [{ name: 'c', value: '3', line: 3 }]);
  });

  it('the last of several occurrences counts', () => {
    assert.deepEqual(mainValue(parseMain('a=1\nb=2\na = 3\n', FILE), 'a'), { name: 'a', value: '3', line: 3 });
  });

  it('setMain edits only the last occurrence', () => {
    assert.equal(set('a=1\nb = x \r\na  =\t2 \nc=3', 'a', '9'), 'a=1\nb = x \r\na  =\t9 \nc=3');
  });

  it('setMain and removeMain return the same tree when there is nothing to change', () => {
    const cf = parseMain('a = 1,\n   2\nb=3\n', FILE);
    assert.equal(setMain(cf, 'a', '1, 2'), cf);
    assert.equal(setMain(cf, 'b', '3'), cf);
    assert.equal(removeMain(cf, 'c'), cf);
  });

  it('setMain fills an empty value and empties a value', () => {
    assert.equal(set('a =\n', 'a', '1'), 'a = 1\n');
    assert.equal(set('a=\r\n', 'a', '1'), 'a=1\r\n');
    assert.equal(set('a = 1\n', 'a', ''), 'a =\n');
  });

  it('setMain adds a parameter at the end, with the line end of the file', () => {
    assert.equal(set('a=1\r\nb=2', 'c', '3'), 'a=1\r\nb=2\r\nc = 3\r\n');
    assert.equal(set('', 'c', '3'), 'c = 3\n');
  });

  it('setMain adds a parameter below its commented-out sample', () => {
    const sample = '#c = 1,\n#\t2\n#c = 4\n# prose\nb = 2\n';
    assert.equal(set(sample, 'c', '3'), '#c = 1,\n#\t2\n#c = 4\nc = 3\n# prose\nb = 2\n');
    assert.equal(set('a=1\n# c=1\nb=2\n', 'c', '3'), 'a=1\n# c=1\nc=3\nb=2\n');
  });

  it('setMain does not separate a parameter from its continuation around a sample', () => {
    assert.equal(set('a = 1,\n#c = 1\n  2\nb = 2\n', 'c', '3'), 'a = 1,\n#c = 1\n  2\nc = 3\nb = 2\n');
  });

  it('insertMainMember adds one line to a list of several lines', () => {
    const list = 'r =\n    permit_mynetworks,\n    # ours\n    reject_unauth_destination\nb = 1\n';
    assert.equal(
      renderMain(
        insertMainMember(parseMain(list, FILE), 'r', 'permit_sasl_authenticated', 'reject_unauth_destination'),
      ),
      'r =\n    permit_mynetworks,\n    permit_sasl_authenticated,\n    # ours\n    reject_unauth_destination\nb = 1\n',
    );
    assert.equal(
      renderMain(insertMainMember(parseMain(list, FILE), 'r', 'check_policy_service inet:[::1]:9', null)),
      'r =\n    permit_mynetworks,\n    # ours\n    reject_unauth_destination,\n    check_policy_service inet:[::1]:9\nb = 1\n',
    );
  });

  it('removeMain removes every occurrence with its continuation lines and joins no line to the one before', () => {
    assert.equal(remove('b = 1\na = 1,\n# keep\n  2\nc = 3\na=9\n', 'a'), 'b = 1\n# keep\nc = 3\n');
  });

  it('a syntax error has the file, line, column and what was expected', () => {
    assert.throws(
      () => parseMain('a = 1\nmyhostname mail\n', FILE),
      (error: unknown) =>
        error instanceof HardenMailError &&
        error.code === 'CONFIG_INVALID' &&
        error.message === '/etc/postfix/main.cf:2:12: expected "=" after the parameter name' &&
        error.excerpt === '2 | myhostname mail\n  |            ^',
    );
  });
});
