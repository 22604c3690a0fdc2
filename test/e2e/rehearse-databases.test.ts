/**
 * Rehearsals of whole hosts of test/hosts whose users are in databases: the user of the rehearsal gets mail, sends and reads before
 * and after each act, by the host's own queries. HARDEN_MAIL_REHEARSE is `all`, or names of hosts with commas between; a name with
 * `+upgrade` is rehearsed with the upgrade to Debian 13 too.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { runProgram } from '../../src/lab/programs.ts';
import { scratch, to } from '../support/cli.ts';
import { rehearsalFlags, rehearse } from '../support/rehearsal.ts';
import { readHost } from '../support/whole-hosts/read.ts';

const HOSTS = fileURLToPath(new URL('../hosts/', import.meta.url));

/** The host, and what its user must be able to do. */
const ALL: Readonly<Record<string, readonly string[]>> = {
  'ispmail-sqlite': ['mail by 25', 'send by 587', 'read by 143', 'read by 993', 'read by 110', 'read by 995'],
  'ispmail-mariadb+upgrade': ['mail by 25', 'send by 587', 'read by 143', 'read by 993', 'read by 110', 'read by 995'],
  'modoboa-postgresql': ['mail by 25', 'send by 465', 'send by 587', 'read by 993', 'read by 995'],
  'iredmail-ldap': ['mail by 25', 'send by 587', 'read by 993', 'read by 995'],
  postfixadmin: ['mail by 25', 'read by 993', 'read by 995'],
  froxlor: ['mail by 25', 'read by 993', 'read by 995'],
};

const LUA = `function auth_passdb_lookup(request)
  if request.user ~= "anna@one.test" then return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, "no such user" end
  return dovecot.auth.PASSDB_RESULT_OK, { password = "{PLAIN}river stone" }
end
function auth_userdb_lookup(request)
  return dovecot.auth.USERDB_RESULT_OK, { uid = "5000", gid = "5000", home = "/var/vmail/" .. request.user }
end
`;
const CHECK = `#!/bin/sh
exit 1
`;
const VIRTUAL = ['postconf -e virtual_mailbox_domains=one.test virtual_mailbox_maps=static:yes virtual_transport=lmtp:unix:private/dovecot-lmtp', 'groupadd -g 5000 vmail; useradd -u 5000 -g vmail -d /var/vmail vmail; install -d -o vmail -g vmail /var/vmail', "sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf"].join('; '); // oxfmt-ignore
const dovecot = (passdb: string, userdb: string): string => `mail_location = maildir:~/Maildir
passdb {
  driver = ${passdb}
}
userdb {
  driver = ${userdb}
}
service lmtp {
  unix_listener /var/spool/postfix/private/dovecot-lmtp {
    user = postfix
    mode = 0600
  }
}
`;

/** Hosts whose passwords a program checks: what Dovecot asks, and the program. */
const PROGRAMS: Readonly<
  Record<string, readonly [conf: string, path: string, text: string, packages: readonly string[]]>
> = {
  lua: [dovecot('lua\n  args = file=/etc/dovecot/auth.lua', 'lua\n  args = file=/etc/dovecot/auth.lua'), '/etc/dovecot/auth.lua', LUA, ['dovecot-auth-lua']], // oxfmt-ignore
  checkpassword: [dovecot('checkpassword\n  args = /usr/local/bin/check', 'prefetch\n}\nuserdb {\n  driver = static\n  args = uid=5000 gid=5000 home=/var/vmail/%u allow_all_users=yes'), '/usr/local/bin/check', CHECK, []], // oxfmt-ignore
};

