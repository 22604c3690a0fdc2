/** What is found on a real OpenSSL server is what that server was told to speak, suite by suite and group by group. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { enumerate, type TlsSeen } from '../../../src/audit/enumerate.ts';
import { groupName } from '../../../src/tls/suite-names.ts';
import { suiteOf } from '../../../src/tls/suites.ts';
import { folder, pair, sServer, targetOf } from './s-server.ts';
import { wordless } from './wordless-server.ts';

/** What OpenSSL itself says that a list of its words means for a version, as IANA's names. */
function meaning(list: string, ...version: string[]): string[] {
  const lines = execFileSync('openssl', ['ciphers', '-s', '-stdname', ...version, `${list}:@SECLEVEL=0`]).toString();
  return lines
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .sort();
}

const of = (seen: TlsSeen, version: string): string[] =>
  (seen.versions.find((one) => one.version === version)?.suites ?? []).map((id) => suiteOf(id).name).sort();

async function look(...args: string[]): Promise<TlsSeen> {
  const server = await sServer(...args);
  try {
    return await enumerate(targetOf(server.port));
  } finally {
    server.close();
  }
}

/** Nobody else's, made for this test by `openssl dhparam 1024`, which takes seconds. */
const PRIME = `-----BEGIN DH PARAMETERS-----
MIGHAoGBALyElrdt1/sMTLzlEChSj233gLJPlcYKNwrYMIsfZBIrDISCMctD/oT5
MRKsxVESe/61a3XmM7zSqDlRu+SB9UeXXYW6jhDig4Y5hw4xgLyLtT85smBZY06J
xQ/KEoMMmD9xUnauqv76WnhGeNDbMb5c10u8tq8e7g3O83PSmbV3AgEC
-----END DH PARAMETERS-----
`;

const cert = (kind: Parameters<typeof pair>[0]): string[] => ['-cert', pair(kind).cert, '-key', pair(kind).key];
const old = (list: string): string[] => ['-cipher', `${list}:@SECLEVEL=0`];

describe('audit: versions and suites of openssl s_server', function () {
  this.timeout(60_000);

  const LISTS: readonly { name: string; list: string; args?: string[]; certs?: string[] }[] = [
    { name: 'every suite for an RSA key', list: 'ALL:!PSK:!SRP:!aECDSA:!aDSS' },
    { name: 'static RSA only', list: 'kRSA' },
    { name: 'suites without encryption', list: 'eNULL:!aNULL:!kECDHE' },
    { name: 'two suites', list: 'ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA' },
    { name: 'suites without authentication', list: 'aNULL' },
  ];
  for (const { name, list } of LISTS)
    it(`the audit finds exactly the TLS 1.2 suites that the server offers: ${name} (${list})`, async () => {
      const seen = await look(...cert('rsa'), ...old(list), '-tls1_2');
      const usable = meaning(list.replace(':!PSK', ''), '-tls1_2').filter((suite) => !/ECDSA|DSS|PSK|SRP/.test(suite));
      assert.deepEqual(of(seen, 'TLS 1.2'), usable);
      assert.deepEqual(
        seen.versions.map(({ version }) => version),
        ['TLS 1.2'],
      );
    });

  for (const [flag, version] of [
    ['-tls1', 'TLS 1.0'],
    ['-tls1_1', 'TLS 1.1'],
    ['-tls1_3', 'TLS 1.3'],
  ] as const)
    it(`the audit finds ${version} and its suites on a server that speaks ${version} only`, async () => {
      const suites = 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256';
      const seen = await look(...cert('rsa'), ...old('ALL'), '-ciphersuites', suites, flag);
      assert.deepEqual(
        seen.versions.map((one) => one.version),
        [version],
      );
      const expected =
        version === 'TLS 1.3'
          ? suites.split(':').sort()
          : meaning('ALL', flag).filter((suite) => !/ECDSA|DSS|PSK|SRP/.test(suite));
      assert.deepEqual(of(seen, version), expected);
    });

  it('the audit finds all four versions, the suites of both key types and both certificates of one server', async () => {
    const ec = pair('ecdsa');
    const seen = await look(...cert('rsa'), '-dcert', ec.cert, '-dkey', ec.key, ...old('ALL'));
    assert.deepEqual(
      seen.versions.map(({ version }) => version),
      ['TLS 1.0', 'TLS 1.1', 'TLS 1.2', 'TLS 1.3'],
    );
    assert.deepEqual(
      of(seen, 'TLS 1.2'),
      meaning('ALL', '-tls1_2').filter((suite) => !/DSS|PSK|SRP/.test(suite)),
    );
    const prints = [pair('rsa'), ec].map((one) => new X509Certificate(readFileSync(one.cert)).fingerprint256);
    assert.deepEqual(seen.chains.map(([leaf]) => new X509Certificate(leaf!).fingerprint256).sort(), prints.sort());
  });

  for (const [name, args, order] of [
    ['its own order', ['-serverpref'], 'server'],
    ["the client's order", [], 'client'],
  ] as const)
    it(`the audit recognises a server that chooses the suite by ${name}`, async () => {
      const seen = await look(...cert('rsa'), ...old('ALL:!CHACHA20'), '-tls1_2', ...args);
      assert.equal(seen.versions[0]?.order, order);
    });

  it('a server with one suite has no order of suites, no groups and no primes', async () => {
    const seen = await look(...cert('rsa'), ...old('AES256-SHA'), '-tls1_2');
    assert.equal(seen.versions[0]?.order, null);
    assert.deepEqual([seen.groups, seen.primes], [[], []]);
  });
});

