import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../../src/connect/connect.ts';
import { keygen, startSshd } from './sshd.ts';
import type { Sshd } from './sshd.ts';

/**
 * The same known_hosts files for OpenSSH and for us, with a real sshd that has an Ed25519 and an RSA key, and a user whom
 * it does not let in: to be turned away by the login means that the host key was taken.
 */
describe('the verdict of harden-mail and of ssh on a host key', () => {
  let sshd: Sshd;
  const words: Record<string, string> = {};

  before(async () => {
    sshd = await startSshd([], ['ed25519', 'rsa']);
    words['ED'] = sshd.hostKey('ed25519');
    words['RSA'] = sshd.hostKey('rsa');
    words['OTHER'] = keygen(join(sshd.folder, 'other'), 'ed25519');
    words['OTHER_RSA'] = keygen(join(sshd.folder, 'other-rsa'), 'rsa');
  });
  after(() => sshd?.stop());

  const hashed = (name: string): string => {
    const salt = Buffer.alloc(20, 7);
    return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
  };
  const fill = (text: string): string =>
    text
      .replaceAll('#HERE', hashed(sshd.entry))
      .replaceAll('HERE', sshd.entry)
      .replaceAll('BARE', sshd.address)
      .replaceAll('PORT', String(sshd.port))
      .replace(/\b(OTHER_RSA|OTHER|ED|RSA)\b/g, (word) => words[word] ?? word);

  const cases: [file: string, verdict: string][] = [
    ['', 'HOST_KEY_UNKNOWN'],
    ['HERE ED', 'known'],
    ['HERE RSA', 'known'],
    ['HERE OTHER', 'HOST_KEY_CHANGED'],
    ['HERE OTHER_RSA', 'HOST_KEY_CHANGED'],
    ['HERE OTHER\nHERE ED', 'known'],
    ['HERE OTHER\nHERE RSA', 'HOST_KEY_CHANGED'],
    ['HERE OTHER_RSA\nHERE ED', 'known'],
    ['BARE ED', 'known'],
    ['BARE RSA', 'HOST_KEY_UNKNOWN'],
    ['BARE OTHER', 'HOST_KEY_UNKNOWN'],
    ['#HERE ED', 'known'],
    ['#HERE OTHER', 'HOST_KEY_CHANGED'],
    ['mx1,HERE,mx2 ED comment', 'known'],
    ['* ED', 'known'],
    ['*:PORT ED', 'known'],

    ['[198.18.?.*]:2* ED', 'known'],
    ['*,!HERE,!BARE ED', 'HOST_KEY_UNKNOWN'],
    ['*,!HERE ED', 'known'],
    ['*,!BARE OTHER\nHERE ED', 'known'],
    ['!HERE ED', 'HOST_KEY_UNKNOWN'],
    ['@revoked * ED', 'HOST_KEY_REVOKED'],
    ['HERE ED\n@revoked HERE ED', 'HOST_KEY_REVOKED'],
    ['HERE ED\n@revoked mx1 ED', 'known'],
    ['HERE ED\n@revoked * OTHER', 'known'],
    ['@cert-authority * ED', 'HOST_KEY_UNKNOWN'],
    ['@cert-authority * OTHER\nHERE ED', 'known'],
    ['@nonsense HERE ED', 'HOST_KEY_UNKNOWN'],
    ['HERE ssh-ed25519', 'HOST_KEY_UNKNOWN'],
    ['HERE ssh-ed25519 AAAA', 'HOST_KEY_UNKNOWN'],
    ['# HERE ED', 'HOST_KEY_UNKNOWN'],
    ['\t HERE \t ED', 'known'],
    ['HERE ED\r', 'known'],
    ['HERE ED # comment', 'known'],
  ];

  for (const [text, verdict] of cases) {
    it(`both verdicts are ${verdict} for the known_hosts file ${JSON.stringify(text)}`, async () => {
      const file = join(sshd.folder, 'case');
      writeFileSync(file, `${fill(text)}\n`);
      assert.deepEqual(await Promise.all([theirs(file), ours(file)]), [verdict, verdict]);
    });
  }

  async function ours(file: string): Promise<string> {
    const identity = join(sshd.folder, 'other');
    const options = { acceptNewHostKeys: false, knownHosts: [file], sshConfig: 'none' };
    const { code, message } = await connect(sshd.host({ identity }), options).then(
      () => assert.fail('let in'),
      (error: { code: string; message: string }) => error,
    );
    assert.ok(message.includes(String(sshd.port)), message);
    return code === 'AUTH_FAILED' ? 'known' : code;
  }

  function theirs(file: string): Promise<string> {
    const options = [`UserKnownHostsFile=${file}`, 'GlobalKnownHostsFile=none', 'BatchMode=yes', 'IdentityFile=none'];
    const args = [
      '-F',
      'none',
      '-p',
      String(sshd.port),
      ...options.flatMap((option) => ['-o', option]),
      `root@${sshd.address}`,
      'true',
    ];
    return new Promise((resolve) => {
      execFile('ssh', args, (_error, _stdout, stderr) => {
        if (/Permission denied/.test(stderr)) resolve('known');
        else if (/REVOKED/i.test(stderr)) resolve('HOST_KEY_REVOKED');
        else if (/HAS CHANGED/i.test(stderr)) resolve('HOST_KEY_CHANGED');
        else if (/verification failed/.test(stderr)) resolve('HOST_KEY_UNKNOWN');
        else resolve(stderr);
      });
    });
  }
});
