import assert from 'node:assert/strict';
import type { Plan } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { foresee } from '../../../src/plan/upgrade/foresee.ts';
import { host, type Description } from '../../support/plan/host.ts';

const FILES = {
  '/etc/postfix/main.cf': '',
  '/etc/postfix/master.cf': 'smtp inet n - y - - smtpd\n',
  '/etc/dovecot/dovecot.conf': '!include_try /usr/share/dovecot/protocols.d/*.protocol\ndisable_plaintext_auth = yes\n',
  '/usr/share/dovecot/protocols.d/imapd.protocol': 'protocols = $protocols imap\n',
};

function ahead(
  files: Readonly<Record<string, string>> = FILES,
  description: Description = {},
  pristine: readonly string[] = [],
) {
  const { snapshot, policy } = host(files, description);
  return foresee(snapshot, policy, 'trixie', 'mx1', pristine);
}

describe('plan: doctor --upgrade-to', () => {
  it('the plan converts the files of Dovecot and says what happens until then', () => {
    const { changes, notes, activations } = ahead();
    const dovecot = changes.find(({ path }) => path === '/etc/dovecot/dovecot.conf');
    assert.match(dovecot?.after ?? '', /^auth_allow_cleartext = no$/m);
    assert.match(dovecot?.after ?? '', /^dovecot_config_version = /);
    assert.match(notes[0]?.text ?? '', /^Dovecot 2\.4\.\d does not start with these files: /);
    assert.deepEqual(activations, []);
  });

  it('the plan leaves the files of packages alone', () => {
    assert.deepEqual(
      ahead().changes.filter(({ path }) => path.startsWith('/usr/')),
      [],
    );
  });

  it('the plan warns that mail waits, and says what to do when the LDA of Dovecot would return mail', () => {
    const told = (files: Readonly<Record<string, string>>) =>
      ahead(files)
        .notes.filter(({ level }) => level === 'warning')
        .map(({ text }) => text);
    const [logins = '', mail = '', ...more] = told(FILES);
    assert.match(logins, /nobody can log in, neither to read nor to send$/);
    assert.match(mail, /^mail waits until then as well: .*STARTTLS.* mail that was accepted stays in the queue/);
    const lda = (text: string) => text.includes('--prepare-upgrade trixie');
    assert.ok(!more.some(lda), more.join());
    for (const [file, line] of [
      ['main.cf', 'mailbox_command = /usr/lib/dovecot/dovecot-lda -f "$SENDER"\n'],
      [
        'master.cf',
        'dovecot unix - n n - - pipe\n  flags=DRhu user=vmail argv=/usr/lib/dovecot/deliver -d ${recipient}\n',
      ],
    ]) {
      const path = `/etc/postfix/${file}` as keyof typeof FILES;
      const [one = ''] = told({ ...FILES, [path]: FILES[path] + line }).filter(lda);
      assert.ok(one.startsWith(`${path} has Dovecot's LDA deliver mail`), one);
      assert.deepEqual(told({ ...FILES, [path]: `${FILES[path]}#${line?.replace('\n ', '\n# ')}` }).filter(lda), []);
    }
  });

  it('a file that the upgrade removes is not converted, and a file that the upgrade may replace is named', () => {
    const director = '/etc/dovecot/conf.d/10-director.conf';
    const acl = '/etc/dovecot/conf.d/90-acl.conf';
    const dovecot = `${FILES['/etc/dovecot/dovecot.conf']}!include conf.d/*.conf\n`;
    const files = {
      ...FILES,
      '/etc/dovecot/dovecot.conf': dovecot,
      [director]: 'service director {\n}\n',
      [acl]: 'plugin {\n}\n',
    };
    const of = (pristine: string[]) => {
      const { changes, notes } = ahead(files, {}, pristine);
      return [
        changes.map(({ path }) => path).filter((path) => path.includes('conf.d')),
        notes.filter(({ text }) => text.startsWith('nobody has edited')).map(({ text }) => text.split(':')[0]),
      ];
    };
    assert.deepEqual(of([director, acl]), [[acl], [`nobody has edited ${acl}`]]);
    assert.deepEqual(of([]), [[director, acl], []]);
  });

  it('the plan needs nothing for Dovecot when its files have nothing of 2.3', () => {
    const without = Object.fromEntries(Object.entries(FILES).filter(([path]) => path.startsWith('/etc/postfix/')));
    assert.deepEqual(
      ahead(without).notes.filter(({ text }) => text.startsWith('Dovecot')),
      [],
    );
  });

  it('the plan names the lines that cannot be converted', () => {
    const conf = {
      ...FILES,
      '/etc/dovecot/dovecot.conf': 'mail_plugins = antispam\nplugin {\n  antispam_password = hush\n}\n',
    };
    assert.throws(() => ahead(conf), { code: 'CONFIG_INVALID', message: /dovecot\.conf:1, / });
  });

  const elsewhere = (codename: string) => ({
    os: { id: 'debian', versionId: '', codename, pretty: `Debian ${codename}` },
  });
  for (const codename of ['bullseye', 'trixie', 'noble']) {
    it(`an upgrade from ${codename} is refused, because Debian upgrades one release at a time`, () => {
      assert.throws(() => ahead(FILES, elsewhere(codename)), { code: 'USAGE', message: /to trixie from bookworm$/ });
    });
  }
});

