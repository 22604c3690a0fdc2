/** Puts the user of the rehearsal into a copy, in the way of a passdb of the host. */
import { randomBytes } from 'node:crypto';
import { quote } from '../../formats/text/shell-quote.ts';
import type { LabHost } from '../../lab/lab.ts';
import type { CleanCapture } from '../../rehearse/clean-capture.ts';
import { personFor, type PersonPlan } from '../../rehearse/person.ts';
import type { Person } from '../../rehearse/resident.ts';
import type { OriginalFacts } from './original.ts';

interface Added extends PersonPlan {
  /** Places of lookups without an answer. */
  readonly silent: readonly string[];
}

export async function addPerson(machine: LabHost, facts: OriginalFacts, capture: CleanCapture): Promise<Added> {
  const password = randomBytes(12).toString('hex');
  const said = await machine.run('exec sh -s', { input: reading(facts.dovecot !== null, password) });
  const [doveconf = '', parameters = '', services = '', hashes = ''] = said.split('\0');
  const lines = parameters.split('\n');
  const postconf = Object.fromEntries(lines.map((line) => line.split(' = ') as [string, string]));
  const paths = [...new Set([doveconf, parameters, services].join('\n').match(/\/[\w.@/+-]+/g) ?? [])];
  const known = new Set(capture.files.map(({ path }) => path));
  const found = new Map<string, string>();
  for (const path of paths) {
    if (!known.has(path)) continue;
    const { code, stdout } = await machine.exec(`[ -f ${quote(path)} ] && head -c 262144 ${quote(path)}`);
    if (code === 0) found.set(path, stdout);
  }
  const passwords = [...hashes.split('\n').filter(Boolean), `{PLAIN}${password}`];
  const file = (path: string): string | null => found.get(path) ?? null;
  const made = personFor({ doveconf, postconf, services: services.split('\n'), file, password, passwords, mailboxes: mailboxesOf(capture, doveconf) }); // oxfmt-ignore
  await machine.run('exec sh -s', { input: `set -e\n${made.script}\n` });
  const asking = made.questions.map(({ place, map, key }) => `postmap -q ${quote(key)} ${quote(map)} >/dev/null 2>&1 || printf '%s\\n' ${quote(place)}`); // oxfmt-ignore
  const silent = asking.length === 0 ? '' : (await machine.exec('exec sh -s', { input: asking.join('\n') })).stdout;
  return { ...made, silent: silent.split('\n').filter(Boolean) };
}

function reading(hasDovecot: boolean, password: string): string {
  return `${hasDovecot ? 'doveconf -n 2>/dev/null' : ':'}; printf '\\0'
postconf -x 2>/dev/null; printf '\\0'
postconf -xP 2>/dev/null; printf '\\0'
for way in 6:SHA512-CRYPT 5:SHA256-CRYPT 1:MD5-CRYPT 6:CRYPT; do
  printf '{%s}' "\${way#*:}"; printf %s ${quote(password)} | openssl passwd "-\${way%%:*}" -stdin
done`;
}

/** The folder of virtual mailboxes: one that the files name and that belongs to a user who is none of the daemons. */
function mailboxesOf({ folders, users }: CleanCapture, doveconf: string): { base: string; uid: string; gid: string } {
  const daemons =
    /^(root|postfix|postdrop|dovecot|dovenull|mysql|postgres|openldap|www-data|_?rspamd|opendkim|clamav|amavis)$/;
  const own = folders
    .filter(
      ({ path, owner }) =>
        !daemons.test(owner.split(':')[0] ?? '') &&
        /^\/(var|srv|home|opt|data|mnt|mail|vmail)\b/.test(path) &&
        !/^\/var\/(lib|run|spool|log|cache)\//.test(path),
    ) // oxfmt-ignore
    .toSorted((one, other) => one.path.length - other.path.length)[0];
  const setting = /^mail_uid = (\S+)$/m.exec(doveconf)?.[1];
  const name = own?.owner.split(':')[0] ?? setting ?? 'vmail';
  const user = users.find((one) => one.name === name || one.uid === name);
  return { base: own?.path ?? user?.home ?? '/var/vmail', uid: user?.uid ?? '5000', gid: user?.gid ?? '5000' };
}

/** Of a user whose folder the administrator's own programs make. */
export async function makeHome(machine: LabHost, { login }: Person): Promise<void> {
  const input = `set -- $(doveadm user -f uid ${quote(login)} 2>/dev/null) $(doveadm user -f gid ${quote(login)} 2>/dev/null)
home=$(doveadm user -f home ${quote(login)} 2>/dev/null)
case $home in
  /*) [ -d "$home" ] || setpriv --reuid "$1" --regid "$2" --clear-groups mkdir -p "$home" 2>/dev/null || { mkdir -p "$home" && chown "$1:$2" "$home"; } ;;
esac
true`;
  await machine.exec('exec sh -s', { input });
}
