/**
 * Parameters that new versions of Postfix renamed, or warn of, on real hosts: the same files on Debian 12 and on testing mean the
 * same, in sessions and in values, before and after apply; and afterwards Postfix has nothing to say about them.
 */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, to } from '../support/cli.ts';
import { clientOf, postfixHost, smtp, writeMain } from '../support/postfix-hosts.ts';
import { startSinks } from '../support/postfix-looks.ts';
import { GRADES, GROUPS, LEVELS, VALUES, WITHOUT_EFFECT } from '../support/postfix-words.ts';
import type { Group } from '../support/postfix-words.ts';

/** Where the old name is set, Postfix 3.7 reads them as empty: its defaults are `${tlsproxy_client_level:…}` and the like. */
const RENAMED_IN_BETWEEN = /^tlsproxy_client_(security_level|policy_maps) =.*\n/gm;

const MAIN_CF = '/etc/postfix/main.cf';

describe('parameters that Postfix 3.11 renamed or warns of, on Debian 12 and testing', () => {
  let old: LabHost;
  let now: LabHost;
  let flags: string[];
  let stock: Map<LabHost, string>;

  before(async () => {
    [old, now] = await Promise.all([postfixHost('bookworm'), postfixHost('forky')]);
    flags = ['apply', '--yes', ...to(now), ...(await issuedBy(await lab.acme()))];
    await Promise.all([old, now].map(startSinks));
    await applied();
    // The levels of TLS that a stock main.cf and the recipe set would outrank the old switches.
    const main = async (host: LabHost) => (await host.read(MAIN_CF)).toString().replace(/^\w+_tls_security_level.*\n/gm, ''); // oxfmt-ignore
    stock = new Map([
      [old, await main(old)],
      [now, await main(now)],
    ]);
  });
  after(() => Promise.all([old, now].map((host) => host?.stop())));

  async function applied(): Promise<void> {
    const { code, stdout, stderr } = await hardenMail(flags);
    assert.equal(code, 0, stdout + stderr);
  }

  async function settled(): Promise<void> {
    assert.equal(await warnings(now), '');
    const again = await hardenMail(flags);
    assert.match(again.stdout, /ok: nothing to do/, again.stdout + again.stderr);
  }

  const warnings = async (host: LabHost) => (await host.exec('{ postconf -n; postconf -P; } 2>&1 >/dev/null')).stdout;

  async function write(host: LabHost, main: Group['main'], master: Group['master'] = []): Promise<void> {
    const client = await clientOf(host);
    const settings = Object.entries(main).map(([name, value]) => [name, value.replace('CLIENT', client).replaceAll('HOST', host.name)]); // oxfmt-ignore
    for (const entry of master) await host.run(`postconf -Me '${entry}'`);
    // An upgrade keeps the level of Debian 12.
    await writeMain(host, stock.get(host) ?? '', { compatibility_level: '3.6', ...(Object.fromEntries(settings) as Group['main']) }); // oxfmt-ignore
  }

  for (const { name, main, master, looks } of GROUPS)
    it(`${name} work as before: ${looks.map(({ what }) => what).join(', ')}`, async () => {
      const rules = looks.flatMap((look) => look.rules);
      const others = Object.fromEntries(Object.entries(main).filter(([setting]) => !rules.includes(setting)));
      await write(old, others, master);
      for (const { what, look, without } of looks)
        assert.match(await look(old), without, `Debian 12 without it: ${what}`);
      await write(old, main, master);
      await write(now, main, master);
      for (const { what, look, shows } of looks) {
        assert.match(await look(old), shows, `Debian 12: ${what}`);
        assert.match(await look(now), shows, `testing: ${what}`);
      }
      for (const rule of rules) assert.match(await warnings(now), new RegExp(`support for parameter "?${rule}"?`));
      await applied();
      for (const { what, look, shows } of looks) assert.match(await look(now), shows, `testing, after apply: ${what}`);
      await settled();
      if (master.length > 0) for (const host of [old, now]) await host.run("postconf -MX smtpd/pass; postconf -Me 'smtp/inet=smtp inet n - y - - smtpd'"); // oxfmt-ignore
    });

  const levels = (file: (typeof LEVELS)[number]) => Object.fromEntries(file.flatMap(([switches]) => Object.entries(switches))); // oxfmt-ignore
  LEVELS.forEach((file, at) =>
    it(`${Object.keys(levels(file)).join(', ')}${at === 0 ? ' and all that is renamed or has no effect' : ''}: no program reads another value`, async () => {
      const values = Object.fromEntries(VALUES.map(([name, value]): [string, string] => [name, value]));
      const own: Group['main'] = at === 0 ? { ...values, ...WITHOUT_EFFECT } : {};
      const grades =
        at === 1 ? Object.fromEntries(GRADES.map((name, n) => [name, n % 2 === 0 ? 'export' : 'low'])) : {};
      const main = { ...own, ...grades, ...levels(file) };
      const read = VALUES.flatMap(([, , ...names]) => names)
        .filter((name) => !file.some(([, level]) => level === name))
        .join(' ');
      const reads = (host: LabHost) => host.run(`postconf -x ${read} 2>/dev/null`);
      await write(old, main);
      await write(now, main);
      if (at === 0) {
        await now.run("postconf -Me 'amavis/unix=amavis unix - - n - 2 smtp -o disable_dns_lookups=yes'");
        await now.run('touch -d "1 minute ago" /etc/postfix/*.cf; systemctl restart postfix');
      }
      const said = await warnings(now);
      for (const name of Object.keys({ ...own, ...levels(file) }))
        if (!(name in WITHOUT_EFFECT)) assert.match(said, new RegExp(`support for parameter "?${name}"?`));
      const before = await reads(now);
      assert.equal(before.replace(RENAMED_IN_BETWEEN, ''), (await reads(old)).replace(RENAMED_IN_BETWEEN, ''));

      await applied();
      assert.equal(await reads(now), before);
      for (const [, level, means] of file) assert.equal((await now.run(`postconf -xh ${level}`)).trim(), means, level);
      for (const name of Object.keys(grades)) assert.equal((await now.run(`postconf -xh ${name}`)).trim(), 'medium', name); // oxfmt-ignore
      if (at === 0) {
        const dns = await now.run('postconf -P amavis/unix/smtp_dns_support_level');
        assert.equal(dns.trim().split(' ').at(-1), 'disabled');
      }
      await settled();
      if (at === 0) await now.run('postconf -MX amavis/unix');
    }),
  );

  it('a filter that does not answer ends the session with 421 on testing; milter_default_action = tempfail brings 451 back', async () => {
    const mail = async (host: LabHost) => (await smtp(host, 'EHLO client.example', 'MAIL FROM:<sender@away.example>').catch((error: unknown) => [String(error)])).at(-1) ?? ''; // oxfmt-ignore
    const main = { smtpd_milters: 'inet:127.0.0.1:1' };
    await write(old, main);
    await write(now, main);
    assert.match(await mail(old), /^451 4\.7\.1 /);
    assert.match(await mail(now), /421 4\.7\.0 |hung up/);
    await write(now, { ...main, milter_default_action: 'tempfail' });
    assert.match(await mail(now), /^451 4\.7\.1 /);
  });
});
