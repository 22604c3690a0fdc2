import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { page } from '../../../src/report/page.ts';
import { fleet } from '../../support/report/documents.ts';
import { command } from '../../support/screen.ts';
import { VIEWS } from '../../support/report/views.ts';

describe('cli: report --html', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'harden-mail-report-'))));
  after(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  const json = JSON.stringify(fleet);

  it('the command makes a page from standard input or from a file', () => {
    writeFileSync(at('in.json'), json);
    for (const [args, input] of [
      [[], json],
      [[at('in.json')], ''],
    ] as const) {
      const { code, out, err } = command(['report', '--html', at('out.html'), ...args], input);
      assert.deepEqual([code, out, err], [0, `${at('out.html')}: 5 hosts: 2 ok, 1 drifted, 2 failed\n`, '']);
      assert.equal(readFileSync(at('out.html'), 'utf8'), page(fleet, VIEWS));
      rmSync(at('out.html'));
    }
  });

  for (const [what, args, input, says] of [
    ['empty input', [], '', /^harden-mail: standard input holds no document of harden-mail: it is empty$/],
    [
      'input that is not JSON',
      [],
      'mx1  ok',
      /^harden-mail: standard input holds no document of harden-mail: Unexpected token/,
    ],
    [
      'a document of another version',
      [],
      '{"version":2}',
      /^harden-mail: standard input holds no document of harden-mail: version: /,
    ],
    [
      'a file that does not exist',
      ['/nowhere/in.json'],
      '',
      /^harden-mail: \/nowhere\/in\.json cannot be read: ENOENT$/,
    ],
  ] as const) {
    it(`the command refuses ${what} and writes no file`, () => {
      const { code, out, err } = command(['report', '--html', at('none.html'), ...args], input);
      const [first = '', second] = err.split('\n');
      assert.deepEqual([code, out], [3, '']);
      assert.match(first, says);
      assert.match(second ?? '', /^ {2}→ \S/);
      assert.ok(!existsSync(at('none.html')));
    });
  }

  it('a page that cannot be written is an error with its path', () => {
    const { code, err } = command(['report', '--html', '/nowhere/out.html'], json);
    assert.equal(code, 3);
    assert.match(err, /^harden-mail: --html \/nowhere\/out\.html cannot be written: ENOENT\n {2}→ /);
  });
});
