/** The exposure map of Dovecot beside real logins: listeners, TLS, passwords in clear, mechanisms and auth sockets. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { exposureOf } from '../../src/exposure/exposure-map.ts';
import { loadDovecot } from '../../src/formats/dovecot/dovecot.ts';
import type { ExposureMap, WayIn } from '../../src/model/index.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { DOVECOT_CASES, dovecotConf } from './dovecot-cases.ts';
import { oracleHost } from './oracle-host.ts';

const ROOT = '/etc/dovecot/dovecot.conf';
const ALL = process.env['HARDEN_MAIL_EXPOSURE'] === 'all';

/** Their names are for the reader; which block holds for them is said by their addresses. */
const CLIENTS = [
  { name: 'stranger', source: '198.19.0.7', address: '198.19.2.1' },
  { name: 'network', source: '198.19.1.7', address: '198.19.2.1' },
  { name: 'stranger at the second address', source: '198.19.0.7', address: '198.19.2.2' },
  { name: 'network at the second address', source: '198.19.1.7', address: '198.19.2.2' },
] as const;

interface Login {
  readonly listener: string;
  readonly client: string;
  readonly implicit: boolean;
  readonly starttls: boolean;
  /** Each before TLS, and inside. */
  readonly listed: readonly [boolean, boolean];
  readonly login: readonly [boolean, boolean];
  readonly scram: readonly [boolean, boolean];
  readonly mechanisms: readonly string[];
  readonly error?: string;
}

interface Seen {
  readonly error: string;
  /** `0.0.0.0:143` */
  readonly listening: readonly string[];
  readonly logins: readonly Login[];
  readonly sockets: readonly { readonly path: string; readonly mode?: string; readonly user?: string; readonly group?: string; readonly error?: string }[]; // oxfmt-ignore
}

for (const [release, grammar] of ALL
  ? ([
      ['bookworm', '2.3'],
      ['trixie', '2.4'],
    ] as const)
  : ([['bookworm', '2.3']] as const)) {
  // oxfmt-ignore
  describe(`exposure: the map and real logins of ${release}'s Dovecot ${grammar}`, () => {
    // npm test has a sample.
    const cases = DOVECOT_CASES.filter(({ only }, at) => (only ?? grammar) === grammar && (ALL || at % 3 === 0));
    const maps = cases.map((one): ExposureMap => {
      const dovecot = loadDovecot({ [ROOT]: dovecotConf(one, grammar) }, ROOT);
      return exposureOf({ postfix: null, dovecot }, { postfix: null, dovecot: grammar, postconf: {} });
    });
    let host: LabHost;
    let seen: readonly Seen[];
    let logins = 0;
    let differences = 0;

    before(async () => {
      host = await oracleHost(release);
      await host.run('install -d -m 1777 /tmp/oracle-mail');
      await host.write('/root/dovecot-driver.py', await readFile(new URL('dovecot-driver.py', import.meta.url)));
      const configurations = cases.map((one, at) => ({
        files: { [ROOT]: dovecotConf(one, grammar) },
        listeners: listenersOf(maps[at]!),
        sockets: maps[at]!.sockets.filter(({ kind }) => kind === 'unix').map(({ path }) => path),
      }));
      const input = JSON.stringify({ configurations, clients: CLIENTS });
      const { code, stdout, stderr } = await host.exec('python3 /root/dovecot-driver.py', { input });
      assert.equal(code, 0, stderr);
      seen = JSON.parse(stdout) as Seen[];
      logins = seen.flatMap((one) => one.logins).length;
    });

    after(async () => {
      process.stdout.write(`    ${release}, Dovecot ${grammar}: ${cases.length} configurations, ${logins} clients at listeners, ${differences} differences\n`); // oxfmt-ignore
      await host.stop();
    });

    cases.forEach(({ sentence }, at) => {
      it(`the map agrees with the logins: ${sentence}`, () => {
        const found = compare(maps[at]!, seen[at]!);
        differences += found.length;
        assert.equal(found.length, 0, [...found, dovecotConf(cases[at]!, grammar)].join('\n'));
      });
    });
  });
}

