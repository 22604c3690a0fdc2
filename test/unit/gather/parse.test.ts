import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { HardenMailError } from '../../../src/model/errors.ts';
import { assumeBase } from '../../../src/debian/supported.ts';
import { parseSnapshot } from '../../../src/gather/parse-snapshot.ts';
import type { Snapshot } from '../../../src/model/index.ts';

/** What gather.sh prints, from sections by name; a later one of the same name wins, and undefined leaves one out. */
function printed(sections: Readonly<Record<string, string | undefined>>): Buffer {
  const all = Object.entries({ now: '1800000000', ...sections, end: '' });
  const text = all.flatMap(([name, body]) => {
    return body === undefined ? [] : [`@${name} ${Buffer.byteLength(body, 'latin1')}\n${body}\n`];
  });
  return Buffer.from(text.join(''), 'latin1');
}

/** The four sections that tell of files. Contents are bytes. */
function told(files: Readonly<Record<string, string>>, mode = '644', owner = 'root:root'): Record<string, string> {
  const all = Object.entries(files);
  return {
    stat: all.map(([path, bytes]) => `${bytes.length} ${mode} 1799990000 ${owner} ${path}`).join('\n'),
    targets: Object.keys(files).join('\n'),
    digests: all.map(([, bytes]) => createHash('sha256').update(bytes, 'latin1').digest('hex')).join('\n'),
    bytes: Object.values(files).join(''),
  };
}

const parse = (sections: Readonly<Record<string, string | undefined>>): Snapshot => parseSnapshot(printed(sections));
const facts = (sections: Readonly<Record<string, string | undefined>>): Snapshot['facts'] => parse(sections).facts;

const isTorn = (message: RegExp) => (error: unknown) =>
  error instanceof HardenMailError &&
  error.code === 'REMOTE_FAILED' &&
  message.test(error.message) &&
  error.hint !== '';

