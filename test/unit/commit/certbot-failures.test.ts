import assert from 'node:assert/strict';
import { certbotFailure } from '../../../src/commit/certbot-failures.ts';

/** What certbot prints, by version or by what the authority said; and what is made of it. */
const SAID: readonly { what: string; said: string; why: RegExp; todo: RegExp }[] = [
  {
    what: 'a rate limit with its end, in the words of certbot 2',
    said: `Requesting a certificate for mx1.example.org
An unexpected error occurred:
There were too many requests of a given type :: Error creating new order :: too many certificates (5) already issued for this exact set of domains in the last 168h0m0s, retry after 2026-11-25 08:12:03 UTC: see https://letsencrypt.org/docs/rate-limits/
Ask for help or search for solutions at https://community.letsencrypt.org.`,
    why: /^the authority's rate limit is reached \(rateLimited\), until 2026-11-25 08:12:03 UTC$/,
    todo: /^Wait until then/,
  },
  {
    what: 'a rate limit with its end, by the name of the ACME error',
    said: 'acme.messages.Error: urn:ietf:params:acme:error:rateLimited :: There were too many requests of a given type :: too many failed authorizations (5) for "mx1.example.org" in the last 1h0m0s, retry after 2026-11-24T21:00:00 UTC',
    why: /until 2026-11-24T21:00:00 UTC$/,
    todo: /^Wait until then/,
  },
  {
    what: 'a rate limit without an end',
    said: 'An unexpected error occurred:\nError: urn:ietf:params:acme:error:rateLimited :: Service busy; retry later.',
    why: /rateLimited\)$/,
    todo: /^Wait/,
  },
  {
    what: 'an authority that refuses connections',
    said: "An unexpected error occurred:\nrequests.exceptions.ConnectionError: HTTPSConnectionPool(host='acme.example.org', port=443): Max retries exceeded with url: /dir (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))",
    why: /^the authority at acme\.example\.org:443 cannot be reached from the host \(Connection refused\)$/,
    todo: /^Let the host out/,
  },
  {
    what: 'an authority that refuses connections, as certbot 2.1 tells it',
    said: 'An unexpected error occurred:\nValueError: Requesting acme.example.org/dir: Connection refused\nAsk for help or search for solutions',
    why: /^the authority at acme\.example\.org cannot be reached from the host \(Connection refused\)$/,
    todo: /^Let the host out/,
  },
  {
    what: 'a host without name servers',
    said: "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='acme-v02.api.letsencrypt.org', port=443): Max retries exceeded with url: /directory (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution'))",
    why: /cannot be reached from the host \(Temporary failure in name resolution\)$/,
    todo: /DNS/,
  },
  {
    what: 'an authority whose root certificate the host does not trust',
    said: "requests.exceptions.SSLError: HTTPSConnectionPool(host='ca.corp.example', port=14000): Max retries exceeded with url: /dir (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:992)')))",
    why: /^the host does not trust the authority at ca\.corp\.example:14000/,
    todo: /update-ca-certificates/,
  },
  {
    what: 'a firewall in front of port 80',
    said: `Certbot failed to authenticate some domains (authenticator: standalone). The Certificate Authority reported these problems:
  Domain: mx1.example.org
  Type:   connection
  Detail: 192.0.2.1: Fetching http://mx1.example.org/.well-known/acme-challenge/x: Timeout during connect (likely firewall problem)

Hint: The Certificate Authority failed to download the challenge files`,
    why: /^the authority did not reach port 80: 192\.0\.2\.1: Fetching .*\(likely firewall problem\)$/,
    todo: /^Open port 80/,
  },
  {
    what: 'a name that is not in DNS',
    said: '  Type:   dns\n  Detail: DNS problem: NXDOMAIN looking up A for mx1.example.org - check that a DNS record exists for this domain\n\nHint: x',
    why: /^the authority's name servers: DNS problem: NXDOMAIN looking up A for mx1\.example\.org/,
    todo: /DNS/,
  },
  {
    what: 'a CAA record that names another authority',
    said: '  Type:   caa\n  Detail: CAA record for example.org prevents issuance. See https://letsencrypt.org/docs/caa/\n',
    why: /^CAA record for example\.org prevents issuance$/,
    todo: /CAA record/,
  },
  {
    what: 'a full disk',
    said: "An unexpected error occurred:\nOSError: [Errno 28] No space left on device: '/etc/letsencrypt/archive/mx1/privkey1.pem'",
    why: /^the disk is full/,
    todo: /^Free some space/,
  },
  {
    what: 'another certbot that runs already',
    said: 'Another instance of Certbot is already running.\nAsk for help',
    why: /^another certbot is at work/,
    todo: /^Run again/,
  },
  {
    what: 'another program that takes port 80 at the last moment',
    said: 'Could not bind TCP port 80 because it is already in use by another process on this system (such as a web server).',
    why: /^port 80 was taken/,
    todo: /ss -ltnp/,
  },
];

describe('commit: the reason why certbot issues no certificate', () => {
  for (const { what, said, why, todo } of SAID)
    it(`the error names the cause and the next step: ${what}`, () => {
      const found = certbotFailure(said);
      assert.match(found?.why ?? '', why);
      assert.match(found?.todo ?? '', todo);
    });

  it('a message that is not known gives no reason', () =>
    assert.equal(certbotFailure('Some challenges have failed.'), null));
});
