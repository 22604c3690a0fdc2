import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  finder,
  keyFingerprint,
  judgeHostKey,
  knownHostLine,
  knownTypes,
  matchesHost,
  parseKnownHosts,
} from '../../../src/connect/known-hosts.ts';

const field = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
/** A public key in wire format; not on any curve, which nobody asks about here. */
const wireKey = (type: string, ...seeds: number[]): Buffer =>
  Buffer.concat([field(Buffer.from(type)), ...seeds.map((seed) => field(Buffer.alloc(32, seed)))]);
const text = (key: Buffer): string => `${key.toString('latin1', 4, 4 + key.readUInt32BE(0))} ${key.toString('base64')}`;

const ED = wireKey('ssh-ed25519', 1);
const OTHER = wireKey('ssh-ed25519', 2);
const RSA = wireKey('ssh-rsa', 3, 4);

describe('connect: known_hosts', () => {
  it('the parser reads the lines that OpenSSH reads and skips the others', () => {
    const lines = [
      '# comment',
      '',
      `  mx1,192.0.2.1 \t ${text(ED)} a comment`,
      `@revoked * ${text(OTHER)}`,
      `@cert-authority *.example.test ${text(RSA)}\r`,
      `@unknown mx1 ${text(ED)}`,
      'mx1 ssh-ed25519',
      `mx1 ssh-rsa ${ED.toString('base64')}`,
      `mx1 ssh-ed25519 ${ED.toString('base64').slice(0, -6)}!!!!!!`,
      `mx1 1024 35 1234567890`,
      `mx1 ssh-ed25519 ${ED.subarray(0, -3).toString('base64')}`,
      `mx1 ssh-ed25519 ${Buffer.concat([ED, Buffer.alloc(3)]).toString('base64')}`,
      `mx1 ${text(wireKey('ssh-rsa', 3))}`,
      `mx1 ${text(wireKey('ssh-nonsense', 3))}`,
      `last ${text(ED)}`,
    ];
    const entries = parseKnownHosts(lines.join('\n'), 'f');
    assert.deepEqual(
      entries.map(({ line, marker, hosts }) => [line, marker, hosts]),
      [
        [3, 'none', 'mx1,192.0.2.1'],
        [4, 'revoked', '*'],
        [5, 'ca', '*.example.test'],
        [15, 'none', 'last'],
      ],
    );
  });

  describe('verdicts on a host key', () => {
    const cases: [name: string, file: string, port: number, key: Buffer, verdict: string][] = [
      ['the host with this key', `mx1 ${text(ED)}`, 22, ED, 'known'],
      ['the host with this key and another one', `mx1 ${text(OTHER)}\nmx1 ${text(ED)}`, 22, ED, 'known'],
      ['the host name in capital letters', `MX1 ${text(ED)}`, 22, ED, 'known'],
      ['an empty file', '', 22, ED, 'unknown'],
      ['another host with this key', `mx2 ${text(ED)}`, 22, ED, 'unknown'],
      ['the host with another key', `mx1 ${text(OTHER)}`, 22, ED, 'changed'],
      ['the host with another type of key', `mx1 ${text(RSA)}`, 22, ED, 'changed'],
      ['the host by its port', `[mx1]:2222 ${text(ED)}`, 2222, ED, 'known'],
      ['the host by its port with another key', `[mx1]:2222 ${text(OTHER)}\nmx1 ${text(ED)}`, 2222, ED, 'changed'],
      ['the host by its bare name', `mx1 ${text(ED)}`, 2222, ED, 'known'],
      ['the host by its bare name with another key', `mx1 ${text(OTHER)}`, 2222, ED, 'unknown'],
      ['the key known and revoked', `mx1 ${text(ED)}\n@revoked mx1 ${text(ED)}`, 22, ED, 'revoked'],
      [
        'the key revoked with a tab, which OpenSSH skips',
        `mx1 ${text(ED)}\n@revoked\tmx1 ${text(ED)}`,
        22,
        ED,
        'revoked',
      ],
      ['the key revoked for every host', `@revoked * ${text(ED)}`, 22, ED, 'revoked'],
      ['another key revoked', `mx1 ${text(ED)}\n@revoked * ${text(OTHER)}`, 22, ED, 'known'],
      ['the key revoked by the bare name', `@revoked mx1 ${text(ED)}`, 2222, ED, 'revoked'],
      ['the key of a certificate authority', `@cert-authority * ${text(ED)}`, 22, ED, 'unknown'],
      ['a pattern that matches', `mx?,!mx2 ${text(ED)}`, 22, ED, 'known'],
      ['a pattern that excludes the host', `mx*,!mx1 ${text(ED)}`, 22, ED, 'unknown'],
    ];
    for (const [name, file, port, key, verdict] of cases) {
      it(`a file with ${name} makes the key ${verdict}`, () =>
        assert.equal(judgeHostKey(parseKnownHosts(file, 'f'), 'mx1', port, key).kind, verdict));
    }

    it('a changed key is reported with the entry of the same type', () => {
      const verdict = judgeHostKey(parseKnownHosts(`mx1 ${text(RSA)}\nmx1 ${text(OTHER)}`, 'f'), 'mx1', 22, ED);
      assert.equal(verdict.kind === 'changed' && verdict.entry.line, 2);
    });
  });

  it('knownTypes lists the types of keys that are known and not revoked', () => {
    const file = `[mx1]:22022 ${text(RSA)}\nmx1 ${text(ED)}\n@revoked mx1 ${text(OTHER)}`;
    assert.deepEqual(knownTypes(parseKnownHosts(file, 'f'), 'mx1', 22022), ['ssh-rsa']);
    assert.deepEqual(knownTypes(parseKnownHosts(file, 'f'), 'mx1', 22), ['ssh-ed25519']);
    assert.deepEqual(knownTypes(parseKnownHosts(file, 'f'), 'mx2', 22), []);
    const revoked = `mx1 ${text(ED)}\nmx1 ${text(RSA)}\n@revoked * ${text(ED)}`;
    assert.deepEqual(knownTypes(parseKnownHosts(revoked, 'f'), 'mx1', 22), ['ssh-rsa']);
  });

  it('the index of a file finds for each name the lines that match it, in their order', () => {
    const names = ['mx1.example.test', 'mx2.example.test', '[mx1.example.test]:2022', '192.0.2.1'];
    const pattern = fc.oneof(
      fc.constantFrom(...names, 'MX1.example.test', '*.example.test', '!mx2.example.test', 'mx?.example.test', ''),
      fc.constantFrom(...names).map((name) => knownHostLine(name, 22, ED, true).split(' ')[0]!),
    );
    const hosts = fc.oneof(
      pattern,
      fc.array(pattern, { minLength: 1, maxLength: 4 }).map((all) => all.join(',')),
    );
    const known = fc.array(hosts).map((all) => parseKnownHosts(all.map((one) => `${one} ${text(ED)}`).join('\n'), 'f'));
    fc.assert(
      fc.property(known, (entries) => {
        const find = finder(entries);
        for (const name of names)
          assert.deepEqual(
            find(name),
            entries.filter((entry) => matchesHost(entry.hosts, name)),
          );
      }),
    );
  });

  it('a line that harden-mail writes is read back, hashed or not', () => {
    for (const hashed of [false, true]) {
      const line = knownHostLine('MX1', 2222, ED, hashed);
      assert.equal(line.startsWith('|1|'), hashed);
      assert.equal(judgeHostKey(parseKnownHosts(line, 'f'), 'mx1', 2222, ED).kind, 'known');
      assert.equal(judgeHostKey(parseKnownHosts(line, 'f'), 'mx1', 2223, ED).kind, 'unknown');
    }
  });

  describe('compared with ssh-keygen', function () {
    this.timeout(60_000);
    let folder: string;
    before(function () {
      if (spawnSync('ssh-keygen', ['-?']).error) this.skip();
      folder = mkdtempSync(join(tmpdir(), 'harden-mail-kh-'));
    });
    after(() => folder && rmSync(folder, { recursive: true }));

    const word = fc.constantFrom('mx', 'a', 'b', '1', '.', '-', 'example.test', '192.0.2.7', '::1');
    const name = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(''));
    const wanted = fc.oneof(
      name,
      name.map((host) => `[${host}]:2222`),
    );
    const hash = (host: string): string => {
      const salt = Buffer.alloc(20, host.length);
      return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(host).digest('base64')}`;
    };
    /** Patterns around one name: some fit it, some nearly. */
    const patternFor = (host: string) =>
      fc
        .tuple(
          fc.constantFrom('', '', '!'),
          fc.oneof(
            fc.constantFrom(host, '*', `${host}*`, `*${host}`, `${host}?`, `${host.slice(0, -1)}?`, `${host.slice(1)}`),
            fc.nat(host.length).map((at) => `${host.slice(0, at)}*${host.slice(at + 1)}`),
            fc
              .array(fc.constantFrom('mx', 'a', '1', '.', '*', '?', '[', ']'), { minLength: 1 })
              .map((all) => all.join('')),
          ),
        )
        .map((parts) => parts.join(''));
    const lineFor = (host: string) =>
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.array(patternFor(host), { minLength: 1, maxLength: 4 }).map((all) => all.join(',')),
        },
        { weight: 1, arbitrary: fc.oneof(fc.constant(host), wanted).map(hash) },
      );
    const file12 = wanted.chain((host) =>
      fc.tuple(fc.constant(host), fc.array(lineFor(host), { minLength: 12, maxLength: 12 })),
    );

    it('the parser and ssh-keygen agree on which lines match a host: 30 files of 12 lines', () => {
      let pairs = 0;
      let matches = 0;
      const file = join(folder, 'generated');
      const key = execFileSync(
        'sh',
        ['-c', `ssh-keygen -q -t ed25519 -N '' -f '${file}.key' && cat '${file}.key.pub'`],
        {
          encoding: 'utf8',
        },
      ).trim();
      fc.assert(
        fc.property(file12, ([host, lines]) => {
          writeFileSync(file, lines.map((line) => `${line} ${key}\n`).join(''));
          const { stdout } = spawnSync('ssh-keygen', ['-F', host, '-f', file], { encoding: 'utf8' });
          const theirs = [...stdout.matchAll(/found: line (\d+)/g)].map(([, line]) => Number(line));
          const ours = lines.flatMap((line, index) => (matchesHost(line, host) ? index + 1 : []));
          assert.deepEqual(ours, theirs, `${host} in:\n${lines.join('\n')}`);
          pairs += lines.length;
          matches += theirs.length;
        }),
        { numRuns: 30, seed: 20261124 },
      );
      assert.ok(
        pairs >= 360 && matches > 30 && matches < pairs - 30,
        `${matches} of ${pairs} matched: this says little`,
      );
    });

    it('ssh-keygen finds a hashed line that harden-mail writes and computes the same fingerprint', () => {
      const file = join(folder, 'ours');
      const key = execFileSync('sh', ['-c', `ssh-keygen -q -t rsa -N '' -f '${file}.key' && cat '${file}.key.pub'`], {
        encoding: 'utf8',
      });
      const wire = Buffer.from(key.split(' ')[1] ?? '', 'base64');
      writeFileSync(file, knownHostLine('mx1.example.test', 2222, wire, true));
      const found = spawnSync('ssh-keygen', ['-l', '-F', '[mx1.example.test]:2222', '-f', file], { encoding: 'utf8' });
      assert.match(found.stdout, /found: line 1/);
      assert.ok(found.stdout.includes(keyFingerprint(wire)), found.stdout);
    });
  });
});