describe('plan: an upgrade that dpkg did not finish', () => {
  const half = { version: '1:2.4.1+dfsg1-6', status: 'half-configured' };
  const packages = { 'dovecot-core': half, 'dovecot-imapd': { ...half, status: 'unpacked' }, 'dovecot-pop3d': half };
  const planOf = (description: Description) => {
    const { snapshot, policy } = host(FILES, description);
    return compose(snapshot, policy);
  };

  it('dpkg finishes the upgrade after the conversion of the files and before the daemons load them', () => {
    const { actions, activations } = planOf({ dovecot: '2.4.1', packages });
    assert.deepEqual(
      actions.filter(({ kind }) => kind === 'install'),
      [],
    );
    assert.deepEqual(activations[0], {
      unit: 'dpkg',
      how: 'configure',
      why: 'the upgrade could not finish dovecot-core, dovecot-imapd, dovecot-pop3d',
    });
  });

  it('apt finishes the upgrade, as with any half-configured package, when there is nothing to convert', () => {
    const { actions, activations } = planOf({ packages });
    assert.deepEqual(
      actions.find(({ kind }) => kind === 'install'),
      {
        kind: 'install',
        packages: ['dovecot-imapd', 'dovecot-pop3d'],
      },
    );
    assert.ok(!activations.some(({ unit }) => unit === 'dpkg'));
  });

  it('dpkg finishes a mail package that apt has nothing to install for, and the others with it', () => {
    const { actions, activations } = planOf({ packages: { 'dovecot-core': half, 'man-db': half } });
    assert.deepEqual(
      actions.filter(({ kind }) => kind === 'install'),
      [],
    );
    assert.deepEqual(activations[0], {
      unit: 'dpkg',
      how: 'configure',
      why: 'the upgrade could not finish dovecot-core, man-db',
    });
  });

  it('every other half-installed package is named', () => {
    const others = { ...packages, 'man-db': half, foo: { ...half, status: 'half-installed' } };
    const { activations, notes } = planOf({ dovecot: '2.4.1', packages: others });
    assert.match(activations[0]?.why ?? '', /dovecot-core, dovecot-imapd, dovecot-pop3d, man-db$/);
    const rest = (plan: Pick<Plan, 'notes'>) =>
      plan.notes.filter(({ task }) => task === 'install').map(({ text }) => text);
    assert.deepEqual(rest({ notes }), [
      'dpkg has not finished foo (half-installed): `dpkg --audit` tells what each needs',
    ]);
    assert.deepEqual(rest(planOf({ packages: { 'man-db': half } })), [
      'dpkg has not finished man-db (half-configured): `dpkg --audit` tells what each needs',
    ]);
    assert.deepEqual(rest(planOf({})), []);
  });

  it('Postfix of the old release is restarted instead of reloaded, even if no file changes', () => {
    const { snapshot, policy } = host(FILES, { dovecot: '2.4.1' });
    const postfix = { active: true, loaded: snapshot.facts.now, stale: true } as const;
    const facts = { ...snapshot.facts, units: { ...snapshot.facts.units, postfix } };
    const { activations } = compose({ ...snapshot, facts }, policy);
    const why = 'the old version still runs after an upgrade';
    assert.deepEqual(
      activations.find(({ unit }) => unit === 'postfix'),
      { unit: 'postfix', how: 'restart', why },
    );
  });
});

