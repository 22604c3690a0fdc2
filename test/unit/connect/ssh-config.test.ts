import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { route } from '../../../src/connect/route.ts';
import { readSettings, resolveSettings } from '../../../src/connect/ssh-config.ts';

const quiet = (): void => {};

describe('connect: the ssh configuration', () => {
  it('the defaults and the options of the user apply without an ssh client', () => {
    const home = userInfo().homedir;
    const settings = readSettings('', { hostname: 'mx1', port: 2222, jump: 'a,b@c:1' });
    assert.equal(settings.hostname, 'mx1');
    assert.equal(settings.port, 2222);
    assert.equal(settings.user, userInfo().username);
    assert.deepEqual(settings.knownHosts.user, [`${home}/.ssh/known_hosts`, `${home}/.ssh/known_hosts2`]);
    assert.ok(settings.identityFiles.includes(`${home}/.ssh/id_ed25519`));
    assert.deepEqual(settings.proxyJump, ['a', 'b@c:1']);
    assert.deepEqual(readSettings('', { hostname: 'x', identity: '/key' }).identityFiles, ['/key']);
  });

  it('a configuration that needs a missing ssh client is an error, not ignored', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = '/nonexistent';
    try {
      const query = { hostname: 'mx1', port: 2222 };
      assert.equal((await resolveSettings({ ...query, file: 'none' }, quiet)).port, 2222);
      await assert.rejects(resolveSettings({ ...query, file: '/some/config' }, quiet), {
        code: 'USAGE',
        message: /\/some\/config cannot be read: this needs an ssh client, and this machine has none/,
        hint: /openssh-client/,
      });
    } finally {
      process.env['PATH'] = PATH;
    }
  });

  describe('read through ssh -G', () => {
    let folder: string;
    let file: string;
    before(function () {
      if (spawnSync('ssh', ['-V']).error) this.skip();
      folder = mkdtempSync(join(tmpdir(), 'harden-mail-config-'));
      file = join(folder, 'config');
      writeFileSync(join(folder, 'more'), 'Host included\n  HostName 192.0.2.9\n');
      writeFileSync(
        file,
        `Include ${folder}/more
Host mx
  HostName mx1.example.test
  Port 2022
  User admin
  IdentityFile "~/.ssh/id with space"
  IdentityFile ${folder}/%r@%h
  IdentitiesOnly yes
  IdentityAgent ${folder}/agent.sock
  UserKnownHostsFile ${folder}/one ~/two
  GlobalKnownHostsFile none
  HostKeyAlias mx-alias
  HashKnownHosts yes
  RevokedHostKeys ${folder}/revoked
  ConnectTimeout 7
  ServerAliveInterval 9
  ServerAliveCountMax 2
Host noagent
  IdentityAgent none
Host behind
  ProxyJump gate1,other@gate2:2200
Host gate1
  HostName 192.0.2.1
  ProxyJump outer
Host gate2
  HostName 192.0.2.2
  User ignored
Host round
  ProxyJump round2
Host round2
  ProxyJump round
Host command
  ProxyCommand nc %h %p
`,
      );
    });
    after(() => folder && rmSync(folder, { recursive: true }));

    it('every supported setting of the configuration is used', async () => {
      const settings = await resolveSettings({ hostname: 'mx', file }, quiet);
      assert.deepEqual(settings, {
        original: 'mx',
        hostname: 'mx1.example.test',
        port: 2022,
        user: 'admin',
        hostKeyAlias: 'mx-alias',
        identityFiles: [`${userInfo().homedir}/.ssh/id with space`, `${folder}/admin@mx1.example.test`],
        identitiesOnly: true,
        agent: `${folder}/agent.sock`,
        knownHosts: { user: [`${folder}/one`, `${userInfo().homedir}/two`], global: [] },
        revokedHostKeys: `${folder}/revoked`,
        hashKnownHosts: true,
        proxyJump: [],
        connectTimeout: 7,
        aliveInterval: 9,
        aliveCountMax: 2,
      });
    });

    it('the options of the user win over the configuration', async () => {
      const asked = { port: 25, user: 'me', identity: file, jump: 'j' };
      const settings = await resolveSettings({ hostname: 'mx', file, ...asked }, quiet);
      assert.equal(settings.hostname, 'mx1.example.test');
      assert.deepEqual([settings.port, settings.user, settings.identityFiles[0]], [25, 'me', file]);
      assert.deepEqual(settings.proxyJump, ['j']);
    });

    it('included files count, an agent can be switched off, and "none" means no configuration', async () => {
      assert.equal((await resolveSettings({ hostname: 'included', file }, quiet)).hostname, '192.0.2.9');
      assert.equal((await resolveSettings({ hostname: 'noagent', file }, quiet)).agent, undefined);
      assert.equal((await resolveSettings({ hostname: 'mx', file: 'none' }, quiet)).hostname, 'mx');
    });

    it('a broken or missing configuration is an error with its place', async () => {
      writeFileSync(join(folder, 'broken'), 'Host x\n  Prot 22\n');
      await assert.rejects(resolveSettings({ hostname: 'x', file: join(folder, 'broken') }, quiet), {
        code: 'USAGE',
        message: /broken.*line 2.*prot/i,
      });
      await assert.rejects(resolveSettings({ hostname: 'x', file: join(folder, 'absent') }, quiet), {
        code: 'USAGE',
        message: /absent/,
      });
    });

    it('each jump host of a chain uses its own section, and only the first adds its own jump hosts', async () => {
      const hops = await route({ hostname: 'behind', user: 'root', file }, quiet);
      assert.deepEqual(
        hops.map(({ original, hostname, port, user }) => [original, hostname, port, user]),
        [
          ['outer', 'outer', 22, userInfo().username],
          ['gate1', '192.0.2.1', 22, userInfo().username],
          ['gate2', '192.0.2.2', 2200, 'other'],
          ['behind', 'behind', 22, 'root'],
        ],
      );
    });

    it('the user can name a jump host by an IPv6 address', async () => {
      const hops = await route({ hostname: 'noagent', jump: 'me@[2001:db8::1]:2022', file }, quiet);
      assert.deepEqual(hops.map(({ hostname, port, user }) => [hostname, port, user]).slice(0, 1), [
        ['2001:db8::1', 2022, 'me'],
      ]);
    });

    const refused: [string, object, RegExp][] = [
      ['a circle of jump hosts', { hostname: 'round' }, /more than 8 jump hosts/],
      ['a ProxyCommand', { hostname: 'command' }, /ProxyCommand .* is not supported/],
      ['shell text as a jump host', { hostname: 'mx', jump: 'a;id' }, /jump|a;id/],
    ];
    for (const [name, query, message] of refused) {
      it(`${name} is refused`, () =>
        assert.rejects(route({ hostname: '', ...query, file }, quiet), { code: 'USAGE', message }));
    }
  });
});
