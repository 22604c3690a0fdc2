/** Which of the certificates that the daemons serve stay, by what the host says of its files. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import type { Facts, Host, PemFile, Policy } from '../../../src/model/index.ts';
import { policyOf } from '../../../src/plan/adopt.ts';
import { compose } from '../../../src/plan/compose.ts';
import { certbot } from '../../../src/tasks/certbot.ts';
import { servedCertificate } from '../../../src/tasks/served.ts';
import { certificateRequests } from '../../../src/tasks/sni.ts';
import type { Certificates } from '../../support/certificates.ts';
import { certificates } from '../verify/host.ts';
import { afterwards } from '../../support/plan/cases.ts';
import { host } from '../../support/plan/host.ts';

const MAIN = '/etc/postfix/main.cf';
const SSL = '/etc/dovecot/conf.d/10-ssl.conf';
type Pair = keyof { [K in keyof Certificates as Certificates[K] extends string ? never : K]: true };

/** Files of a pair as gather.sh tells of them: `/etc/ssl/NAME.pem` and `/etc/ssl/NAME.key`. */
function pem(name: Pair, over: Partial<PemFile> = {}): PemFile[] {
  const { cert, key } = certificates()[name];
  const half = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString().trim();
  const shared = { exposed: false, changed: 1, folders: ['/etc/ssl'] };
  const file = (ending: string, certs: string, keys: string[]): PemFile => {
    const path = `/etc/ssl/${name}.${ending}`;
    return { ...shared, path, target: path, certificates: certs.trim(), publicKeys: keys, ...over };
  };
  return [file('pem', cert, []), file('key', '', [half])];
}

const toPostfix = (name: Pair) =>
  `smtpd_tls_cert_file = /etc/ssl/${name}.pem\nsmtpd_tls_key_file = /etc/ssl/${name}.key\n`;
const toDovecot = (name: Pair) => `ssl_cert = </etc/ssl/${name}.pem\nssl_key = </etc/ssl/${name}.key\n`;

interface Described {
  readonly main?: string;
  readonly ssl?: string;
  readonly files?: readonly PemFile[];
  readonly facts?: Partial<Facts>;
  readonly asks?: Partial<Host>;
}

function look({ main = '', ssl = '', files = [], facts = {}, asks = {} }: Described) {
  const { snapshot } = host(
    {
      [MAIN]: main,
      '/etc/postfix/master.cf': 'smtp inet n - y - - smtpd\n',
      '/etc/dovecot/dovecot.conf': '!include conf.d/*.conf\n',
      [SSL]: ssl,
    },
    { hostname: 'mx.example.test', certificates: { 'mx1.example.test': null } },
  );
  const all = { ...snapshot, facts: { ...snapshot.facts, now: Date.now() / 1000, pemFiles: files, ...facts } };
  const asked: Host = { name: 'mx', hostname: 'mx.example.test', ...asks };
  return { snapshot: all, policy: policyOf(asked, all) };
}

const paths = ({ snapshot: { facts }, policy }: ReturnType<typeof look>) =>
  (['postfix', 'dovecot'] as const).map((daemon) => servedCertificate(facts, policy, true, daemon).cert);
const requested = ({ snapshot: { facts }, policy }: ReturnType<typeof look>) =>
  certificateRequests(facts, policy).map(({ domains }) => domains);
const notes = ({ snapshot, policy }: ReturnType<typeof look>) =>
  compose(snapshot, policy).notes.map(({ text }) => text);