describe('plan: what an upgrade of Ubuntu will need', () => {
  const noble = { id: 'ubuntu', versionId: '24.04', codename: 'noble', pretty: 'Ubuntu 24.04 LTS' };

  it('is that of the next release with long-term support, and says what it is tested as', () => {
    const { snapshot, policy } = host(FILES, { os: noble, postfix: '3.8.6', dovecot: '2.3.21' });
    const { notes, changes } = foresee(snapshot, policy, 'resolute', 'mx1', []);
    assert.match(changes.find(({ path }) => path.endsWith('dovecot.conf'))?.after ?? '', /^dovecot_config_version = /);
    assert.ok(notes.some(({ text }) => text.startsWith('Dovecot 2.4.2 does not start with these files')));
    assert.ok(notes.some(({ text }) => text.startsWith("Ubuntu 26.04 is tested as Debian 13 with Ubuntu's identity")));
  });

  it('is none from another release or distribution', () => {
    const { snapshot, policy } = host(FILES, { os: noble });
    for (const [release, message] of [
      ['noble', /Ubuntu with long-term support upgrades one release at a time: to noble from jammy$/],
      ['trixie', /Debian upgrades one release at a time: to trixie from bookworm$/],
    ] as const)
      assert.throws(() => foresee(snapshot, policy, release, 'mx1', []), { code: 'USAGE', message });
  });
});

describe('plan: a Dovecot 2.4 that apt is about to install', () => {
  const upcoming = { dovecot: '2.4.1', postfix: '3.10.5', suite: 'trixie' };
  const warned = (files: Readonly<Record<string, string>>, description: Description) => {
    const { snapshot, policy } = host(files, description);
    return compose(snapshot, policy)
      .notes.filter(({ task }) => task === 'install')
      .map(({ text }) => text);
  };

  it('is warned of, with what to do', () => {
    const [text = '', ...more] = warned(FILES, { upcoming });
    assert.deepEqual(more, []);
    assert.match(text, /^the candidate of dovecot-core is 2\.4\.1 \(from trixie\): the next `apt upgrade` installs it, and Dovecot will not start with these files\. Next: run `apt-mark hold dovecot-core`/); // oxfmt-ignore
    assert.match(
      warned(FILES, { upcoming: { ...upcoming, auto: true } })[0] ?? '',
      /and unattended-upgrades is on, and Dovecot/,
    );
  });

  it('comes with a Postfix that refuses mail where a removed restriction stands in the files', () => {
    const main = 'smtpd_client_restrictions = reject_maps_rbl\n';
    assert.match(
      warned({ ...FILES, '/etc/postfix/main.cf': main }, { upcoming })[0] ?? '',
      /Postfix 3\.10\.5 answers 451 to mail/,
    );
  });

  it('is no fault where the host has it already', () => {
    assert.deepEqual(warned(FILES, { upcoming, dovecot: '2.4.1' }), []);
  });
});
