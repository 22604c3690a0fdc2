/**
 * What src/convert makes of Dovecot 2.3's files, before the real daemons: 2.4.1 and testing's accept it, and every value
 * that 2.3's doveconf saw is there again, by a table of this test's own (convert-expected.ts), and nothing beside them.
 */
import assert from 'node:assert/strict';
import { KNOWN } from '../../src/convert/known.ts';
import { cases, convert, type Files } from '../support/convert-cases.ts';
import { expected, flat, nonsense, same } from './convert-expected.ts';
import { doveconf, type Doveconf, type Reading } from './doveconf.ts';

const VERSIONS = { trixie: '2.4.1', forky: '2.4.5' } as const;
/** Cases that no 2.3 ever read. */
const MIXED = ['two-releases-side-by-side', 'location-beside-a-new-package-file', 'submission-after-the-upgrade'];
/** Cases whose values are proved by sessions, in test/convert-hosts; here the daemon need only accept them. */
const SEEN = new Set([
  ...['alias-without-prefix', 'global-acls', 'ldap-that-lacks-attributes', 'location-that-a-later-one-replaces'],
  ...['locations-in-sql', 'quota-for-a-panel', 'quota-in-passwd-files', 'script-in-lua', 'search-by-xapian'],
  ...['sieve-for-every-cause', 'obsolete-words-alone', 'dictionaries-served'],
  ...['oauth2-tokens', 'oauth2-keys-and-passwords'],
  ...[
    'fts-by-language',
    'ldap-users-by-template',
    'metrics-and-exporters',
    'names-in-the-blocks',
    'plugins-added-later',
  ],
  ...['locations-that-only-ldap-knows', 'locations-that-only-sql-knows', 'ldap-quota-in-kilobytes'],
  ...['settings-that-nothing-reads', 'sieve-script-alone', 'sql-in-double-quotes', 'sql-pgsql-in-quotes'],
  ...['sieve-in-order', 'submission-on-one-port', 'without-a-namespace'],
]);
const EMPTY = 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n';

/** The oracle's own protocols.d is empty; that of a case moves to where it looks. */
function moved(files: Files): Files {
  const move = (text: string): string => text.replaceAll('/usr/share/dovecot/protocols.d', '/etc/dovecot/protocols.d');
  return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [move(path), move(bytes)]));
}

const settingsOf = (reading: Reading): ReadonlyMap<string, string> => {
  assert.ok(reading.ok, `refused: ${'error' in reading ? reading.error : ''}`);
  return reading.settings;
};

for (const [release, version] of Object.entries(VERSIONS) as [keyof typeof VERSIONS, string][]) {
  describe(`oracle: converted files of Dovecot 2.3, read by doveconf ${version}`, () => {
    let old: Doveconf;
    let now: Doveconf;
    let defaults: ReadonlyMap<string, string>;
    let oldDefaults: ReadonlyMap<string, string>;
    before(async () => {
      [old, now] = await Promise.all([doveconf('bookworm'), doveconf(release)]);
      defaults = flat(settingsOf(await now.read({ '/etc/dovecot/dovecot.conf': EMPTY })));
      oldDefaults = settingsOf(await old.read({ '/etc/dovecot/dovecot.conf': '' }));
    });

    for (const one of cases()) {
      if (one.problems.length > 0) continue;
      it(`2.4 accepts the converted files and reads the values of 2.3: ${one.name}`, async () => {
        const { files } = convert(one.before, version);
        const seen = flat(settingsOf(await now.read(moved(files))));
        if (MIXED.includes(one.name) || SEEN.has(one.name)) return;
        const was = settingsOf(await old.read(moved(one.before)));
        const wanted = expected(was, oldDefaults, one.before, version);
        const wrong = [...wanted].filter(([name, value]) => !same(seen.get(name) ?? defaults.get(name), value));
        assert.deepEqual(
          wrong.map(([name, value]) => `${name}: 2.3 had ${value}, 2.4 has ${seen.get(name) ?? 'nothing'}`),
          [],
        );
        const invented = [...seen].filter(
          ([name, value]) => value !== '' && !wanted.has(name) && !same(defaults.get(name), value),
        );
        assert.deepEqual(
          invented.filter(([name]) => !nonsense(name)),
          [],
        );
      });
    }

    // It takes hundreds of calls: of both versions in the nightly run only.
    if (release === 'forky' && process.env['HARDEN_MAIL_ORACLE_RUNS'] === undefined) return;
    it('doveconf knows every setting that src/convert assumes to exist, except those of the other version', async () => {
      assert.deepEqual((await unknownOf([...KNOWN], now)).sort(), ABSENT[release]);
    });
  });
}

/** Which of these settings a daemon does not know. It names one at a time, so they are asked for in heaps. */
async function unknownOf(names: readonly string[], daemon: Doveconf): Promise<string[]> {
  const unknown: string[] = [];
  for (let at = 0; at < names.length; at += 40) {
    let heap = names.slice(at, at + 40);
    while (heap.length > 0) {
      const lines = heap.map((name) => `${name} = 1\n`).join('');
      // At a value that makes no sense for it doveconf may also end by a signal; then each is asked by itself.
      const reading = await daemon.read({ '/etc/dovecot/dovecot.conf': EMPTY + lines }).catch(() => null);
      if (reading === null) {
        if (heap.length > 1) for (const name of heap) unknown.push(...(await unknownOf([name], daemon)));
        break;
      }
      const error = reading.ok ? '' : reading.error;
      const name = heap[Number(/ line (\d+): /.exec(error)?.[1] ?? 0) - 3];
      if (name === undefined) break; // it has read them all
      if (error.includes('Unknown setting')) unknown.push(name);
      heap = heap.filter((one) => one !== name);
    }
  }
  return unknown;
}

/** Settings of the one version that the other has not. */
const ABSENT: Readonly<Record<keyof typeof VERSIONS, readonly string[]>> = {
  trixie: (
    'acl_dict_index auth_master_socket_path dns_client_timeout fts_flatcurve_optimize_density_percentage ' +
    'imap4rev2_enable last_login_dict_fields mailbox_list_normalize_names_to_nfc managesieve_extlists_capability ' +
    'oauth2_token_expire_grace push_notification_ox service_reuse_port sieve_extlists_list ' +
    'sieve_extlists_list_max_lookup_size sieve_extlists_list_name sieve_notify_mailto_max_headers ' +
    'sieve_notify_mailto_max_recipients sieve_notify_max_notifications sieve_script_dict sqlite_busy_timeout ' +
    'sqlite_synchronous ssl_peer_certificate_fingerprint_hash'
  ).split(' '),
  forky: [
    'acl_global_path',
    'http_client_dns_client_socket_path',
    'inet_listener_reuse_port',
    'passdb_sql_update_query',
  ],
};
