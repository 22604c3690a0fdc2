import assert from 'node:assert/strict';
import { dovecotFiles, loadDovecot, setDovecot } from '../../src/formats/dovecot.ts';
import type { DovecotConfig } from '../../src/formats/dovecot.ts';
import { RELEASES } from './debs.ts';
import { doveconf } from './doveconf.ts';
import type { Doveconf } from './doveconf.ts';
import { canonicalName, changed, disagreements } from './dovecot-compare.ts';

const LISTENER = 'service auth > unix_listener /var/spool/postfix/private/auth';

/** The recipe, as path, value, file below conf.d. */
const RECIPE = {
  '2.3': [
    [`${LISTENER} > mode`, '0660', '10-master.conf'],
    [`${LISTENER} > user`, 'postfix', '10-master.conf'],
    [`${LISTENER} > group`, 'postfix', '10-master.conf'],
    ['auth_mechanisms', 'plain login', '10-auth.conf'],
    ['disable_plaintext_auth', 'yes', '10-auth.conf'],
    ['ssl', 'required', '10-ssl.conf'],
    ['ssl_cert', '</etc/letsencrypt/live/mx.example.test/fullchain.pem', '10-ssl.conf'],
    ['ssl_key', '</etc/letsencrypt/live/mx.example.test/privkey.pem', '10-ssl.conf'],
    ['ssl_min_protocol', 'TLSv1.2', '10-ssl.conf'],
    ['ssl_prefer_server_ciphers', 'yes', '10-ssl.conf'],
  ],
  '2.4': [
    [`${LISTENER} > mode`, '0660', '10-master.conf'],
    [`${LISTENER} > user`, 'postfix', '10-master.conf'],
    [`${LISTENER} > group`, 'postfix', '10-master.conf'],
    ['auth_mechanisms', 'plain login', '10-auth.conf'],
    ['auth_allow_cleartext', 'no', '10-auth.conf'],
    ['ssl', 'required', '10-ssl.conf'],
    ['ssl_server_cert_file', '/etc/letsencrypt/live/mx.example.test/fullchain.pem', '10-ssl.conf'],
    ['ssl_server > key_file', '/etc/letsencrypt/live/mx.example.test/privkey.pem', '10-ssl.conf'],
    ['ssl_min_protocol', 'TLSv1.3', '10-ssl.conf'],
    ['ssl_server_prefer_ciphers', 'server', '10-ssl.conf'],
  ],
} as const;

const ROOT = '/etc/dovecot/dovecot.conf';
const HEAD = 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n';

for (const release of RELEASES) {
  describe(`dovecot on ${release}: shipped files`, () => {
    let host: Doveconf;
    before(async () => {
      host = await doveconf(release);
    });

    it('reads the stock configuration as doveconf does, and hardens just what is meant', async () => {
      const files = await host.stock();
      assert.ok(await agree(host, files, release));
      await harden(host, files);
    });

    it('does so with every example that the packages ship', async () => {
      const is24 = release === 'trixie' || release === 'forky';
      let accepted = 0;
      for (const [path, bytes] of Object.entries(await host.examples())) {
        const whole = bytes.includes('dovecot_config_version =');
        const files = whole
          ? { [ROOT]: bytes }
          : { [ROOT]: `${is24 ? HEAD : ''}!include example.conf\n`, '/etc/dovecot/example.conf': bytes };
        if (!(await agree(host, files, path))) continue;
        accepted++;
        await harden(host, files);
      }
      assert.ok(accepted >= 10, `only ${accepted} examples were accepted`);
    });
  });
}

/** Both take the files and see the same in them, or both refuse; true when they take them. */
async function agree(host: Doveconf, files: Record<string, string>, name: string): Promise<boolean> {
  const theirs = await host.read(files);
  if (!theirs.ok) return false; // They know which settings there are, and we do not.
  assert.deepEqual(disagreements(loadDovecot(files, ROOT), theirs.settings), [], name);
  return true;
}

async function harden(host: Doveconf, files: Record<string, string>): Promise<void> {
  const config = loadDovecot(files, ROOT);
  const recipe = RECIPE[config.grammar];
  const edited = recipe.reduce(apply, config);
  const before = await host.read(files);
  const after = await host.read(dovecotFiles(edited));
  assert.ok(before.ok && after.ok, JSON.stringify(after));
  const meant = recipe.map(([name]) => canonicalName(config, name));
  const touched = changed(config, before.settings, after.settings);
  assert.deepEqual(
    touched.filter((name) => !meant.includes(name)),
    [],
  );
  assert.deepEqual(disagreements(edited, after.settings), []);
  assert.ok(recipe.reduce(apply, edited) === edited, 'a second time changes nothing');
}

const apply = (config: DovecotConfig, [name, value, file]: readonly [string, string, string]): DovecotConfig =>
  setDovecot(config, name.split(' > '), value, `/etc/dovecot/conf.d/${file}`).config;
