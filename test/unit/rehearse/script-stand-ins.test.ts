import assert from 'node:assert/strict';
import { residentOf } from '../../../src/rehearse/resident.ts';
import { programsFor } from '../../../src/rehearse/script-stand-ins.ts';

const RESIDENT = residentOf({
  login: 'ann@one.test',
  address: 'ann@one.test',
  password: 'secret',
  base: '/var/vmail',
  uid: '5000',
  gid: '5000',
  passwords: ['{PLAIN}secret'],
});

/** The home that the stand-in of a checkpassword program sets. */
function homeIn(userdbs: string): string | undefined {
  const { script } = programsFor(
    `passdb {\n  args = /usr/local/bin/check\n  driver = checkpassword\n}\n${userdbs}`,
    RESIDENT,
  );
  const text = Buffer.from(/printf %s (\S+) \| base64 -d/.exec(script)?.[1] ?? '', 'base64').toString();
  return /HOME => '([^']*)'/.exec(text)?.[1];
}

describe('rehearse: stand-ins of programs that check passwords', () => {
  it('a user has the same home from checkpassword and from a static userdb, which LMTP asks', () => {
    const prefetch = 'userdb {\n  driver = prefetch\n}\n';
    assert.equal(
      homeIn(`${prefetch}userdb {\n  args = uid=5000 gid=5000 home=/srv/mail/%d/%n/home\n  driver = static\n}\n`),
      '/srv/mail/one.test/ann/home',
    );
    assert.equal(homeIn(prefetch), '/var/vmail/one.test/ann');
  });
});
