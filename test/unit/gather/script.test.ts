import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { gatherScript } from '../../../src/gather/gather.ts';
import { unpackSnapshot } from '../../../src/gather/unpack.ts';
import type { Snapshot } from '../../../src/model/index.ts';

const SCRIPT = new URL('../../../src/gather/gather.sh', import.meta.url);
const SHELLS = [['sh'], ['dash'], ['bash'], ['bash', '--posix'], ['busybox', 'sh']];
const there = (program: string): boolean => spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined;

interface Scratch {
  readonly root: string;
  /** Shell text of programs that stand before the machine's own. */
  readonly programs: Record<string, string>;
  /** Paths of a certificate that the admin brings. */
  own?: { readonly cert: string; readonly key: string };
  write(path: string, bytes: string): Scratch;
  link(path: string, target: string): Scratch;
  /** Paths of the files are as the host would have them. */
  gather(shell?: readonly string[], cwd?: string): Snapshot;
  /** What the script prints, with paths as the host would have them, so that the sizes of sections are not true. */
  print(): string;
}

/** A small host in a folder: the script is run with every path of it moved there, and with programs that we know. */
function scratch(): Scratch {
  const root = mkdtempSync(join(tmpdir(), 'harden-mail-gather-'));
  const strip = (path: string): string => path.replace(root, '');
  const place = (path: string): string => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  const host: Scratch = {
    root,
    programs: { 'dpkg-query': 'exit 1', 'apt-get': 'exit 100' },
    write(path, bytes) {
      writeFileSync(place(path), bytes, 'latin1');
      return host;
    },
    link(path, target) {
      symlinkSync(target, place(path));
      return host;
    },
    gather(shell = ['sh'], cwd = '/') {
      const { facts, files } = unpackSnapshot(run(shell, cwd));
      const moved = Object.values(files).map((file) => {
        return [strip(file.path), { ...file, path: strip(file.path), target: strip(file.target) }] as const;
      });
      return { facts, files: Object.fromEntries(moved) };
    },
    print: () =>
      gunzipSync(run(['sh'], '/'))
        .toString('latin1')
        .replaceAll(root, ''),
  };
  function run([program = 'sh', ...flags]: readonly string[], cwd: string): Buffer {
    for (const [name, text] of Object.entries(host.programs)) {
      writeFileSync(place(`/stubs/${name}`), `#!/bin/sh\n${text}\n`);
      chmodSync(join(root, 'stubs', name), 0o755);
    }
    const own = `own_cert='${host.own?.cert ?? ''}' own_key='${host.own?.key ?? ''}'\n`;
    const input = (own + gatherScript())
      .replaceAll(/(?<=[\s"'=])\/(etc|var)\//g, `${root}/$1/`)
      .replace('/run/harden-mail.lock', `${root}/run/harden-mail.lock`)
      .replace('PATH=', `PATH=${root}/stubs:`);
    return execFileSync(program, flags, { input, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  }
  return host;
}

describe('gather: the script', () => {
  let host: Scratch;
  beforeEach(() => {
    host = scratch().write('/etc/os-release', 'ID=debian\nPRETTY_NAME="D\xc3\xa9bian"\n');
  });
  afterEach(() => rmSync(host.root, { recursive: true, force: true }));

  for (const shell of SHELLS) {
    it(`the output is the same under ${shell.join(' ')}`, function () {
      if (!there(shell[0] ?? '')) this.skip();
      host
        .write('/etc/postfix/main.cf', '# caf\xe9 \xff\0\nmyhostname = mx1.example.test\n')
        .write('/etc/postfix/master.cf', '')
        .write('/etc/dovecot/dovecot.conf', '!include conf.d/*.conf\n!include_try local.conf\n')
        .write('/etc/dovecot/conf.d/10-auth.conf', ' \t!include auth-system.conf.ext # the system\n')
        .write('/etc/dovecot/conf.d/auth-system.conf.ext', 'passdb {\n}\n')
        .write('/etc/dovecot/conf.d/other.ext', 'x\n')
        .write('/etc/letsencrypt/live/mx1.example.test/fullchain.pem', 'PEM')
        .write('/etc/letsencrypt/live/mx1.example.test/privkey.pem', 'SECRET')
        .write('/var/spool/postfix/pid/master.pid', '            101\n');
      Object.assign(host.programs, {
        'dpkg-query': `echo 'postfix 3.7.11-0+deb12u1 installed'; echo 'dovecot-core  not-installed'; exit 1`,
        'apt-get': `echo "Inst dovecot-core (1:2.3.19.1 Debian:12 [amd64])"; echo "asked: $*"`,
        postconf: `case $1 in -m) echo btree; echo hash ;; -x) echo 'myhostname = mx1.example.test'; echo 'queue_directory = ${host.root}/var/spool/postfix' ;; esac`,
        getent: `echo 'submissions          465/tcp ssmtp smtps urd'`,
        ss: `echo 'LISTEN 0 100 0.0.0.0:25 0.0.0.0:* users:(("smtpd",pid=102,fd=6),("master",pid=101,fd=13))'
          echo 'LISTEN 0 100 10.0.0.1:465 0.0.0.0:* users:(("master",pid=99999999,fd=13))'`,
        systemctl: `printf 'Id=dovecot.service\\nLoadState=loaded\\nActiveState=active\\nInactiveExitTimestamp=Tue 2026-11-24 02:44:32 UTC\\n'`,
      });
      const { facts, files } = host.gather(shell);
      assert.deepEqual(Object.keys(files), [
        '/etc/dovecot/conf.d/10-auth.conf',
        '/etc/dovecot/conf.d/auth-system.conf.ext',
        '/etc/dovecot/dovecot.conf',
        '/etc/letsencrypt/live/mx1.example.test/fullchain.pem',
        '/etc/postfix/main.cf',
        '/etc/postfix/master.cf',
      ]);
      assert.equal(files['/etc/postfix/main.cf']?.bytes, '# caf\xe9 \xff\0\nmyhostname = mx1.example.test\n');
      assert.equal(files['/etc/postfix/master.cf']?.bytes, '');
      assert.equal(facts.os.pretty, 'Débian');
      assert.deepEqual(Object.keys(facts.packages), ['postfix']);
      assert.deepEqual([facts.postfix, facts.dovecot], ['3.7.11', '2.3.19.1']);
      assert.deepEqual(facts.maps, ['btree', 'hash']);
      assert.deepEqual(facts.resolves, ['submissions', 'ssmtp', 'smtps', 'urd']);
      assert.deepEqual(facts.listeners, [
        { address: '0.0.0.0', port: 25, process: 'master', ours: true },
        { address: '10.0.0.1', port: 465, process: 'master', ours: false, instance: '' },
      ]);
      assert.deepEqual(facts.units, { dovecot: { active: true, loaded: Date.parse('2026-11-24T02:44:32Z') / 1000 } });
      assert.ok(Math.abs(facts.now - Date.now() / 1000) < 60);
      assert.deepEqual(facts.lineages, []); // their folder is known by its real path only; see below for the keys
    });
  }

  it('the host gives its own name when Postfix cannot read its files', () => {
    Object.assign(host.programs, { postconf: 'exit 1', hostname: 'echo mx1.example.test' });
    assert.equal(host.gather().facts.hostname, 'mx1.example.test');
  });

  it('apt is asked for missing packages only', () => {
    const packages = ['postfix', 'dovecot-core', 'dovecot-imapd', 'dovecot-pop3d', 'certbot'];
    host.programs['apt-get'] = `echo "Inst $(echo "$*" | sed 's/.*install //; s/ /,/g') (1 x)"`;
    host.programs['dpkg-query'] = packages.map((name) => `echo '${name} 1 installed'`).join('\n');
    assert.deepEqual(host.gather().facts.candidates, {});
    host.programs['dpkg-query'] = `echo 'postfix 1 half-configured'; echo 'certbot 1 installed'; exit 1`;
    assert.deepEqual(host.gather().facts.candidates, { 'postfix,dovecot-core,dovecot-imapd,dovecot-pop3d': '1' });
  });

  it('unfinished transactions are found, oldest first', () => {
    for (const [id, state] of ['5-new', '4-committed', '3-awaiting', '2-restoring', '1-swapping', '0-broken'].map((w) =>
      w.split('-'),
    )) {
      host.write(`/var/lib/harden-mail/tx/2026112${id}T101500Z-4f2a/state`, `${(state ?? '').padEnd(12)}\n`);
    }
    const ids = ['20261121', '20261122', '20261123'].map((day) => `${day}T101500Z-4f2a`);
    assert.deepEqual(host.gather().facts.unfinished, ids);
  });

  for (const shell of [['dash'], ['bash', '--posix'], ['busybox', 'sh']]) {
    it(`the child of Postfix's master gives the time of the last reload, under ${shell.join(' ')}`, async function () {
      if (!there(shell[0] ?? '')) this.skip();
      host.write('/var/spool/postfix/pid/master.pid', `${String(process.pid).padStart(10)}\n`);
      const unit =
        'Id=postfix.service\nLoadState=loaded\nActiveState=active\nInactiveExitTimestamp=Thu 2026-01-01 00:00:00 UTC';
      Object.assign(host.programs, {
        postconf: `[ "$1" = -m ] || echo 'queue_directory = ${host.root}/var/spool/postfix'`,
        systemctl: `echo '${unit}'`,
      });
      copyFileSync('/bin/sleep', join(host.root, 'qmgr'));
      const other = spawn('sleep', ['60']);
      await sleep(1100);
      const since = Date.now() / 1000;
      const qmgr = spawn(join(host.root, 'qmgr'), ['60']);
      await sleep(1100);
      const { loaded = 0 } = host.gather(shell).facts.units['postfix'] ?? {};
      for (const child of [qmgr, other]) child.kill();
      // Whole seconds, rounded down.
      assert.ok(loaded > since - 1.05 && loaded < since + 0.5, `${loaded}, not ${since}`);
    });
  }

  it('the lock of transactions is read and never created, so its mode stays that of its owner', () => {
    const lock = join(host.root, 'run/harden-mail.lock');
    assert.equal(host.gather().facts.busy, '');
    assert.ok(!existsSync(lock));
    // The file is gone between the look for it and its opening.
    host.write('/run/harden-mail.lock', 'transaction 1 of ann\n');
    host.programs['flock'] = `rm -f ${lock}; exec /usr/bin/flock "$@"`;
    host.gather();
    assert.ok(!existsSync(lock));
  });

  it('a private key is never read', () => {
    host.write('/etc/letsencrypt/live/a/fullchain.pem', 'PEM').write('/etc/letsencrypt/live/a/privkey.pem', 'SECRET');
    assert.deepEqual(Object.keys(host.gather().files), ['/etc/letsencrypt/live/a/fullchain.pem']);
  });

  it('each key gives its public half, and an unusable key only its folder', () => {
    const live = '/etc/letsencrypt/live';
    const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
    const key = openssl('genpkey', '-algorithm', 'ed25519');
    host.write(`${live}/a/privkey.pem`, key).write(`${live}/b/privkey.pem`, key.slice(0, 80));
    const secret = ['-aes256', '-passout', 'pass:secret', '-out', join(host.root, 'secret.pem')];
    openssl('pkey', '-in', join(host.root, live, 'a/privkey.pem'), ...secret);
    host.write(`${live}/c/privkey.pem`, readFileSync(join(host.root, 'secret.pem'), 'latin1'));
    host.write(`${live}/none/fullchain.pem`, '').link(`${live}/nowhere/privkey.pem`, '/nowhere.pem');
    const half = openssl('pkey', '-pubout', '-in', join(host.root, live, 'a/privkey.pem'));
    const [, said] = /^@keys \d+\n([^@]*)/m.exec(host.print()) ?? [];
    assert.equal(said, `${live}/a/\n${half}${live}/b/\n${live}/c/\n`);
  });

  describe('a certificate that the administrator supplies', () => {
    const own = { cert: '/etc/ssl/mail.pem', key: '/etc/ssl/mail.key' };
    const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
    const brought = () => {
      const { provided } = host.gather().facts;
      const strip = (path: string): string => path.replace(host.root, '');
      return (
        provided && {
          ...provided,
          cert: strip(provided.cert),
          key: strip(provided.key),
          missing: provided.missing.map(strip),
        }
      );
    };
    beforeEach(() => {
      host.write(own.cert, '').write(own.key, '');
      const at = { cert: host.root + own.cert, key: host.root + own.key };
      openssl('req', '-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=mx', '-keyout', at.key, '-out', at.cert);
      chmodSync(at.key, 0o600);
      host.own = own;
    });

    it('the certificate is read only when it is named', () => {
      delete host.own;
      assert.equal(brought(), undefined);
    });

    it('the certificate comes with its chain and the public half of its key', () => {
      const { changed, folders, ...rest } = brought()!;
      const [chain, publicKey] = [
        readFileSync(host.root + own.cert, 'utf8').trim(),
        openssl('pkey', '-pubout', '-in', host.root + own.key).trim(),
      ];
      assert.deepEqual(rest, { ...own, chain, publicKey, missing: [], exposed: false, keyInside: false });
      assert.ok(Math.abs(changed - Date.now() / 1000) < 60);
      assert.deepEqual(folders, [`${host.root}/etc/ssl`]);
    });

    it('no line of a private key is printed, even if the key is in the file of the certificate', () => {
      const [cert, key] = [own.cert, own.key].map((path) => readFileSync(host.root + path, 'utf8')) as [string, string];
      host.write(own.cert, cert + key);
      const said = host.print();
      assert.doesNotMatch(said, /PRIVATE KEY/);
      for (const line of key.split('\n').slice(1, -2)) assert.ok(!said.includes(line));
      assert.deepEqual([brought()!.keyInside, brought()!.chain], [true, cert.trim()]);
    });

    it('a key under a password or not in PEM format gives no public half', () => {
      const path = host.root + own.key;
      openssl('pkey', '-aes256', '-passout', 'pass:secret', '-in', path, '-out', `${path}.locked`);
      openssl('pkey', '-outform', 'DER', '-in', path, '-out', `${path}.der`);
      for (const key of [`${own.key}.locked`, `${own.key}.der`]) {
        host.own = { ...own, key };
        assert.equal(brought()!.publicKey, '');
      }
    });

    it('a file that is missing or is a folder is reported as missing', () => {
      host.own = { cert: '/etc/ssl', key: '/etc/ssl/none.key' };
      assert.deepEqual(brought()!.missing, ['/etc/ssl', '/etc/ssl/none.key']);
    });

    it('a key counts as exposed when every user can read it through every folder on its path', function () {
      this.timeout(60_000);
      // The folder of the test itself lets nobody in, so that its parents are opened for once; below it is what counts.
      chmodSync(host.root, 0o755);
      const exposed = (key: number, folder: number): boolean => {
        chmodSync(host.root + own.key, key);
        chmodSync(join(host.root, 'etc/ssl'), folder);
        return brought()!.exposed;
      };
      const found = (
        [
          [0o644, 0o755],
          [0o640, 0o755],
          [0o644, 0o700],
        ] as const
      ).map(([key, folder]) => exposed(key, folder));
      assert.deepEqual(found, [true, false, false]);
    });
  });

  describe('certificate and key files in the configuration of the daemons', () => {
    const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
    const read = (path: string): string => readFileSync(join(host.root, path), 'latin1');
    const make = (name: string): void => {
      const [key, cert] = [`/etc/ssl/${name}.key`, `/etc/ssl/${name}.pem`];
      host.write(key, '').write(cert, '');
      const at = { key: host.root + key, cert: host.root + cert };
      openssl(
        'req',
        '-x509',
        '-newkey',
        'ed25519',
        '-nodes',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        at.key,
        '-out',
        at.cert,
      );
    };
    const half = (path: string): string => openssl('pkey', '-pubout', '-in', host.root + path).trim();
    const found = (shell?: readonly string[]) =>
      (host.gather(shell).facts.pemFiles ?? []).map(({ path, ...rest }) => ({
        path: path.replace(host.root, ''),
        ...rest,
      }));
    /** main.cf as the host resolves it. */
    const main = (...lines: string[]) =>
      (host.programs['postconf'] = `[ "$1" = -m ] || printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}`);

    for (const shell of SHELLS)
      it(`the files are found in main.cf, in master.cf and in any block of Dovecot, under ${shell.join(' ')}`, function () {
        if (!there(shell[0] ?? '')) this.skip();
        for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) make(name);
        const ssl = `${host.root}/etc/ssl`;
        main(
          'myhostname = mx',
          `smtpd_tls_cert_file = ${ssl}/a.pem`,
          `smtpd_tls_key_file = ${ssl}/a.key`,
          `smtpd_tls_chain_files = ${ssl}/b.key,  ${ssl}/b.pem ${ssl}/none.pem`,
          'queue_directory = /q',
        );
        host
          .write('/etc/postfix/main.cf', '')
          .write(
            '/etc/postfix/master.cf',
            `smtps inet n - y - - smtpd\n  -o smtpd_tls_cert_file=${ssl}/c.pem -o { smtpd_tls_key_file = ${ssl}/c.key }\n#  -o smtpd_tls_cert_file=${ssl}/g.pem\n`,
          )
          .write('/etc/dovecot/dovecot.conf', '!include conf.d/*.conf\n')
          .write(
            '/etc/dovecot/conf.d/1.conf',
            `ssl_cert = <${ssl}/d.pem # ours\nssl_key=< ${ssl}/d.key\nlocal_name x {\n  ssl_cert = <../../ssl/e.pem\n}\n#ssl_cert = <${ssl}/g.pem\n`,
          )
          .write(
            '/etc/dovecot/conf.d/2.conf',
            `ssl_server {\n  cert_file = "${ssl}/f.pem"\r\n}\nssl_server_key_file = ${ssl}/f.key\n`,
          );
        const all = found(shell);
        assert.deepEqual(
          all.map(({ path }) => path).sort(),
          ['/etc/dovecot/conf.d/../../ssl/e.pem', ...['a', 'b', 'c', 'd', 'f'].flatMap((one) => [`/etc/ssl/${one}.key`, `/etc/ssl/${one}.pem`]), '/etc/ssl/none.pem'], // oxfmt-ignore
        );
        const a = all.filter(({ path }) => path.startsWith('/etc/ssl/a.'));
        assert.deepEqual(
          a.map(({ path, certificates, publicKeys, folders }) => ({ path, certificates, publicKeys, folders })),
          [
            { path: '/etc/ssl/a.key', certificates: '', publicKeys: [half('/etc/ssl/a.key')], folders: [ssl] },
            { path: '/etc/ssl/a.pem', certificates: read('/etc/ssl/a.pem').trim(), publicKeys: [], folders: [ssl] },
          ],
        );
        assert.equal(all.find(({ path }) => path === '/etc/ssl/none.pem')?.target, '');
      });

    it('no byte of a key is printed, even after a truncated certificate', () => {
      for (const name of ['a', 'b']) make(name);
      const [cert, key, second] = [read('/etc/ssl/a.pem'), read('/etc/ssl/a.key'), read('/etc/ssl/b.key')];
      const torn = cert.slice(0, 200);
      host.write('/etc/ssl/a.pem', `${torn}\n${key}${second}${read('/etc/ssl/b.pem')}`);
      main('myhostname = mx', `smtpd_tls_cert_file = ${host.root}/etc/ssl/a.pem`, 'queue_directory = /q');
      host.own = { cert: `${host.root}/etc/ssl/a.pem`, key: `${host.root}/etc/ssl/a.key` };
      const said = host.print();
      for (const line of (key + second).split('\n').filter((one) => one !== '' && !one.startsWith('-----END')))
        assert.ok(!said.includes(line), line);
      const [file] = found();
      assert.equal(file?.certificates, read('/etc/ssl/b.pem').trim());
      assert.deepEqual(file.publicKeys, [half('/etc/ssl/a.key'), half('/etc/ssl/b.key')]);
    });

    it('each file comes with the folders in which a link on its path can be replaced', () => {
      make('a');
      const root = host.root;
      mkdirSync(join(root, 'etc/v1'));
      host
        .write('/etc/v1/a.pem', read('/etc/ssl/a.pem'))
        .link('/etc/now', 'v1')
        .link('/etc/mail/a.pem', '../now/a.pem');
      main('myhostname = mx', `smtpd_tls_cert_file = ${root}/etc/mail/a.pem`, 'queue_directory = /q');
      const [file] = found();
      assert.equal(file?.target.replace(root, ''), '/etc/v1/a.pem');
      const below = file.folders.filter((folder) => folder.startsWith(root)).map((folder) => folder.slice(root.length));
      // Of a link its own folder, and the folder that it leads to by its name, for that may become another.
      assert.deepEqual(below.sort(), ['/etc', '/etc/mail', '/etc/now']);
    });
  });

  it('lineages that certbot can renew are distinguished from names that are only taken', () => {
    const [live, archive, renewal] = ['live', 'archive', 'renewal'].map((part) => `/etc/letsencrypt/${part}`);
    const parts = ['cert', 'chain', 'fullchain', 'privkey'];
    host
      .write(`${live}/README`, '')
      .write(`${renewal}/own.conf`, 'version = 2.1.0\n[renewalparams]\nauthenticator = webroot\n')
      .write(`${renewal}/deleted.conf`, '');
    for (const part of parts) {
      host.write(`${archive}/own/${part}1.pem`, '').link(`${live}/own/${part}.pem`, `../../archive/own/${part}1.pem`);
      host.write(`${live}/by-hand/${part}.pem`, '').link(`${live}/torn/${part}.pem`, `../../archive/torn/${part}1.pem`);
    }
    host.write(`${renewal}/torn.conf`, '').write(`${renewal}/by-hand.conf`, '').write(`${archive}/left/cert1.pem`, '');
    const lines = (/^@lineages \d+\n([^@]*)/m.exec(host.print())?.[1] ?? '').trim().split('\n');
    const told = (word: string): string[] => {
      return [...new Set(lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.split(' ')[1] ?? ''))];
    };
    assert.deepEqual(told('own'), ['own']);
    assert.ok(lines.includes('own own webroot'), lines.join('\n'));
    assert.deepEqual(told('taken').sort(), ['by-hand', 'deleted', 'left', 'own', 'torn']);
    assert.deepEqual([...host.gather().facts.takenNames].sort(), ['by-hand', 'deleted', 'left', 'own', 'torn']);
  });

  it('files that Dovecot includes through links are found', () => {
    host
      .write('/srv/dovecot.conf', '!include conf.d/*.conf\n')
      .link('/etc/dovecot/dovecot.conf', '../../srv/dovecot.conf')
      .write('/srv/10-auth.conf', '!include inner.ext\n')
      .link('/etc/dovecot/conf.d/10-auth.conf', '../../../srv/10-auth.conf')
      .write('/etc/dovecot/conf.d/inner.ext', 'x = 1\n');
    const { files } = host.gather();
    assert.deepEqual(Object.keys(files), [
      '/etc/dovecot/conf.d/10-auth.conf',
      '/etc/dovecot/conf.d/inner.ext',
      '/etc/dovecot/dovecot.conf',
    ]);
    assert.equal(files['/etc/dovecot/dovecot.conf']?.target, '/srv/dovecot.conf');
  });

  it('included files are found at any depth, by any pattern and in any folder', () => {
    host
      .write(
        '/etc/dovecot/dovecot.conf',
        `!include_try ${host.root}/srv/{imap,pop3}/?.conf\r\n!include my own/*.conf\n`,
      )
      .write('/srv/imap/a.conf', '!include deep/b.ext\n')
      .write('/srv/imap/deep/b.ext', `!include ${host.root}/srv/c.ext\n`)
      .write('/srv/c.ext', '!include c.ext\n') // itself: the plan will say so
      .write('/srv/pop3/d.conf', '')
      .write('/etc/dovecot/my own/e f.conf', '')
      .write('/etc/dovecot/backup/dovecot.conf', '!include *.old\n')
      .write('/etc/dovecot/backup/x.old', '');
    assert.deepEqual(Object.keys(host.gather().files), [
      '/etc/dovecot/dovecot.conf',
      '/etc/dovecot/my own/e f.conf',
      '/srv/c.ext',
      '/srv/imap/a.conf',
      '/srv/imap/deep/b.ext',
      '/srv/pop3/d.conf',
    ]);
  });

  it('the files of databases are found, and no other file in args', () => {
    host
      .write('/etc/dovecot/dovecot.conf', '!include conf.d/*.ext\n')
      .write(
        '/etc/dovecot/conf.d/auth-sql.conf.ext',
        `passdb {\n  args = ${host.root}/etc/dovecot/dovecot-sql.conf.ext # here\n}\n\ttrash=${host.root}/etc/dovecot/trash.conf\r\nplugin {\n  acl = vfile:${host.root}/etc/dovecot/acls:cache_secs=9\n}\ndict {\n  quota = mysql:${host.root}/etc/dovecot/used-quota.conf\n}\n`,
      )
      .write(
        '/etc/dovecot/conf.d/users.ext',
        `#args = ${host.root}/etc/dovecot/no.conf\nargs = scheme=CRYPT ${host.root}/etc/dovecot/users\nargs = ${host.root}/etc/dovecot/users`,
      )
      .write('/etc/dovecot/dovecot-sql.conf.ext', 'driver = mysql\n')
      .write('/etc/dovecot/trash.conf', '1 Spam\n')
      .write('/etc/dovecot/acls', 'Work owner lr\n')
      .write('/etc/dovecot/used-quota.conf', 'map {\n}\n')
      .write('/etc/dovecot/no.conf', '')
      .write('/etc/dovecot/users', 'a:{PLAIN}secret\n');
    assert.deepEqual(Object.keys(host.gather().files), [
      '/etc/dovecot/acls',
      '/etc/dovecot/conf.d/auth-sql.conf.ext',
      '/etc/dovecot/conf.d/users.ext',
      '/etc/dovecot/dovecot-sql.conf.ext',
      '/etc/dovecot/dovecot.conf',
      '/etc/dovecot/trash.conf',
      '/etc/dovecot/used-quota.conf',
    ]);
  });

  it('the script counts the fields of 2.3 in passwd-files and returns their names only', () => {
    host
      .write(
        '/etc/dovecot/dovecot.conf',
        `userdb {\n  args = scheme=PLAIN username_format=%n ${host.root}/etc/virtual/%d/passwd\n}\n`,
      )
      .write(
        '/etc/virtual/a.test/passwd',
        'x:{PLAIN}secret:1:1::/h::userdb_mail=maildir:~/M userdb_quota_rule=*:bytes=5\n',
      )
      .write(
        '/etc/virtual/b.test/passwd',
        'y:{PLAIN}secret:1:1::/h::userdb_quota_rule=*:bytes=5\n#z:::::::userdb_note=x\n',
      );
    assert.deepEqual(
      host.gather().facts.userFields?.filter(({ name }) => !name.startsWith('{')),
      [
        { count: 1, name: 'mail', path: `${host.root}/etc/virtual/*/passwd` },
        { count: 2, name: 'quota_rule', path: `${host.root}/etc/virtual/*/passwd` },
      ],
    );
  });

  it('the script counts the schemes of passwords in passwd-files, and returns nothing else of a password', () => {
    const passwords = [
      '{SSHA}c2VjcmV0',
      '{plain-md5.hex}5ebe22',
      '$6$salt$hash',
      '$1$salt$hash',
      'abJnggxhB/yWI',
      '!',
      '{my}own',
      '',
    ];
    host
      .write('/etc/dovecot/dovecot.conf', `passdb {\n  args = ${host.root}/etc/dovecot/users\n}\n`)
      .write('/etc/dovecot/users', passwords.map((password, n) => `u${n}:${password}:1:1::/h::\n`).join(''));
    const found = host
      .gather()
      .facts.userFields?.map(({ count, name }) => `${count} ${name}`)
      .sort();
    assert.deepEqual(
      found,
      ['1 {?}', '1 {PLAIN-MD5}', '1 {SSHA}', '1 {}', '1 {}$1', '1 {}$6', '1 {}des', '7 {*}'].sort(),
    );
  });

  it('patterns are expanded from the folder of the file, not from the working directory', () => {
    host.write('/etc/dovecot/dovecot.conf', '!include conf.d/*.conf\n').write('/etc/dovecot/conf.d/a.conf', '');
    host.write('/home/conf.d/1.conf', '').write('/home/conf.d/2.conf', '');
    assert.deepEqual(Object.keys(host.gather(['sh'], join(host.root, 'home')).files), [
      '/etc/dovecot/conf.d/a.conf',
      '/etc/dovecot/dovecot.conf',
    ]);
  });

  it('file names with blanks, backslashes and non-ASCII letters are read', () => {
    const names = ['a b.conf', 'back\\slash.conf', 'größe.conf', "quote'.conf", '-dash.conf', '$(id).conf'];
    host.write('/etc/dovecot/dovecot.conf', '!include conf.d/*.conf\n');
    for (const name of names) host.write(`/etc/dovecot/conf.d/${name}`, `${name.length}`);
    const { files } = host.gather();
    const bytes = (name: string): string => Buffer.from(name).toString('latin1');
    for (const name of names) assert.equal(files[bytes(`/etc/dovecot/conf.d/${name}`)]?.bytes, `${name.length}`, name);
  });

  it("the errors of the daemons' parsers are reported without the settings that they print", () => {
    const fails = (...lines: string[]): string =>
      `printf '%s\\n' 'ssl_key = s3cret'; printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >&2; exit 1`;
    Object.assign(host.programs, {
      postconf: "echo 'postconf: fatal: /etc/postfix/main.cf, line 3: why' >&2; exit 1",
      postmap: fails('postmap: fatal: bad numerical configuration: message_size_limit = many'),
      doveconf: fails('doveconf: Warning: old', 'doveconf: Fatal: Error in configuration file /x line 1: why'),
    });
    assert.deepEqual(host.gather().facts.refusals, [
      { daemon: 'postfix', text: '/etc/postfix/main.cf, line 3: why' },
      { daemon: 'postfix', text: 'bad numerical configuration: message_size_limit = many' },
      { daemon: 'dovecot', text: 'Error in configuration file /x line 1: why' },
    ]);
    assert.doesNotMatch(host.print(), /s3cret/);
  });

  it('a parser that only warns is no refusal', () => {
    Object.assign(host.programs, { postconf: 'echo w: warning: old >&2', postmap: '', doveconf: 'echo d: Warning: old >&2' }); // oxfmt-ignore
    assert.equal(host.gather().facts.refusals, undefined);
  });

  it('lookup tables that Postfix uses and cannot open are listed', () => {
    const at = (path: string): string => `${host.root}/etc/postfix/${path}`;
    host.write('/etc/postfix/there.db', '').write('/etc/postfix/list', '').write('/etc/postfix/no-index', '');
    const main = [
      `alias_maps = hash:${at('no-index')}, proxy:btree:${at('there')}`,
      `virtual_alias_maps = regexp:${at('gone')} mysql:${at('sql.cf')} texthash:${at('list')}`,
      `smtpd_tls_session_cache_database = btree:${at('made')}`,
      `alias_database = hash:${at('made')}`,
      'relayhost = smtp:[mx.example.test] unix:private/x',
    ];
    const master = `smtp/inet/smtpd_client_restrictions = check_client_access,cidr:${at('networks')},reject`;
    host.programs['postmap'] = '';
    host.programs['postconf'] = `case "$*" in
      -m) printf '%s\n' btree cidr hash regexp texthash ;;
      '-x -n') cat <<'END'\n${main.join('\n')}\nEND\n;;
      '-x -P') echo '${master}' ;;
      esac`.replaceAll('\\n', '\n');
    const lost = host.gather().facts.lostMaps?.map((one) => [one.parameter, one.map, one.file].join(' '));
    assert.deepEqual(
      lost?.map((line) => line.replaceAll(`${host.root}/etc/postfix/`, '')),
      [
        'alias_maps hash:no-index no-index.db',
        'smtp/inet/smtpd_client_restrictions cidr:networks networks',
        'virtual_alias_maps mysql:sql.cf -',
        'virtual_alias_maps regexp:gone gone',
      ],
    );
  });

  it('the script works on a host without any mail server', () => {
    const { facts, files } = host.gather();
    assert.deepEqual(files, {});
    assert.deepEqual([facts.postfix, facts.dovecot, facts.packages], [null, null, {}]);
  });

  it('the script prints no error on this machine', () => {
    // All of it is real but apt's simulation, which takes seconds where packages are missing.
    host.write('/stubs/apt-get', '#!/bin/sh\nexit 100\n');
    chmodSync(join(host.root, 'stubs/apt-get'), 0o755);
    const input = gatherScript().replace('PATH=', `PATH=${host.root}/stubs:`);
    const { status, stdout, stderr } = spawnSync('sh', [], { input, maxBuffer: 1 << 26 });
    assert.deepEqual([status, stderr.toString()], [0, '']);
    assert.notEqual(unpackSnapshot(stdout).facts.hostname, '');
  });

  it('the script passes shellcheck', function () {
    if (!there('shellcheck')) this.skip();
    const { stdout } = spawnSync('shellcheck', [SCRIPT.pathname], { encoding: 'utf8' });
    assert.equal(stdout, '');
  });

  describe('what apt is about to install', () => {
    const POLICY = [
      'dovecot-core:',
      '  Installed: 1:2.3.19.1+dfsg1-2.1',
      '  Candidate: 1:2.4.1+dfsg1-6',
      '  Version table:',
      '     1:2.4.1+dfsg1-6 500',
      '        500 http://deb.example/debian trixie/main amd64 Packages',
      ' *** 1:2.3.19.1+dfsg1-2.1 500',
      '        500 http://deb.example/debian bookworm/main amd64 Packages',
      '        100 /var/lib/dpkg/status',
      'postfix:',
      '  Installed: 3.7.11-0',
      '  Candidate: 3.7.11-0',
      '  Version table:',
      ' *** 3.7.11-0 500',
      '        500 http://deb.example/debian bookworm/main amd64 Packages',
    ];
    const LIST = 'Package: dovecot-core\nSource: dovecot (1:2.4.1)\nVersion: 1:2.4.1+dfsg1-6\n\n';
    const LISTS = '/var/lib/apt/lists/deb.example_debian_dists_trixie_main_binary-amd64_Packages';

    function asked(want: string, auto = '0'): void {
      Object.assign(host.programs, {
        'dpkg-query': `case "$*" in *Status-Want*) echo ${want} ;; *) echo 'dovecot-core 1:2.3.19.1+dfsg1-2.1 installed' ;; esac`,
        'apt-cache': `cat <<'END'\n${POLICY.join('\n')}\nEND`,
        'apt-config': `echo "auto='${auto}'"`,
      });
    }

    for (const shell of SHELLS)
      it(`is the candidate of Dovecot and its suite, under ${shell.join(' ')}`, function () {
        if (!there(shell[0] ?? '')) this.skip();
        asked('install');
        host.write(LISTS, LIST);
        assert.deepEqual(host.gather(shell).facts.upcoming, { dovecot: '2.4.1', suite: 'trixie', postfix: '3.7.11' });
      });

    it('is not asked where no list has a Dovecot 2.4, or where the package is on hold', () => {
      asked('install');
      host.write(LISTS, LIST.replaceAll('2.4.1', '2.3.19'));
      assert.equal(host.gather().facts.upcoming, undefined);
      asked('hold');
      host.write(LISTS, LIST);
      assert.equal(host.gather().facts.upcoming, undefined);
    });
  });
});