describe('gather: the output of the script', () => {
  it('files of more than 2 MiB together are refused, and the largest is named', () => {
    const text = 'x'.repeat(1 << 20);
    assert.throws(() => parse(told({ '/etc/postfix/main.cf': text, '/etc/dovecot/dovecot.conf': text.repeat(4) })), {
      code: 'CONFIG_INVALID',
      message: 'the configuration files have more than 2 MiB together; the largest is /etc/dovecot/dovecot.conf',
    });
  });

  it('files have their bytes, whatever the bytes are', () => {
    const bytes = 'a\n@end 0\n\0\xff\r\n';
    const { files } = parse(told({ '/etc/postfix/main.cf': bytes, '/etc/postfix/master.cf': '', '/etc/x': '@x 9\n' }));
    assert.equal(files['/etc/postfix/main.cf']?.bytes, bytes);
    assert.equal(files['/etc/postfix/master.cf']?.bytes, '');
    assert.deepEqual(files['/etc/x'], {
      path: '/etc/x',
      target: '/etc/x',
      bytes: '@x 9\n',
      sha256: createHash('sha256').update('@x 9\n').digest('hex'),
      mode: '0644',
      owner: 'root:root',
      changed: 1_799_990_000,
    });
  });

  it('unusual names, owners and modes stay as they are', () => {
    const odd = [
      '/etc/dovecot/conf.d/my own.conf',
      '/etc/dovecot/a 1 2 /b.conf',
      '/etc/dovecot/back\\slash',
      '/etc/caf\xc3\xa9',
    ];
    for (const path of odd) assert.equal(parse(told({ [path]: 'x' })).files[path]?.bytes, 'x', path);
    const { files } = parse(told({ '/x': 'x' }, '4755', 'EXAMPLE\\mail admin:domain users'));
    assert.equal(files['/x']?.owner, 'EXAMPLE\\mail admin:domain users');
    assert.equal(files['/x']?.mode, '4755');
    assert.equal(parse(told({ '/x': 'x' }, '0')).files['/x']?.mode, '0000');
  });

  it('the target of a link is kept', () => {
    const { files } = parse({ ...told({ '/etc/postfix/main.cf': 'x' }), targets: '/srv/main.cf' });
    assert.equal(files['/etc/postfix/main.cf']?.target, '/srv/main.cf');
  });

  it('an incomplete answer is never accepted as a whole one', () => {
    const whole = printed({ os: 'ID=debian', ...told({ '/etc/postfix/main.cf': 'a = 1\n' }) });
    for (let length = 0; length < whole.length; length++) {
      assert.throws(
        () => parseSnapshot(whole.subarray(0, length)),
        isTorn(/incomplete|being changed|went away/),
        `${length}`,
      );
    }
    assert.doesNotThrow(() => parseSnapshot(whole));
  });

  it('files that changed during the read are refused', () => {
    const now = told({ '/a': 'one\n', '/b': 'two\n' });
    assert.throws(() => parse({ ...now, bytes: 'one\nTWO\n' }), isTorn(/\/b is being changed/));
    assert.throws(() => parse({ ...now, bytes: 'one\ntwo\nthree\n' }), isTorn(/being changed/));
    assert.throws(() => parse({ ...now, bytes: 'one\n' }), isTorn(/being changed/));
    assert.throws(() => parse({ ...now, targets: '/a' }), isTorn(/went away/));
    assert.throws(() => parse({ ...now, digests: now['digests']?.split('\n')[0] }), isTorn(/went away/));
  });

  it('versions have no suffix of Debian', () => {
    const version = (packages: string): string | null => facts({ packages }).postfix;
    assert.equal(version('postfix 3.7.11-0+deb12u1 installed'), '3.7.11');
    assert.equal(version('postfix 3.5.25-0+deb11u1 installed'), '3.5.25');
    assert.equal(version('postfix 3.10.13-1~deb13u1 installed'), '3.10.13');
    assert.equal(version('postfix 3.11.0~rc1-1 installed'), '3.11.0');
    const dovecot = facts({ packages: 'dovecot-core 1:2.3.19.1+dfsg1-2.1+deb12u1 installed' });
    assert.equal(dovecot.dovecot, '2.3.19.1');
    assert.equal(facts({ packages: 'dovecot-core 1:2.4.1+dfsg1-6+deb13u2 installed' }).dovecot, '2.4.1');
  });

  it('a half-installed package counts, and a removed one does not', () => {
    const { packages, postfix, dovecot } = facts({
      packages: [
        'postfix 3.7.11-0+deb12u1 half-configured',
        'dovecot-core 1:2.3.19.1+dfsg1-2.1 config-files',
        'dovecot-imapd  not-installed',
        'certbot 2.1.0-4 installed',
      ].join('\n'),
      simulation: 'Inst dovecot-core (1:2.4.1+dfsg1-6 Debian:13.1/stable [amd64])\nConf dovecot-core (1:2.4.1+dfsg1-6)',
    });
    assert.deepEqual(packages, {
      postfix: { version: '3.7.11-0+deb12u1', status: 'half-configured' },
      certbot: { version: '2.1.0-4', status: 'installed' },
    });
    assert.equal(postfix, '3.7.11');
    assert.equal(dovecot, '2.4.1', 'the version that would come, not the one that went');
  });

  it('the simulation of apt gives candidates and removals', () => {
    const { candidates, removes, postfix } = facts({
      simulation: [
        'NOTE: This is only a simulation!',
        'Reading package lists...',
        'The following packages will be REMOVED:',
        '  exim4-base exim4-daemon-light',
        'Remv exim4-daemon-light [4.96-15+deb12u6]',
        'Remv exim4-base [4.96-15+deb12u6]',
        'Inst postfix (3.7.11-0+deb12u1 Debian:12.9/oldstable, Debian-Security:12/oldstable-security [amd64])',
        'Inst libc6 [2.36-9+deb12u9] (2.36-9+deb12u10 Debian:12.9/oldstable [amd64]) []',
        'Conf postfix (3.7.11-0+deb12u1 Debian:12.9/oldstable [amd64])',
      ].join('\n'),
    });
    assert.deepEqual(candidates, { postfix: '3.7.11-0+deb12u1', libc6: '2.36-9+deb12u10' });
    assert.deepEqual(removes, ['exim4-daemon-light', 'exim4-base']);
    assert.equal(postfix, '3.7.11');
    const unknown = facts({ simulation: 'E: Unable to locate package dovecot-imapd' });
    assert.deepEqual([unknown.candidates, unknown.postfix, unknown.dovecot], [{}, null, null]);
  });

  it('os-release is read with any quotes', () => {
    const os = (text: string): unknown => facts({ os: text }).os;
    assert.deepEqual(
      os('PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie'),
      {
        id: 'debian',
        versionId: '13',
        codename: 'trixie',
        pretty: 'Debian GNU/Linux 13 (trixie)',
      },
    );
    assert.deepEqual(os("ID='debian'\nPRETTY_NAME='Debian GNU/Linux forky/sid'\nX=a=b"), {
      id: 'debian',
      versionId: '',
      codename: '',
      pretty: 'Debian GNU/Linux forky/sid',
    });
    assert.equal(facts({ os: 'PRETTY_NAME="Caf\xc3\xa9 Linux"' }).os.pretty, 'Café Linux');
    assert.equal(facts({}).os.id, '');
  });

  it('the host name comes from Postfix, or else from the host', () => {
    const postconf = 'myhostname = mx1.example.test\nqueue_directory = /var/spool/postfix';
    assert.equal(facts({ postconf, hostname: 'other' }).hostname, 'mx1.example.test');
    assert.deepEqual(facts({ postconf }).postconf, {
      myhostname: 'mx1.example.test',
      queue_directory: '/var/spool/postfix',
    });
    assert.equal(facts({ postconf: 'myhostname =', hostname: 'mx2.example.test' }).hostname, 'mx2.example.test');
    assert.equal(facts({ hostname: 'mx2.example.test' }).hostname, 'mx2.example.test');
  });

  it('every name of port 465 is known', () => {
    const resolves = (services: string): readonly string[] => facts({ services }).resolves;
    assert.deepEqual(
      resolves('submissions          465/tcp ssmtp smtps urd\nsubmissions          465/tcp ssmtp smtps urd'),
      ['submissions', 'ssmtp', 'smtps', 'urd'],
    );
    assert.deepEqual(resolves('urd                   465/tcp ssmtp smtps'), ['urd', 'ssmtp', 'smtps']);
    assert.deepEqual(resolves('smtps 5465/tcp'), []);
    assert.deepEqual(resolves(''), []);
  });

  it('the master of this Postfix instance is distinguished from the masters of other instances', () => {
    const line = (port: number, pid: number) =>
      `LISTEN 0 100 0.0.0.0:${port} 0.0.0.0:* users:(("master",pid=${pid},fd=13))`;
    const listeners = [line(25, 10), line(465, 20), line(587, 30)].join('\n');
    const masters = 'own 10\nother 20 /etc/postfix-out\nother 30 ';
    assert.deepEqual(
      facts({ listeners, masters }).listeners.map(({ ours, instance }) => [ours, instance]),
      [
        [true, undefined],
        [false, '/etc/postfix-out'],
        [false, ''],
      ],
    );
    assert.deepEqual(
      facts({ listeners: line(465, 20), masters: 'own -\nother 20 /etc/postfix-out' }).listeners[0]?.ours,
      false,
    );
    const restarting = 'own 11\nown 10\nother 10 /etc/postfix';
    assert.equal(facts({ listeners: line(25, 10), masters: restarting }).listeners[0]?.ours, true);
    assert.equal(facts({ listeners }).listeners[0]?.ours, undefined);
  });

  it('listeners of both address families are read, with and without the program', () => {
    const listeners = [
      'LISTEN 0      100          0.0.0.0:25        0.0.0.0:*    users:(("master",pid=1234,fd=13))',
      'LISTEN 0      100             [::]:25           [::]:*    users:(("master",pid=1234,fd=14))',
      'LISTEN 0      100          0.0.0.0:465       0.0.0.0:*    users:(("smtpd",pid=99,fd=6),("master",pid=1234,fd=22))',
      'LISTEN 0      100          0.0.0.0:993       0.0.0.0:*    users:(("imap-login",pid=98,fd=6),("dovecot",pid=90,fd=41))',
      'LISTEN 0      4096   127.0.0.53%lo:53        0.0.0.0:*',
      'LISTEN 0      511                *:80              *:*    users:(("apache2",pid=7,fd=4),("apache2",pid=6,fd=4))',
      'LISTEN 0      128  [fe80::1]%eth0:587           [::]:*',
      '',
      'Cannot open netlink socket: Protocol not supported',
    ].join('\n');
    assert.deepEqual(facts({ listeners }).listeners, [
      { address: '0.0.0.0', port: 25, process: 'master' },
      { address: '[::]', port: 25, process: 'master' },
      { address: '0.0.0.0', port: 465, process: 'master' },
      { address: '0.0.0.0', port: 993, process: 'dovecot' },
      { address: '127.0.0.53%lo', port: 53, process: '' },
      { address: '*', port: 80, process: 'apache2' },
      { address: '[fe80::1]%eth0', port: 587, process: '' },
    ]);
  });
});