/** The rows of the map without their blocks. */
function listenersOf({ ways }: ExposureMap) {
  return ways
    .filter(({ id }) => !id.includes(' ('))
    .map(({ id, port, program, tls, proxy }) => ({
      id,
      port,
      protocol: program === 'imap-login' ? 'imap' : 'pop3',
      implicit: tls === 'implicit',
      proxied: proxy === 'haproxy',
    }));
}

function compare(map: ExposureMap, seen: Seen): string[] {
  if (seen.error !== '') return [`Dovecot does not start: ${seen.error}`];
  const rows = map.ways.filter(({ id }) => !id.includes(' ('));
  const ours = rows.flatMap(({ port, addresses }) => addresses.flatMap((address) => address === '*' ? [`0.0.0.0:${port}`, `[::]:${port}`] : [`${address}:${port}`])); // oxfmt-ignore
  const inet = map.sockets.filter(({ kind }) => kind === 'inet').map(({ path }) => path.replace(/^inet:/, ''));
  const all = [...new Set([...ours, ...inet])].toSorted();
  const differences: string[] = [];
  if (all.join() !== seen.listening.join())
    differences.push(`map: ${all.join(' ')}; listening: ${seen.listening.join(' ')}`);
  for (const login of seen.logins) {
    const client = CLIENTS.find(({ name }) => name === login.client)!;
    const row = rows.find(({ id }) => id === login.listener)!;
    if (!row.addresses.includes('*') && !row.addresses.includes(client.address)) {
      if (login.error === undefined) differences.push(`${login.listener} answers on ${client.address}`);
      continue;
    }
    const way = map.ways.findLast(
      ({ id }) => id === row.id || (id.startsWith(`${row.id} (`) && matches(id, row, client)),
    )!;
    differences.push(
      ...offers(way, login).map((text) => `${login.client} at ${way.id}: ${text} ${JSON.stringify(login)}`),
    );
  }
  for (const socket of map.sockets.filter(({ kind }) => kind === 'unix')) {
    const found = seen.sockets.find(({ path }) => path === socket.path)!;
    const wanted = [socket.mode, socket.user, socket.group].join(' ');
    const real = found.error ?? [found.mode, found.user, found.group].join(' ');
    if (wanted !== real) differences.push(`${socket.path}: map: ${wanted}; on disk: ${real}`);
  }
  return differences;
}

/** Does a row's block, `(local 198.19.2.2 remote 198.19.1.0/24)`, hold for a client? */
function matches(id: string, row: WayIn, { source, address }: (typeof CLIENTS)[number]): boolean {
  const words = / \((.*)\)$/.exec(id)![1]!.split(' ');
  for (let at = 0; at < words.length; at += 2) {
    const [kind, what = ''] = words.slice(at, at + 2);
    const prefix = what.replace(/\.0\/24$/, '.');
    if ((kind === 'remote' || kind === 'login_trusted_networks') && !source.startsWith(prefix)) return false;
    if (kind === 'local' && address !== what) return false;
    if (kind === 'protocol' && !row.program.startsWith(what)) return false;
  }
  return true;
}

function offers(way: WayIn, { implicit, starttls, listed, login, scram, mechanisms, error }: Login): string[] {
  if (error !== undefined) return way.auth.offered === 'never' ? [] : [`no session: ${error}`];
  // With SCRAM on offer a way in that requires TLS refuses it before, as it does any login.
  const tells = way.auth.mechanisms.includes('scram-sha-256');
  const tls = implicit ? 'implicit' : !starttls ? 'none' : tells && !scram[0] ? 'required' : 'optional';
  const usable = login[0] ? 'always' : login[1] ? 'inside-tls' : 'never';
  const plain = way.auth.mechanisms.includes('plain');
  return [
    ...(tls === way.tls || (!tells && way.tls === 'required' && tls === 'optional') ? [] : [`TLS is ${tls}, map: ${way.tls}`]), // oxfmt-ignore
    ...(!plain || usable === way.auth.offered ? [] : [`passwords are taken ${usable}, map: ${way.auth.offered}`]),
    ...(!plain || listed.join() === login.join() ? [] : [`listed ${listed.join()}, works ${login.join()}`]),
    ...(mechanisms.join() === way.auth.mechanisms.toSorted().join() || (!listed[0] && !listed[1]) ? [] : [`offered ${mechanisms.join()}, map: ${way.auth.mechanisms.join()}`]), // oxfmt-ignore
  ];
}