describe('tasks: the scripts that load a renewed certificate', () => {
  it('the scripts pass shellcheck, with maps that hold copies of keys and paths that hold quotes', function () {
    if (spawnSync('shellcheck', ['--version']).error) this.skip();
    const { snapshot, policy } = host({});
    const sniMaps = [`hash:/etc/postfix/sni`, `lmdb:/etc/postfix/o'hara`].map((map) => ({ map, setting: 'main.cf:1' }));
    const at = { cert: "/etc/ssl/o'hara.pem", key: '/etc/ssl/k.pem' };
    const provided = { ...at, chain: '', publicKey: '', missing: [], exposed: false, keyInside: false, changed: 0 };
    const files = certbot.files!({ ...snapshot.facts, provided }, { ...policy, sniMaps });
    const scripts = files.filter(({ bytes }) => bytes?.startsWith('#!/bin/sh'));
    assert.equal(scripts.length, 2);
    for (const { path, bytes } of scripts) {
      const { stdout } = spawnSync('shellcheck', ['-'], { input: bytes ?? '', encoding: 'utf8' });
      assert.equal(stdout, '', path);
    }
  });
});

describe('plan: certificates that are served already', () => {
  before(() => void certificates());

  it('a certificate that both daemons serve stays, nothing is requested, and no setting names another one', () => {
    const found = look({ main: toPostfix('good'), ssl: toDovecot('good'), files: pem('good') });
    assert.deepEqual(paths(found), ['/etc/ssl/good.pem', '/etc/ssl/good.pem']);
    assert.deepEqual(requested(found), []);
    const plan = compose(found.snapshot, found.policy);
    assert.deepEqual(
      plan.settings.filter(({ setting }) => /cert|key|chain/.test(setting)),
      [],
    );
    const until = new Date(found.policy.kept!.postfix!.until * 1000).toISOString().slice(0, 10);
    const stays = `/etc/ssl/good.pem (mx.example.test; valid until ${until}) stays; --replace certificate replaces it with one from certbot`;
    const told = plan.notes.filter(({ text }) => text.includes('stays; --replace'));
    assert.deepEqual(
      told.map(({ level, text }) => [level, text]),
      [
        ['info', `${MAIN}:1: smtpd_tls_cert_file: ${stays}`],
        ['info', `${SSL}:1: ssl_cert: ${stays}`],
      ],
    );
  });

  it('a certificate that one daemon serves is given to the other daemon, whose own one is not trusted', () => {
    const files = [...pem('good'), ...pem('selfSigned')];
    for (const [main, ssl] of [
      [toPostfix('good'), toDovecot('selfSigned')],
      [toPostfix('selfSigned'), toDovecot('good')],
      [toPostfix('good'), ''],
    ] as const) {
      const found = look({ main, ssl, files });
      assert.deepEqual(paths(found), ['/etc/ssl/good.pem', '/etc/ssl/good.pem'], main + ssl);
      assert.deepEqual(requested(found), []);
    }
  });

  it('two valid certificates stay, each with its daemon, even if one is for other names', () => {
    const files = [...pem('good'), ...pem('otherName')];
    const found = look({ main: toPostfix('good'), ssl: toDovecot('otherName'), files });
    assert.deepEqual(paths(found), ['/etc/ssl/good.pem', '/etc/ssl/otherName.pem']);
    assert.deepEqual([found.policy.domain, found.policy.kept?.dovecot?.name], ['mx.example.test', 'www.example.test']);
    assert.ok(notes(found).some((text) => /otherName\.pem is not for mx\.example\.test but for www/.test(text)));
  });

  it('the domain is a name of the certificate when the host has another name, and the plan reports it', () => {
    const described = { main: toPostfix('otherName'), ssl: toDovecot('otherName'), files: pem('otherName') };
    const found = look(described);
    assert.equal(found.policy.domain, 'www.example.test');
    assert.deepEqual(requested(found), []);
    assert.ok(notes(found).some((text) => /^the mail domain is www\.example\.test, a name of/.test(text)));
    // A wildcard names no host: its first label is taken from what the host calls itself.
    const wild = { main: toPostfix('wildcard'), files: pem('wildcard'), facts: { hostname: 'mx7.internal.lan' } };
    assert.equal(look(wild).policy.domain, 'mx7.example.test');
  });

  it('a wanted name that the certificates lack leads to one request with every served name, and the plan reports it', () => {
    const files = [...pem('good'), ...pem('otherName')];
    const asks = { domain: 'new.example.test' };
    const found = look({ main: toPostfix('good'), ssl: toDovecot('otherName'), files, asks });
    assert.deepEqual(requested(found), [['new.example.test', 'mx.example.test', 'www.example.test']]);
    assert.ok(
      notes(found).some((text) =>
        /good\.pem \(mx\.example\.test\) is replaced by certbot's: it is not for new/.test(text),
      ),
    );
    // Where one of them has the name, both stay.
    const both = look({
      main: toPostfix('good'),
      ssl: toDovecot('otherName'),
      files,
      asks: { domain: 'mx.example.test' },
    });
    assert.deepEqual(paths(both), ['/etc/ssl/good.pem', '/etc/ssl/otherName.pem']);
  });

  it('--replace certificate and --cert replace a served certificate', () => {
    const described = { main: toPostfix('good'), ssl: toDovecot('good'), files: pem('good') };
    const replaced = look({ ...described, asks: { replace: ['certificate'] } });
    assert.deepEqual(requested(replaced), [['mx.example.test']]);
    const own = look({ ...described, asks: { cert: '/etc/ssl/mine.pem', key: '/etc/ssl/mine.key' } });
    assert.deepEqual(paths(own), ['/etc/ssl/mine.pem', '/etc/ssl/mine.pem']);
  });

  const UNUSABLE: Readonly<Record<string, () => Described>> = {
    'that is self-signed': () => ({ main: toPostfix('selfSigned'), files: pem('selfSigned') }),
    'that has expired': () => ({
      main: toPostfix('good'),
      files: pem('good'),
      facts: { now: Date.now() / 1000 + 91 * 86_400 },
    }),
    'that is not valid yet': () => ({
      main: toPostfix('good'),
      files: pem('good'),
      facts: { now: Date.now() / 1000 - 2 * 86_400 },
    }),
    'without a DNS name': () => ({ main: toPostfix('commonName'), files: pem('commonName') }),
    'with the key of another certificate': () => {
      const [cert] = pem('good');
      const [, key] = pem('older');
      return { main: toPostfix('good'), files: [cert!, { ...key!, path: '/etc/ssl/good.key' }] };
    },
    'whose file does not exist': () => ({
      main: toPostfix('good'),
      files: pem('good', { target: '', certificates: '', publicKeys: [] }),
    }),
    'whose file was not read': () => ({ main: toPostfix('good') }),
  };
  for (const [what, described] of Object.entries(UNUSABLE))
    it(`a certificate ${what} is replaced, and its names are not requested`, () => {
      const found = look(described());
      assert.equal(found.policy.kept, undefined);
      assert.deepEqual(requested(found), [['mx.example.test']]);
    });

  it('a file with both key and certificate works, and a key that every user can read is reported and not replaced', () => {
    const [cert, key] = pem('good') as [PemFile, PemFile];
    const file = { ...cert, publicKeys: key.publicKeys, exposed: true };
    const found = look({ main: 'smtpd_tls_cert_file = /etc/ssl/good.pem\n', files: [file] });
    assert.deepEqual(paths(found), ['/etc/ssl/good.pem', '/etc/ssl/good.pem']);
    assert.ok(
      notes(found).some((text) => text.startsWith('the private key /etc/ssl/good.pem can be read by every user')),
    );
  });

  it('a key under a password stays with Dovecot only, because Postfix cannot use it', () => {
    const [cert, key] = pem('good') as [PemFile, PemFile];
    const ssl = `${toDovecot('good')}ssl_key_password = secret\n`;
    const found = look({ ssl, files: [cert, { ...key, publicKeys: [''] }] });
    assert.deepEqual(paths(found), ['/etc/letsencrypt/live/mx.example.test/fullchain.pem', '/etc/ssl/good.pem']);
    assert.deepEqual(requested(found), [['mx.example.test']]);
  });

  it('a served lineage of certbot is preferred to another one and keeps its name when it is reissued', () => {
    const { good } = certificates();
    const lineage = (name: string) => ({ name, chain: good.cert, key: true, authenticator: 'standalone' });
    const live = '/etc/letsencrypt/live/served';
    const main = `smtpd_tls_cert_file = ${live}/fullchain.pem\nsmtpd_tls_key_file = ${live}/privkey.pem\n`;
    const facts = {
      lineages: [lineage('mx.example.test'), lineage('served')],
      takenNames: ['mx.example.test', 'served'],
    };
    assert.deepEqual(paths(look({ main, facts })), [`${live}/fullchain.pem`, `${live}/fullchain.pem`]);
    const more = look({ main, facts, asks: { domains: ['more.example.test'] } });
    assert.deepEqual(
      certificateRequests(more.snapshot.facts, more.policy).map(({ name, domains }) => [name, domains]),
      [['served', ['mx.example.test', 'more.example.test']]],
    );
    const rsa = look({ main, facts, asks: { request: { keyType: 'rsa' } } });
    assert.deepEqual(
      certificateRequests(rsa.snapshot.facts, rsa.policy).map(({ name }) => name),
      ['served'],
    );
  });

  it('two served lineages stay, and the deploy hook is for both', () => {
    const { good, otherName } = certificates();
    const of = (name: string, chain: string) => ({ name, chain, key: true, authenticator: 'dns-rfc2136' });
    const live = (name: string) => `/etc/letsencrypt/live/${name}`;
    const main = `smtpd_tls_cert_file = ${live('mx')}/fullchain.pem\nsmtpd_tls_key_file = ${live('mx')}/privkey.pem\n`;
    const ssl = `ssl_cert = <${live('imap')}/fullchain.pem\nssl_key = <${live('imap')}/privkey.pem\n`;
    const facts = { lineages: [of('mx', good.cert), of('imap', otherName.cert)], takenNames: ['mx', 'imap'] };
    const found = look({ main, ssl, facts });
    assert.deepEqual(paths(found), [`${live('mx')}/fullchain.pem`, `${live('imap')}/fullchain.pem`]);
    assert.deepEqual(requested(found), []);
    const { changes } = compose(found.snapshot, found.policy);
    const hook = changes.find(({ path }) => path.startsWith('/etc/letsencrypt/renewal-hooks/'));
    assert.match(hook?.after ?? '', /^case \$lineage in 'mx' \| 'imap'\) ;; \*\) exit 0 ;; esac$/m);
    assert.ok(!changes.some(({ path }) => path.includes('harden-mail-certificate')));
  });

  it('a certificate below /etc/letsencrypt/live that certbot does not renew stays and is watched', () => {
    const { good } = certificates();
    const live = '/etc/letsencrypt/live/by-hand';
    const main = `smtpd_tls_cert_file = ${live}/fullchain.pem\nsmtpd_tls_key_file = ${live}/privkey.pem\n`;
    const lineages = [{ name: 'by-hand', chain: good.cert, key: true, authenticator: null }];
    const found = look({ main, facts: { lineages, takenNames: ['by-hand'] } });
    assert.deepEqual(requested(found), []);
    const unit = compose(found.snapshot, found.policy).changes.find(({ path }) => path.endsWith('certificate.path'));
    assert.match(unit?.after ?? '', /^PathChanged=\/etc\/letsencrypt\/live\/by-hand$/m);
  });

  describe('in smtpd_tls_chain_files', () => {
    const list = (...names: Pair[]) =>
      `smtpd_tls_chain_files =\n${names.map((name) => `  /etc/ssl/${name}.key,\n  /etc/ssl/${name}.pem\n`).join('')}`;
    const chains = ({ snapshot, policy }: { snapshot: ReturnType<typeof look>['snapshot']; policy: Policy }) =>
      compose(snapshot, policy).settings.flatMap(({ setting, after }) =>
        setting === 'smtpd_tls_chain_files' ? [after] : [],
      );

    it('several valid pairs on lines of their own stay byte by byte', () => {
      const found = look({ main: list('good', 'older'), files: [...pem('good'), ...pem('older')] });
      assert.equal(found.policy.kept?.postfix?.pairs.length, 2);
      assert.deepEqual(chains(found), []);
    });

    it('a pair that cannot be served is removed, and the others stay', () => {
      const found = look({ main: list('selfSigned', 'good'), files: [...pem('good'), ...pem('selfSigned')] });
      assert.deepEqual(paths(found), ['/etc/ssl/good.pem', '/etc/ssl/good.pem']);
      assert.deepEqual(chains(found), ['/etc/ssl/good.key, /etc/ssl/good.pem']);
      assert.ok(
        notes(found).some((text) => /selfSigned\.pem: it is self-signed; it is taken out of the list/.test(text)),
      );
    });

    it('the pair of --cert replaces a pair with the same type of key, and a second plan changes nothing', () => {
      const asks = { cert: '/etc/ssl/good.pem', key: '/etc/ssl/good.key' };
      const [{ certificates: chain }, { publicKeys }] = pem('good') as [PemFile, PemFile];
      const provided = {
        ...asks,
        chain,
        publicKey: publicKeys[0]!,
        missing: [],
        exposed: false,
        keyInside: false,
        changed: 0,
      };
      const found = look({ main: list('older'), files: pem('older'), facts: { provided }, asks });
      assert.deepEqual(chains(found), ['/etc/ssl/good.key, /etc/ssl/good.pem']);
      const again = look({ main: list('good'), files: pem('good'), facts: { provided }, asks });
      assert.deepEqual(chains(again), []);
    });
  });

  it('a served certificate is watched in its folders, and the watch is removed when nothing is left to watch', () => {
    const described = { main: toPostfix('good'), ssl: toDovecot('good'), files: pem('good') };
    const found = look(described);
    const plan = compose(found.snapshot, found.policy);
    const unit = plan.changes.find(({ path }) => path === '/etc/systemd/system/harden-mail-certificate.path');
    assert.match(unit?.after ?? '', /^PathChanged=\/etc\/ssl$/m);
    const order = (all: typeof plan) => all.activations.map(({ unit: one, how }) => `${how} ${one}`);
    assert.deepEqual(order(plan).slice(0, 2), ['reload systemd', 'restart harden-mail-certificate.path']);
    const later = afterwards({ snapshot: found.snapshot }, plan);
    const idle = compose({ ...later, facts: { ...later.facts, watching: false } }, found.policy);
    assert.deepEqual([idle.changes, order(idle)], [[], ['start harden-mail-certificate.path']]);
    const { kept, ...without } = found.policy;
    assert.ok(kept);
    const gone = compose(later, { ...without, domain: 'mx.example.test' });
    assert.equal(gone.changes.filter(({ after }) => after === null).length, 4);
    assert.deepEqual(order(gone).slice(0, 2), ['stop harden-mail-certificate.path', 'reload systemd']);
  });

  it('a map with copies of the keys is reported with its place, and the watch rebuilds it', () => {
    const main = `${toPostfix('good')}tls_server_sni_maps = hash:/etc/postfix/sni, texthash:/etc/postfix/own\n`;
    const found = look({ main, ssl: toDovecot('good'), files: pem('good') });
    const told = notes(found).filter((text) => text.includes('postmap -F'));
    assert.equal(told.length, 1);
    assert.match(told[0]!, /^\/etc\/postfix\/main\.cf:3: tls_server_sni_maps: hash:\/etc\/postfix\/sni holds copies/);
    const script = compose(found.snapshot, found.policy).changes.find(({ path }) =>
      path.endsWith('/reload-certificate'),
    );
    assert.match(script?.after ?? '', /^ {2}remake hash '\/etc\/postfix\/sni' db$/m);
    assert.match(script?.after ?? '', /^ {4}remake_maps$/m);
  });
});
