import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dnsRecords, furtherRecords } from '../../../src/plan/dns-records.ts';
import { CASES, host } from '../../support/plan/host.ts';

describe('plan: DNS records for a certificate', () => {
  const { snapshot, policy } = host({});
  const [lineage] = snapshot.facts.lineages;
  assert.ok(lineage);
  const records = (over = {}): string[] => dnsRecords({ ...lineage, ...over }, policy, snapshot.facts);

  it('the TLSA 3 1 1 record has the digest that openssl computes', () => {
    const pem = readFileSync(new URL('certificates/mx1.pem', CASES));
    const key = execFileSync('openssl', ['x509', '-noout', '-pubkey'], { input: pem });
    const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: key });
    const digest = createHash('sha256').update(der).digest('hex');
    assert.ok(records().includes(`_25._tcp.mx1.example.test. IN TLSA 3 1 1 ${digest}`), records().join('\n'));
  });

  it('the records explain how to keep the key of a certbot lineage, and not for a certificate made by hand', () => {
    assert.match(records().join('\n'), /reuse_key = True.*\/etc\/letsencrypt\/renewal\/mx1\.example\.test\.conf/);
    assert.doesNotMatch(records({ authenticator: null }).join('\n'), /reuse_key/);
  });

  it('no CAA record names an unknown authority', () => {
    assert.deepEqual(
      records().filter((line) => / CAA /.test(line) && !line.startsWith(';')),
      [],
    );
  });

  it('every line is a record or a comment of a zone file', () => {
    for (const line of records()) assert.match(line, /^(;.*|[\w.-]+\. IN (TLSA|CAA) .*|)$/);
  });

  it('each additional name gets the records of its own certificate', () => {
    const records = furtherRecords(lineage, ['mail.other.example', 'imap.other.example']);
    const own = dnsRecords(lineage, policy, snapshot.facts).find((line) => line.includes('TLSA')) ?? '';
    const digest = own.split(' ').at(-1);
    assert.deepEqual(
      records.filter((line) => line.includes('IN TLSA')),
      ['mail', 'imap'].map((word) => `_25._tcp.${word}.other.example. IN TLSA 3 1 1 ${digest}`),
    );
    for (const line of records) assert.match(line, /^(;.*|[\w.-]+\. IN .*|)$/);
  });
});