describe('harden-mail rehearse, of a host whose passwords a program checks', () => {
  const wish = (process.env['HARDEN_MAIL_REHEARSE'] ?? '').split(',');
  for (const [name, [conf, path, text, packages]] of Object.entries(PROGRAMS)) {
    if (wish[0] !== 'all' && !wish.includes(name)) continue;

    it(`a stand-in of ${name} knows the user of the rehearsal, who reads and sends mail`, async () => {
      const install = ['dovecot-lmtpd', ...packages];
      const host = await lab.host({ release: 'bookworm', mail: true, with: { install, purge: [] } });
      try {
        await host.write('/etc/dovecot/local.conf', conf);
        await host.write(path, text, '0755');
        await host.run(`${VIRTUAL}; systemctl restart postfix dovecot`);
        const rehearsal = await rehearse(await rehearsalFlags(host));
        assert.equal(rehearsal.sameDiff, true, rehearsal.differences.join('\n'));
        assert.ok(rehearsal.differences.includes(`${path}: a stand-in that knows the user of the rehearsal only`));
        assert.deepEqual(rehearsal.acts.map((act) => act.name), ['as it is', 'apply', 'verify', 'rollback'], rehearsal.verdict); // oxfmt-ignore
        for (const { notes } of rehearsal.acts.filter((act) => /^(as it is|verify)/.test(act.name)))
          assert.match(notes.join('\n'), /works: mail by 25, .*delivery of these mails, read by 143, read by 993/);
      } finally {
        await host.stop();
      }
    });
  }
});

describe('harden-mail rehearse, of a host whose users are in a database', () => {
  const wish = (process.env['HARDEN_MAIL_REHEARSE'] ?? '').split(',').filter(Boolean);
  const wanted = wish[0] === 'all' ? Object.keys(ALL) : wish.filter((one) => Object.keys(ALL).some((name) => name.split("+")[0] === one.split("+")[0])); // oxfmt-ignore
  for (const given of wanted) {
    const [name = '', upgrade] = given.split('+');
    const abilities = ALL[given] ?? ALL[name] ?? ALL[`${name}+upgrade`] ?? [];

    it(`the user of a rehearsal of ${name} reads and sends mail in every act${upgrade ? ', also on Debian 13' : ''}`, async function () {
      if (upgrade) this.timeout(900_000); // two upgrades
      const host = await booted(name);
      try {
        const acme = await lab.acme();
        const { host: data } = readHost(name);
        const roots = [await acme.root(), ...(data.ca === undefined ? [] : [String(await host.read(data.ca))])];
        const flags = [...to(host), '--ca', scratch('roots.pem', roots.join('\n')), ...data.flags, '--json'];
        const more = upgrade ? ['--upgrade-to', 'trixie'] : [];
        const { acts, sameDiff, verdict, differences } = await rehearse([...flags, ...more]);
        assert.equal(sameDiff, true, differences.join('\n'));
        const after = upgrade ? ['upgrade', 'apply after it', 'verify after it'] : [];
        const names = acts.map((act) => act.name).filter((one) => one !== 'with the files of the packages');
        assert.deepEqual(names, ['as it is', 'apply', 'verify', 'rollback', ...after], verdict); // oxfmt-ignore
        assert.deepEqual(acts.flatMap(({ faults }) => faults), [], verdict); // oxfmt-ignore
        for (const act of acts.filter((one) => /^(as it is|verify)/.test(one.name))) {
          const works = act.notes.find((note) => note.startsWith('works: ')) ?? '';
          for (const ability of abilities) assert.ok(works.includes(ability), `${act.name}: ${act.notes.join('\n')}`);
        }
      } finally {
        await host.stop();
      }
    });
  }
});

async function booted(name: string): Promise<LabHost> {
  const { host: data } = readHost(name);
  const host = await lab.host({ release: 'bookworm', mail: true, name: data.name, with: { install: data.packages, purge: [] } }); // oxfmt-ignore
  const { stdout } = await runProgram('tar', ['-C', HOSTS, '-cf', '-', 'lib', '-C', join(HOSTS, name), '.']);
  await host.run('mkdir -p /root/host && tar -C /root/host --no-same-owner -xf -', { input: stdout });
  const domain = data.name.split('.').slice(1).join('.');
  await host.run(`cd /root/host && ADDRESS=${host.address} NAME=${data.name} DOMAIN=${domain} sh ./setup.sh 2>&1`);
  return host;
}
