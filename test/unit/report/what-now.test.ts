import assert from 'node:assert/strict';
import { Chalk } from 'chalk';
import { againFor } from '../../../src/cli/again.ts';
import { parseArguments } from '../../../src/cli/arguments.ts';
import { whatNow } from '../../../src/report/what-now.ts';
import { HOSTILE, result } from '../../support/report/results.ts';

const plain = new Chalk({ level: 0 });
const receipt = { id: '20261124T101500Z-4f2a', state: 'committed', step: 'end', reason: '' } as const;
const clients = {
  server: 'mx1.example.test',
  login: 'address',
  domains: ['example.test'],
  services: [
    { protocol: 'imap', port: 993, security: 'tls' },
    { protocol: 'smtp', port: 465, security: 'tls' },
  ],
  refused: ['logins without TLS: IMAP 143'],
} as const;
const left = [{ check: 'vrfy', severity: 'low', text: 'VRFY reveals which names exist' }] as const;
const after = { profile: 'standard', clients, left, reversible: true } as const;

const again = async (line: string, env: Record<string, string> = {}) => {
  const parsed = await parseArguments(line.split(' '), env, 80);
  assert.ok('flags' in parsed);
  return againFor(parsed.flags, env);
};

describe('report: what now', () => {
  it('after an apply the client settings, the points that an audit would find, and the next commands follow', async () => {
    const lines = whatNow(result({ kind: 'changed', receipt, after }), await again('apply mx1'), plain);
    assert.deepEqual(lines, [
      '',
      'In mail clients: server mx1.example.test, user name: the mail address',
      '  IMAP 993 SSL/TLS',
      '  SMTP 465 SSL/TLS',
      '  not offered any more: logins without TLS: IMAP 143',
      '',
      'An audit would still find, with the profile standard (severity low)',
      '  VRFY reveals which names exist',
      '',
      'Next',
      '  undo it      harden-mail rollback mx1 --to 20261124T101500Z-4f2a',
      '  every night  harden-mail check mx1 --quiet',
      '  DNS          harden-mail dns mx1',
      '  clients      harden-mail clients mx1',
      '  stricter     harden-mail apply mx1 --profile strict --dry-run',
    ]);
  });

  it('a change that no rollback undoes has no command for it, and strict has nothing stricter', async () => {
    const ending = { kind: 'changed', receipt, after: { ...after, profile: 'strict', reversible: false } } as const;
    const text = whatNow(result(ending), await again('apply mx1'), plain).join('\n');
    assert.doesNotMatch(text, /rollback|stricter/);
  });

  it('a rollback and a failure have no further words', async () => {
    const command = await again('apply mx1');
    assert.deepEqual(whatNow(result({ kind: 'changed', receipt }), command, plain), []);
    const failed = { kind: 'failed', code: 'X', message: 'm', hint: 'h', exit: 1 } as const;
    assert.deepEqual(whatNow(result(failed), command, plain), []);
  });

  it('a long command has a line of its own, whole', async () => {
    const command = await again('apply mx1 --ssh-config /home/ann/clients/example/ssh_config');
    const lines = whatNow(result({ kind: 'changed', receipt, after }), command, plain);
    const at = lines.indexOf('  undo it');
    assert.equal(
      lines[at + 1],
      '    harden-mail rollback mx1 --to 20261124T101500Z-4f2a --ssh-config /home/ann/clients/example/ssh_config',
    );
  });

  it('text of a host is escaped', async () => {
    const bad = { ...after, clients: { ...clients, server: HOSTILE, refused: [HOSTILE] } };
    const lines = whatNow(result({ kind: 'changed', receipt, after: bad }), await again('apply mx1'), plain);
    assert.doesNotMatch(lines.join('\n'), /[\u001b\u202e]/);
  });
});

describe('cli: the command line for the same hosts', () => {
  it('the options that lead to the hosts are repeated, and the others are not', async () => {
    const command = await again(
      'apply --inventory my-hosts.yaml --limit mx1,@all --yes --profile strict -F none --port 2222',
    );
    assert.equal(
      command('dns'),
      'harden-mail dns --inventory my-hosts.yaml --limit mx1,@all --port 2222 --ssh-config none',
    );
    assert.equal((await again('apply --local --yes'))('check'), 'harden-mail check --local');
  });

  it('an option that the other command does not have is left out', async () => {
    const command = await again('apply mx1 --ca /a.pem --domain a.test');
    assert.equal(command('dns'), 'harden-mail dns mx1 --domain a.test');
    assert.equal(command('check'), 'harden-mail check mx1 --domain a.test --ca /a.pem');
  });

  it('a value from the environment is not repeated, and a value with blanks is quoted', async () => {
    const command = await again('apply mx1', { HARDEN_MAIL_USER: 'ann' });
    assert.equal(command('dns'), 'harden-mail dns mx1');
    const parsed = await parseArguments(['apply', 'mx1', '--identity', '/my keys/id'], {}, 80);
    assert.ok('flags' in parsed);
    assert.equal(againFor(parsed.flags, {})('dns'), "harden-mail dns mx1 --identity '/my keys/id'");
  });
});