describe('audit: key exchange of openssl s_server', function () {
  this.timeout(60_000);

  for (const [flag, curves] of [
    ['-tls1_2', 'P-256:X25519'],
    ['-tls1_2', 'P-384:brainpoolP256r1:secp224r1:X448'],
    ['-tls1_3', 'X25519:P-521:ffdhe2048'],
  ] as const)
    it(`the audit finds the groups that the server offers: ${flag} ${curves}`, async () => {
      const seen = await look(...cert('rsa'), ...old('ECDHE+AESGCM'), flag, '-groups', curves);
      const names = {
        'P-256': 'secp256r1',
        'P-384': 'secp384r1',
        'P-521': 'secp521r1',
        X25519: 'x25519',
        X448: 'x448',
      };
      assert.deepEqual(
        seen.groups.map(groupName).sort(),
        curves
          .split(':')
          .map((one) => (names as Record<string, string>)[one] ?? one)
          .sort(),
      );
    });

  it('the curve of an ECDSA certificate does not hide the other curves of the server', async () => {
    const seen = await look(...cert('ecdsa'), ...old('ECDHE+AESGCM'), '-tls1_2', '-groups', 'P-256:X25519:P-384');
    assert.deepEqual(seen.groups.map(groupName).sort(), ['secp256r1', 'secp384r1', 'x25519']);
  });

  it('the audit reports the size of a Diffie-Hellman prime that only this server uses', async () => {
    const file = join(folder, 'dh.pem');
    writeFileSync(file, PRIME);
    const seen = await look(...cert('rsa'), ...old('kDHE+AES'), '-tls1_2', '-dhparam', file);
    assert.deepEqual(
      seen.primes.map(({ bits }) => bits),
      [1024],
    );
  });

  it('the audit finds secure renegotiation, extended master secret, no compression and a refused fallback on a sound server', async () => {
    const seen = await look(...cert('rsa'), ...old('HIGH'));
    assert.deepEqual(seen.classic, {
      secureRenegotiation: true,
      extendedMasterSecret: true,
      compression: false,
      fallbackRefused: true,
    });
  });
});

describe('audit: a server that refuses by hanging up, as Dovecot does', function () {
  this.timeout(60_000);
  const STRICT = ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305'].join(
    ':',
  );

  async function lookThrough(behind: number, busyAt?: number): Promise<{ seen: TlsSeen; connections: number }> {
    const server = await wordless(behind, busyAt);
    const target = targetOf(server.port);
    try {
      return { seen: await enumerate(target), connections: target.gate.connections };
    } finally {
      server.close();
    }
  }

  it('the audit still sees that the client chooses the order when the server drops one of the first six connections', async () => {
    const server = await sServer(...cert('rsa'), ...old('ALL:!CHACHA20'), '-tls1_2');
    try {
      for (let busyAt = 0; busyAt < 6; busyAt++)
        assert.equal((await lookThrough(server.port, busyAt)).seen.versions[0]?.order, 'client', `busy at ${busyAt}`);
    } finally {
      server.close();
    }
  });

  it('the audit makes at most 29 connections and sees everything even if the server drops one of them', async () => {
    const server = await sServer(...cert('rsa'), '-cipher', STRICT, '-serverpref', '-groups', 'X25519:P-256');
    try {
      const { seen, connections } = await lookThrough(server.port);
      assert.deepEqual(
        seen.versions.map(({ version, suites, order }) => [version, suites.length, order]),
        [
          ['TLS 1.2', 3, 'server'],
          ['TLS 1.3', 3, 'server'],
        ],
      );
      assert.ok(connections <= 29, `${connections} connections`);
      const byNumber = (a: number, b: number): number => a - b;
      const whole = ({ versions, groups }: TlsSeen): unknown => [
        versions.map(({ version, suites, order }) => [version, [...suites].sort(byNumber), order]),
        [...groups].sort(byNumber),
      ];
      for (let busyAt = 0; busyAt < connections; busyAt++)
        assert.deepEqual(whole((await lookThrough(server.port, busyAt)).seen), whole(seen), `busy at ${busyAt}`);
    } finally {
      server.close();
    }
  });
});