describe('gather: the time when the daemons loaded their files', () => {
  /** What gather.sh printed of it on real hosts: test/unit/gather/units/RELEASE-STATE.txt. */
  const said = (name: string): string => readFileSync(new URL(`./units/${name}.txt`, import.meta.url), 'utf8');
  const units = (text: string): Snapshot['facts']['units'] =>
    parseSnapshot(Buffer.from(`${text}@end 0\n\n`)).facts.units;
  const shown = (text: string): Snapshot['facts']['units'] => facts({ units: text }).units;
  const blocks = (name: string): string[] => {
    const [, text = ''] = /^@units \d+\n([^]*?)\n@now/.exec(said(name)) ?? [];
    return text.split('\n\n');
  };
  const at = (time: string): number => Date.parse(`2026-11-24T${time}Z`) / 1000;

  // by-hand: by "postfix reload" and "doveadm reload", and then systemd forgot, by a daemon-reload, all that it knew.
  // refused: Dovecot could not read its files, and systemctl reload said that it did.
  for (const [name, postfix, dovecot, active] of [
    ['bullseye-before', '20:48:39', '20:48:22', true],
    ['bullseye-reloaded', '20:48:46', '20:48:45', true],
    ['bullseye-by-hand', '20:48:51', '20:48:51', true],
    ['bullseye-refused', '20:49:22', '20:51:12', true],
    ['bullseye-stopped', '20:48:21', '20:48:51', false],
    ['bookworm-before', '20:49:35', '20:49:31', true],
    ['bookworm-reloaded', '20:49:41', '20:49:41', true],
    ['bookworm-by-hand', '20:49:46', '20:49:47', true],
    ['bookworm-refused', '20:50:08', '20:51:32', true],
    ['bookworm-stopped', '20:49:30', '20:49:47', false],
    ['trixie-before', '20:50:22', '20:50:18', true],
    ['trixie-reloaded', '20:50:29', '20:50:28', true],
    ['trixie-by-hand', '20:50:34', '20:50:34', true],
    ['trixie-refused', '20:50:47', '20:51:49', true],
    ['trixie-stopped', '20:50:18', '20:50:34', false],
  ] as const) {
    it(`the processes and sockets of the daemons give the time of the last load: ${name}`, () => {
      assert.deepEqual(units(said(name)), {
        postfix: { active, loaded: at(postfix) },
        dovecot: { active, loaded: at(dovecot) },
      });
    });
  }

  // Where Dovecot has another base_dir, or the kernel does not tell a process's children.
  for (const [name, postfix, dovecot] of [
    ['bookworm-before', '20:49:30', '20:49:31'],
    ['bookworm-reloaded', '20:49:41', '20:49:41'],
    ['bookworm-by-hand', '20:49:30', '20:49:31'],
    ['trixie-reloaded', '20:50:28', '20:50:28'],
  ] as const) {
    it(`systemd gives the time when processes and sockets give none: ${name}`, () => {
      const { postfix: smtp, dovecot: imap } = shown(blocks(name).join('\n\n'));
      assert.deepEqual([smtp?.loaded, imap?.loaded], [at(postfix), at(dovecot)]);
    });
  }

  describe('by the children of Postfix', () => {
    const loaded = (...children: string[]): number | undefined =>
      facts({
        now: '1795553000.25',
        units:
          'Id=postfix.service\nLoadState=loaded\nActiveState=active\nInactiveExitTimestamp=Tue 2026-11-24 20:00:00 UTC',
        'taken-up': ['self 500000', ...children].join('\n'),
      }).units['postfix']?.loaded;

    it('the oldest child counts, because a child that died is replaced without a reload', () => {
      assert.equal(loaded('(pickup) 490000', '(qmgr) 490000'), 1_795_552_900);
      assert.equal(loaded('(pickup) 499000', '(qmgr) 499500', '(tlsmgr) 490000'), 1_795_552_900);
    });

    it('without qmgr the children say nothing, because the others start on demand', () => {
      assert.equal(loaded('(pickup) 499000', '(tlsmgr) 490000'), at('20:00:00'));
      assert.equal(loaded(), at('20:00:00'));
    });

    it('children from before the start belong to another instance', () => {
      assert.equal(loaded('(qmgr) 100000'), at('20:00:00'));
    });
  });

  it('a socket of Dovecot that is older than its start does not count', () => {
    const [, , dovecot = ''] = blocks('bookworm-before');
    const { units: found } = facts({ units: dovecot, 'taken-up': `dovecot ${at('20:49:29')}` });
    assert.equal(found['dovecot']?.loaded, at('20:49:31'));
  });

  it("the instance behind Debian's wrapper unit counts up to Debian 12, because the wrapper is active when Postfix is not", () => {
    const [wrapper = '', instance = '', dovecot = ''] = blocks('bookworm-before');
    const down = instance.replace('=active', '=failed').replace(/(InactiveExitTimestamp)=.*/, '$1=');
    assert.deepEqual(shown([wrapper, down, dovecot].join('\n\n'))['postfix'], { active: false, loaded: 0 });
  });

  it('a daemon of Debian 12 that an upgrade to 13 left running is marked as stale', () => {
    const [, instance = ''] = blocks('bookworm-before');
    const [postfix = '', , dovecot = ''] = blocks('trixie-before');
    assert.equal(shown([postfix, instance, dovecot].join('\n\n'))['postfix']?.stale, true);
  });

  it('a unit that is reloading counts as running', () => {
    const text = blocks('trixie-reloaded').join('\n\n').replaceAll('ActiveState=active', 'ActiveState=reloading');
    assert.equal(shown(text)['dovecot']?.active, true);
  });

  it('a reload that failed according to systemd does not count', () => {
    const text = blocks('trixie-reloaded').join('\n\n').replaceAll('code=exited ; status=0', 'code=exited ; status=89');
    assert.equal(shown(text)['dovecot']?.loaded, at('20:50:18'));
  });

  it('masked units are listed', () => {
    const [wrapper = '', instance = '', dovecot = ''] = said('bookworm-before').split('\n\n');
    const masked = dovecot.replace('LoadState=loaded', 'LoadState=masked');
    const { units, masked: names } = facts({ units: [wrapper, instance, masked].join('\n\n') });
    assert.deepEqual([Object.keys(units), names], [['postfix'], ['dovecot.service']]);
  });

  it('a program that is not installed has no unit, and neither has a host without systemd', () => {
    const missing = ['postfix', 'postfix@-', 'dovecot'].map((name) => {
      return `Id=${name}.service\nLoadState=not-found\nActiveState=inactive\nInactiveExitTimestamp=`;
    });
    assert.deepEqual(shown(missing.join('\n\n')), {});
    assert.deepEqual(shown(''), {});
    assert.deepEqual(facts({}).units, {});
  });

  for (const [what, load, state, file, expected] of [
    ['it runs', 'loaded', 'active', 'enabled', { active: true, enabled: true }],
    ['it was stopped', 'loaded', 'inactive', 'enabled', { active: false, enabled: true }],
    ['it does not run after a boot', 'loaded', 'active', 'disabled', { active: true, enabled: false }],
    ['it is masked', 'masked', 'inactive', 'masked', { active: false, enabled: false }],
    ['it does not exist', 'not-found', 'inactive', '', null],
  ] as const) {
    it(`the state of certbot's timer is known: ${what}`, () => {
      const shown = `Id=certbot.timer\nLoadState=${load}\nActiveState=${state}\nUnitFileState=${file}`;
      assert.deepEqual(facts({ units: `${said('bookworm-before')}\n\n${shown}` }).timer, expected);
    });
  }

  it('a host without systemd has no timer', () => assert.equal(facts({}).timer, null));
});

