/** Inventories of Ansible, read as Ansible itself reads them (`ansible-inventory`, where it is installed). */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadInventory } from '../../../src/inventory/load.ts';

const INI = `
# mail hosts
lone.example.org ansible_port=2200
[relays]
mx[1:3].example.org ansible_user=ops   # three of them
mx[01:05:2].lab.example.org
[imap]
imap-[a:c].example.org:2222
"quoted.example.org" ansible_host='198.51.100.7' ansible_ssh_private_key_file="/home/me/a key"
[relays:vars]
ansible_user = root
ansible_port=22
ansible_ssh_private_key_file='~/.ssh/mail'
ntp_server=ntp.example.org
[mail:children]
relays
imap
[all:vars]
ansible_user=admin
ansible_become=true
`;

const YAML = `
all:
  vars:
    ansible_user: admin
  hosts:
    lone.example.org:
      ansible_host: 192.0.2.9
  children:
    mail:
      children:
        relays:
          hosts:
            mx[1:3].example.org:
              ansible_port: 2222
          vars:
            ansible_user: root
            postfix_relays: [a, b]
        imap:
          hosts:
            imap1.example.org:
            mx1.example.org:
              ansible_ssh_private_key_file: ~/.ssh/other
`;

interface Seen {
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly identity?: string | undefined;
  readonly groups: readonly string[];
}

describe("inventory: Ansible's", () => {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-ansible-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const ours = async (path: string, notes: string[] = []): Promise<Record<string, Seen>> => {
    const hosts = await loadInventory(path, {}, { note: (line) => notes.push(line) });
    return Object.fromEntries(
      hosts.map(({ name, hostname, port, user, identity, groups = [] }) => [
        name,
        { hostname, port, user, identity, groups: [...groups].sort() },
      ]),
    );
  };

  for (const [name, text] of [
    ['hosts', INI],
    ['hosts.ini', INI],
    ['hosts.yml', YAML],
    [
      'nested.ini',
      '[b]\nx ansible_user=1\n[a:children]\nb\nc\n[c]\nx\n[c:vars]\nansible_user=2\nansible_port=3\n[a:vars]\nansible_port=4\nansible_host=h',
    ],
    [
      'flat.yaml',
      'web:\n  hosts: {w1: , w2: {ansible_host: 192.0.2.1}}\nmail:\n  children: {web: }\n  vars: {ansible_port: 99}\n',
    ],
  ] as const)
    it(`${name} gives the same hosts, groups and connection variables as ansible-inventory`, async function () {
      this.timeout(60_000);
      if (spawnSync('ansible-inventory', ['--version']).error) this.skip();
      const path = file(name, text);
      const env = { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C.UTF-8', ANSIBLE_LOCALHOST_WARNING: '0' };
      const list = JSON.parse(
        execFileSync('ansible-inventory', ['-i', path, '--list'], { env, encoding: 'utf8' }),
      ) as Record<
        string,
        { hosts?: string[]; children?: string[]; hostvars?: Record<string, Record<string, string | number>> }
      >;
      const vars = list['_meta']?.hostvars ?? {};
      const seen = await ours(path);
      const inGroup = (group: string, host: string): boolean =>
        (list[group]?.hosts ?? []).includes(host) ||
        (list[group]?.children ?? []).some((child) => inGroup(child, host));
      const names = new Set(Object.values(list).flatMap(({ hosts = [] }) => hosts));
      assert.deepEqual(Object.keys(seen).sort(), [...names].sort());
      for (const host of names) {
        const own = vars[host] ?? {};
        const groups = Object.keys(list).filter(
          (group) => !['_meta', 'all', 'ungrouped'].includes(group) && inGroup(group, host),
        );
        assert.deepEqual(
          seen[host],
          {
            hostname: own['ansible_host'] ?? host,
            port: own['ansible_port'],
            user: own['ansible_user'] === undefined ? undefined : String(own['ansible_user']),
            identity: own['ansible_ssh_private_key_file'],
            groups: groups.sort(),
          },
          host,
        );
      }
    });

  it('what it has beside that is named once, with the folders of variables beside it', async () => {
    const notes: string[] = [];
    await ours(file('told.ini', `${INI}\nansible_become_pass=x\n`), notes);
    mkdirSync(join(folder, 'group_vars'));
    await ours(file('told.yml', YAML), notes);
    rmSync(join(folder, 'group_vars'), { recursive: true });
    assert.deepEqual(notes, [
      `${folder}/told.ini: an inventory of Ansible; not read: ansible_become_pass, ntp_server`,
      `${folder}/told.yml: an inventory of Ansible; not read: postfix_relays, group_vars/`,
    ]);
  });

  it('a template is refused with its place, and is never taken for a name', async () => {
    await assert.rejects(
      ours(file('template.ini', '[a]\nmx1 ansible_host={{inventory_hostname}}.lan\n')),
      /template\.ini:2:1: hosts\.mx1\.hostname: not a host name or address/,
    );
    await assert.rejects(ours(file('t.yml', "a:\n  hosts:\n    mx1:\n      ansible_host: '{{ x }}'\n")), /t\.yml:/);
  });

  for (const [text, message] of [
    ['[a:frob]\n', /broken\.ini:1: \[a:frob\] is not known/],
    ['[a:vars]\nxyz\n', /broken\.ini:2: this is not NAME=VALUE/],
    ['mx1 user\n', /broken\.ini:1: "user" is not NAME=VALUE/],
    ['mx[3:1]\n', /broken\.ini:1: mx\[3:1\] is not a range/],
    ['mx[1:99999999]\n', /not a range/],
    ['mx1 a="b\n', /broken\.ini:1: a quote is not closed/],
    ['[a]\n', /the inventory has no hosts/],
    ['mx1 ansible_port=ssh\n', /broken\.ini:1:1: hosts\.mx1\.port/],
  ] as const)
    it(`${JSON.stringify(text)} is an error with its line`, async () => {
      await assert.rejects(ours(file('broken.ini', text)), message);
    });

  it('an inventory of harden-mail with a mistake is not taken for one of Ansible', async () => {
    await assert.rejects(
      ours(file('own.yaml', 'hots:\n  mx1: {}\n')),
      /there is no such setting: did you mean "hosts"/,
    );
  });

  it('additional names of the last apply stay, because the file says nothing of them', async () => {
    const [host] = await loadInventory(file('sni.ini', 'mx1\n'), {});
    assert.ok(host && !('sni' in host));
  });
});
