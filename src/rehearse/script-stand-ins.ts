/** Programs that check passwords, in the place of the host's own: they know the user of the rehearsal only. */
import { quote } from '../formats/text/shell-quote.ts';
import { expanded } from './lookup-variables.ts';
import { blocksOf } from './lookups.ts';
import { encoded } from './sql-server.ts';
import type { Resident } from './resident.ts';

interface Made {
  readonly script: string;
  readonly paths: readonly string[];
}

/** @param doveconf the output of `doveconf -n` */
export function programsFor(doveconf: string, resident: Resident): Made {
  const blocks = blocksOf(doveconf);
  const found = blocks.flatMap(({ type, name, settings }): [string, string, string][] => {
    const driver = settings['driver'] ?? name;
    const given = settings['lua_file'] ?? settings['passdb_lua_file'] ?? settings['userdb_lua_file'] ?? settings['args'] ?? ''; // oxfmt-ignore
    const path = /(?:^|\s)(?:file=)?(\/\S+)/.exec(given)?.[1];
    if ((type !== 'passdb' && type !== 'userdb') || path === undefined) return [];
    if (driver === 'lua') return [[path, luaFor(resident), '644']];
    return driver === 'checkpassword' ? [[path, checkpasswordFor(resident, homeOf(blocks, resident)), '755']] : [];
  });
  const unique = [...new Map(found.map((one) => [one[0], one])).values()];
  const script = unique.map(([path, text, mode]) => `mkdir -p "$(dirname ${quote(path)})" && ${encoded(text)} | install -m ${mode} /dev/stdin ${quote(path)}`); // oxfmt-ignore
  return { script: script.join('\n'), paths: unique.map(([path]) => path) };
}

function luaFor({ login, password, base, uid, gid, address }: Resident): string {
  const [local = '', domain = ''] = address.split('@');
  const say = (text: string): string => JSON.stringify(text);
  return `local login, secret = ${say(login)}, ${say(password)}
function auth_password_verify(request, password)
  if request.user ~= login then return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, "no such user" end
  if password ~= secret then return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "another password" end
  return dovecot.auth.PASSDB_RESULT_OK, {}
end
function auth_passdb_lookup(request)
  if request.user ~= login then return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, "no such user" end
  return dovecot.auth.PASSDB_RESULT_OK, { password = "{PLAIN}" .. secret }
end
function auth_userdb_lookup(request)
  if request.user ~= login then return dovecot.auth.USERDB_RESULT_USER_UNKNOWN, "no such user" end
  return dovecot.auth.USERDB_RESULT_OK, { uid = ${say(uid)}, gid = ${say(gid)}, home = ${say(`${base}/${domain}/${local}`)} }
end
function auth_userdb_iterate() return { login } end
function script_init() return 0 end
function script_deinit() end
`;
}

/** LMTP asks a static userdb where mail goes, and a session takes the home of the program (prefetch): they must be the same. */
function homeOf(blocks: ReturnType<typeof blocksOf>, { login, base, address }: Resident): string {
  const [local = '', domain = ''] = address.split('@');
  const args = blocks.map(({ type, name, settings }) =>
    type === 'userdb' && (settings['driver'] ?? name) === 'static' ? settings['args'] : undefined,
  );
  const home = /(?:^|\s)home=(\S+)/.exec(args.find((one) => one !== undefined) ?? '')?.[1];
  return (home && expanded(home, 'dovecot', login)[0]) ?? `${base}/${domain}/${local}`;
}

/** It gets "user NUL password NUL" on descriptor 3, and runs the program of its arguments for a user that it knows. */
function checkpasswordFor({ login, password, uid, gid }: Resident, home: string): string {
  const say = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
  return `#!/usr/bin/perl
open my $in, '<&=', 3 or exit 111;
my ($user, $password) = split /\\0/, do { local $/; <$in> };
my $asked = $ENV{AUTHORIZED} // '';
exit($asked ? 3 : 1) if $user ne ${say(login)};
exit 1 if !$asked && $password ne ${say(password)};
%ENV = (%ENV, USER => $user, HOME => ${say(home)}, userdb_uid => ${say(uid)}, userdb_gid => ${say(gid)}, EXTRA => 'userdb_uid userdb_gid');
$ENV{AUTHORIZED} = 2 if $asked;
exec @ARGV;
`;
}
