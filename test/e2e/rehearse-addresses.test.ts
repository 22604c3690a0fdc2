/**
 * Rehearsals of hosts whose Postfix listens on certain addresses: the copy has these addresses, its daemons start with the host's files, and the
 * traffic of this machine to the host itself stays where it was.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../src/lab/lab.ts';
import { must } from '../../src/lab/programs.ts';
import { start } from '../support/cli.ts';
import { IMAGES, rehearsalFlags, rehearsalOf } from '../support/rehearsal.ts';
import { joinClients } from '../support/whole-hosts/clients.ts';
import { readHost } from '../support/whole-hosts/read.ts';
import { setUp } from '../support/whole-hosts/sessions.ts';

const HOSTS: Readonly<Record<string, { readonly works: RegExp; readonly given: RegExp; readonly named: RegExp }>> = {
  'several-addresses': {
    works: /works: mail by 25, send by 465, delivery of these mails, read by 143, read by 993/,
    given: /^10\.20\.0\.1 is an address of the copy/,
    named: /^10\.20\.0\.1, port 25: the sessions of the rehearsal are those at 198\.18\.0\.\d+$/,
  },
  'vpn-587': {
    works: /works: mail by 25, send by 465, send by 587, delivery of these mails, read by 143, read by 993/,
    given: /^10\.8\.0\.1 is an address of the copy/,
    named: /^mail to and from other servers/,
  },
};

describe('harden-mail rehearse, of a host whose Postfix listens on certain addresses', () => {
  const wish = (process.env['HARDEN_MAIL_REHEARSE'] ?? '').split(',');
  for (const [name, { works, given, named }] of Object.entries(HOSTS)) {
    if (wish[0] !== 'all' && !wish.includes(name)) continue;

    it(`the daemons of ${name} start on the copy, its user works at these addresses, and no route of this machine changes`, async () => {
      const { host: data } = readHost(name);
      const host = await lab.host({ release: 'bookworm', mail: true, name: data.name });
      const clients = await joinClients(host);
      try {
        await setUp(host, name, data);
        const flags = await rehearsalFlags(host);
        const way = async (): Promise<string> => (await must('ip', ['route', 'get', host.address])).replaceAll(/ cache.*/g, ''); // oxfmt-ignore
        const [before, seen] = [await way(), new Set<string>()];
        const running = start(['rehearse', ...flags], IMAGES);
        let ended = false;
        void running.done.then(() => (ended = true));
        while (!ended) {
          seen.add(await way());
          const neighbours = await must('ip', ['neigh', 'show', 'to', host.address]);
          assert.ok(new Set(neighbours.match(/dev \S+/g)).size <= 1, neighbours);
          await sleep(300);
        }
        const { good, verdict, sameDiff, acts, differences, unrehearsed } = rehearsalOf(await running.done);
        assert.equal(good, true, verdict);
        assert.equal(sameDiff, true, differences.join('\n'));
        assert.deepEqual(acts.map((act) => act.name), ['as it is', 'apply', 'verify', 'rollback']); // oxfmt-ignore
        assert.match(acts[2]?.notes.join('\n') ?? '', works);
        assert.ok(differences.some((text) => given.test(text)), differences.join('\n')); // oxfmt-ignore
        assert.ok(unrehearsed.some((text) => named.test(text)), unrehearsed.join('\n')); // oxfmt-ignore
        assert.deepEqual([...seen], [before]);
      } finally {
        clients.stop();
        await host.stop();
      }
    });
  }
});
