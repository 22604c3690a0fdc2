import assert from 'node:assert/strict';
import { Chalk } from 'chalk';
import type { Finding } from '../../../src/model/index.ts';
import { likeFindings, matrixOf } from '../../../src/report/matrix.ts';
import { matrixLines } from '../../../src/report/matrix-lines.ts';
import { page } from '../../../src/report/page.ts';
import { terminal } from '../../../src/terminal/terminal.ts';
import { documentOf } from '../../support/report/documents.ts';
import { HOSTILE, result } from '../../support/report/results.ts';
import { VIEWS } from '../../support/report/views.ts';
import { screen } from '../../support/screen.ts';

const plain = new Chalk({ level: 0 });
const PORTS = [25, 110, 143, 465, 587, 993, 995];
const of = (port: number, check: string, text: string, over: Partial<Finding> = {}): Finding => {
  return { port, check, status: 'pass', text, via: 'direct', ...over };
};
const well = PORTS.flatMap((port) => [
  of(port, 'answers', `greets on ${port}`),
  ...(port === 25 ? [of(port, 'relay', 'takes no mail for elsewhere')] : []),
  of(port, 'certificate-validity', 'is valid for 80 more days'),
]);
const finish = async (findings: readonly Finding[], verbose = false): Promise<string[]> => {
  const { process, out } = screen(true);
  const run = { command: 'verify', version: '1', views: VIEWS, dryRun: false, began: 0, seconds: 1, exit: 0 };
  await terminal(process, { color: 'never', verbose }).finish({ ...run, results: [result({ kind: 'verified' }, { findings })] }); // oxfmt-ignore
  return out().trimEnd().split('\n');
};

describe('report: the matrix of verify', () => {
  it('verify prints a table of ports and checks when all is well, and one line about the host', async () => {
    assert.deepEqual(await finish(well), [
      '                             25  110  143  465  587  993  995',
      '  answers                     ✔    ✔    ✔    ✔    ✔    ✔    ✔',
      '  relay                       ✔',
      '  certificate-validity        ✔    ✔    ✔    ✔    ✔    ✔    ✔',
      '  certificate-validity    is valid for 80 more days',
      'mx1  ok: 15 checks passed',
    ]);
  });

  it('only a check that does not pass has a line of its own, and the table marks it', async () => {
    const bad = of(465, 'relay', 'takes mail for everybody', { status: 'fail' });
    const lines = await finish([...well, bad, of(993, 'answers', 'not seen', { status: 'hint' })]);
    assert.ok(lines.includes('  relay                       ✔              ✖'), lines.join('\n'));
    assert.ok(lines.includes('  ✖ 465 relay                takes mail for everybody'));
    assert.ok(lines.includes('  answers                     ✔    ✔    ✔    ✔    ✔    ·    ✔'));
    assert.equal(lines.filter((line) => /greets on/.test(line)).length, 0);
  });

  it('--verbose prints every check on a line of its own, without a table', async () => {
    const lines = await finish(well, true);
    assert.equal(lines.length, 16);
    assert.equal(lines[0], '  ✔  25 answers              greets on 25');
  });

  it('the worst of several results counts where a check asks for several names', () => {
    const { rows } = matrixOf([of(993, 'sni', 'a'), of(993, 'sni', 'b', { status: 'fail' }), of(993, 'sni', 'c')]);
    assert.deepEqual(rows, [{ check: 'sni', cells: ['fail'] }]);
  });

  it('the facts of the certificate appear once, and by port where ports differ', () => {
    const one = well.map((finding) =>
      finding.port === 993 ? { ...finding, text: 'is valid for 5 more days' } : finding,
    );
    const lines = matrixLines(one, plain);
    assert.ok(lines.includes('  certificate-validity    993: is valid for 5 more days'), lines.join('\n'));
    assert.ok(lines.includes('  certificate-validity    25 110 143 465 587 995: is valid for 80 more days'));
  });

  it('a port that was seen through SSH is named', () => {
    const lines = matrixLines([of(25, 'answers', 'x'), of(993, 'answers', 'x', { via: 'ssh' })], plain);
    assert.equal(lines.at(-1), '                          993: seen through SSH');
  });

  it('the table fits 80 columns with all ports, and text of a host is escaped', () => {
    const bad = PORTS.map((port) => of(port, 'certificate-validity', `${HOSTILE} ${'word '.repeat(30)}`));
    const lines = matrixLines(bad, plain);
    for (const line of lines) assert.ok(line.length <= 80, line);
    assert.doesNotMatch(lines.join('\n'), /[\u001b\u202e]/);
  });

  it('like findings of several ports are one group, in the order of the first', () => {
    const groups = likeFindings([of(25, 'a', 'x'), of(993, 'b', 'y'), of(995, 'a', 'x'), of(995, 'a', 'z')]);
    assert.deepEqual(
      groups.map((group) => group.map(({ port }) => port)),
      [[25, 995], [993], [995]],
    );
  });
});

describe('report: findings on the page', () => {
  const shown = (hosts: number): string => {
    const bad = [25, 993].map((port) => of(port, 'tls', 'is too old', { status: 'fail' }));
    const results = Array.from({ length: hosts }, (_, at) => result({ kind: 'verified' }, { host: `mx${at + 1}`, findings: [...well, ...bad] })); // oxfmt-ignore
    return page(documentOf(results, { command: 'verify' }), VIEWS);
  };

  it('a page of one host is open, and a page of several hosts is folded', () => {
    assert.match(shown(1), /<details class="host" open>/);
    assert.doesNotMatch(shown(2), /<details class="host" open>/);
  });

  it('like findings are one row with their ports, and the matrix has a header for each port and check', () => {
    const text = shown(1);
    assert.match(text, /<td class="ports">25 993<\/td>/);
    assert.equal(text.match(/is too old/g)?.length, 1);
    assert.equal(text.match(/<th scope="col">\d+<\/th>/g)?.length, PORTS.length);
    assert.match(text, /<th scope="row">relay<\/th>/);
    assert.match(text, /15 checks passed, in words/);
  });
});
