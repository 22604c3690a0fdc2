/**
 * `%u` → `%{user}`. Dovecot 2.4 has no one-letter variables, and filters after a `|` instead of 2.3's modifiers before the
 * letter (Dovecot documentation, "Upgrading from 2.3 to 2.4", variable expansion).
 */

/** The meaning of each letter where user and connection are known (2.3 documentation, "Config variables"). */
const LETTERS: Readonly<Record<string, string>> = {
  u: 'user',
  n: 'user | username',
  d: 'user | domain',
  s: 'protocol',
  h: 'home',
  l: 'local_ip',
  r: 'remote_ip',
  a: 'local_port',
  b: 'remote_port',
  p: 'client_pid',
  m: 'mechanism',
  c: 'secured',
  w: 'password',
  i: 'uid',
};

/** Long names that changed. */
const LONG: Readonly<Record<string, string>> = {
  username: 'user | username',
  domain: 'user | domain',
  service: 'protocol',
  lip: 'local_ip',
  rip: 'remote_ip',
  lport: 'local_port',
  rport: 'remote_port',
  pid: 'process:pid',
  mech: 'mechanism',
  orig_user: 'original_user',
  orig_username: 'original_user | username',
  orig_domain: 'original_user | domain',
  auth_username: 'auth_user | username',
  auth_domain: 'auth_user | domain',
  login_username: 'login_user | username',
  login_domain: 'login_user | domain',
  real_lip: 'real_local_ip',
  real_rip: 'real_remote_ip',
  real_lport: 'real_local_port',
  real_rport: 'real_remote_port',
  hostname: 'system:hostname',
};

/** Settings whose letters have their own meaning (2.3's stock sample files list them). */
const OWN: readonly (readonly [setting: RegExp, letters: Readonly<Record<string, string>>])[] = [
  [/^mail_log_prefix$/, { s: 'service', p: 'process:pid' }],
  [/^login_log_format$/, { $: 'message', s: 'elements' }],
  [/^login_log_format_elements$/, { p: 'client_pid', e: 'mail_pid', k: 'ssl_security', c: 'secured' }],
  [/^deliver_log_format$/, { m: 'msgid', f: 'from', e: 'from_envelope', s: 'subject', p: 'size', w: 'vsize', $: 'message' }],
  [/^(imap|imap_urlauth|submission|managesieve)_logout_format$/, { i: 'input', o: 'output' }],
  [
    /^pop3_logout_format$/,
    {
      i: 'input',
      o: 'output',
      t: 'top_count',
      p: 'top_bytes',
      r: 'retr_count',
      b: 'retr_bytes',
      d: 'deleted_count',
      m: 'deleted_bytes',
      s: 'message_bytes',
      u: 'uidl_change',
    },
  ],
  [/^pop3_uidl_format$/, { u: 'uid', v: 'uidvalidity', m: 'md5', f: 'filename', g: 'guid' }],
  [/^rejection_(reason|subject)$/, { n: "literal('\\r\\n')", r: 'reason', s: 'subject', t: 'to' }],
]; // oxfmt-ignore

/** Settings in which `%` means nothing, or a date (strftime), in both releases. */
const PLAIN = /^(log_timestamp|login_greeting|\w*password|doveadm_api_key|ssl_\w+|listen|instance_name)$/;

/** `%%u` is the owner of a shared mailbox: in the prefix of a namespace, and in its paths. */
const OWNER: Readonly<Record<string, string>> = {
  u: 'owner_user',
  n: 'owner_user | username',
  d: 'owner_user | domain',
  h: 'owner_home',
};

/**
 * The value of `setting` with 2.4's variables; refuses a variable without a counterpart. `shared` is set for paths of a shared
 * namespace, in which `%%h` is the owner's home.
 */
export function convertVariables(
  value: string,
  setting: string,
  { shared = false }: { readonly shared?: boolean } = {},
): string | { readonly refuse: string } {
  if (!value.includes('%') || PLAIN.test(setting)) return value;
  const letters = { ...LETTERS, ...OWN.find(([name]) => name.test(setting))?.[1] };
  let unknown = '';
  const converted = value.replace(
    /%%(?:([LU]*)([undh]))?|%(-?\d*(?:\.\d+)?)([LUMXRTDEHN]*)(?:\{([^}]*)\}|(.))|%$/g,
    (
      whole,
      marks: string | undefined,
      owner: string | undefined,
      width = '',
      modifiers = '',
      long: string | undefined,
      letter: string | undefined,
      at: number,
    ) => {
      if (whole.startsWith('%%')) {
        const [owned, changes] = [OWNER[owner ?? ''], filtersOf('', marks ?? '') ?? []];
        if (shared && owned !== undefined) return `%{${[owned, ...changes].join(' | ')}}`;
        return percent(value.charAt(at + 2)) + whole.slice(2);
      }
      const name = long === undefined ? letters[letter ?? ''] : longName(long, setting);
      const filters = name === undefined ? null : filtersOf(String(width), String(modifiers));
      if (name === undefined || filters === null) {
        unknown ||= whole;
        return whole;
      }
      return `%{${[name, ...filters].join(' | ')}}`;
    },
  );
  if (unknown === '') return converted;
  return { refuse: `replace ${unknown}: 2.4 has no variable that always means the same` };
}

/**
 * `%%` of 2.3, one percent sign, which 2.4 has as it is, except before `{`. Before what looks like a variable of 2.3 it is written so that no later
 * conversion takes it for one.
 */
const percent = (next: string): string => (/[\w{.-]/.test(next) ? "%{literal('%')}" : '%');

/** Most long names are unchanged; a name with filters is already in 2.4 syntax. */
function longName(name: string, setting: string): string | undefined {
  // The only setting in which 2.4, too, has the service instead of the protocol (`lmtp`, `lda`).
  if (name === 'service' && setting === 'mail_log_prefix') return name;
  if (/^if;|;/.test(name)) return undefined;
  return LONG[name] ?? name;
}

/** `1M` → md5, hexlify, the first character. Null for a modifier that 2.4 does not have, or handles differently. */
function filtersOf(width: string, modifiers: string): string[] | null {
  const filters: string[] = [];
  for (const modifier of modifiers) {
    const filter = { L: ['lower'], U: ['upper'], M: ['md5', 'hexlify'], R: ['reverse'], T: ['rtrim'] }[modifier];
    if (modifier === 'X' && /^0\d+$/.test(width) && modifiers === 'X') return [`hex(${Number(width)})`];
    if (filter === undefined) return null;
    filters.push(...filter);
  }
  if (width === '') return filters;
  const [, offset, length] = /^(?:(\d+)\.)?([1-9]\d*)$/.exec(width) ?? [];
  return length === undefined ? null : [...filters, `substr(${offset ?? 0}, ${length})`];
}