describe('gather: the system that a child of Debian or Ubuntu is built on', () => {
  for (const [os, base] of [
    ['ID=raspbian\nID_LIKE=debian\nVERSION_CODENAME=bookworm', 'bookworm'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble', 'noble'],
    ['ID=lmde\nID_LIKE=debian\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm', 'bookworm'],
    ['ID=devuan\nID_LIKE=debian\nVERSION_CODENAME=daedalus', undefined],
    ['ID=fedora\nVERSION_CODENAME=bookworm', undefined],
    ['ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble', undefined],
  ] as const)
    it(`${os.split('\n')[0]} is built on ${base ?? 'no release that is known'}`, () => {
      const { os: read } = facts({ os });
      assert.equal(read.base, base);
      const assumed = assumeBase(facts({ os })).os;
      assert.equal(assumed.codename, base ?? read.codename);
      assert.equal(assumed.assumed, base === undefined ? undefined : true);
    });
});

describe('gather: what apt is about to install', () => {
  it('is the candidate of Dovecot with its suite, and whether unattended-upgrades is on', () => {
    const of = (text: string) => facts({ upcoming: text }).upcoming;
    assert.equal(of(''), undefined);
    assert.deepEqual(of('postfix 3.10.5-1 trixie\ndovecot-core 1:2.4.1+dfsg1-6 trixie\nauto'), {
      dovecot: '2.4.1',
      suite: 'trixie',
      postfix: '3.10.5',
      auto: true,
    });
  });
});
