import { DEPRECATION, NOTES, type PostfixRule, type TlsSide } from './rule.ts';

const LEVELS: Readonly<Record<TlsSide, string>> = {
  smtpd: 'smtpd_tls_security_level',
  smtp: 'smtp_tls_security_level',
  lmtp: 'lmtp_tls_security_level',
  postscreen: 'postscreen_tls_security_level',
  tlsproxy: 'tlsproxy_tls_security_level',
  tlsproxy_client: 'tlsproxy_client_security_level',
};

/** The parameter with the TLS level of a side. */
export function levelNameOf(side: TlsSide): string {
  return LEVELS[side];
}

const SIDES = Object.keys(LEVELS) as TlsSide[];

function level(what: string, side: TlsSide, since: string, means: string): PostfixRule {
  return {
    what,
    kind: 'parameter',
    since,
    state: 'deprecated',
    instead: `\`${LEVELS[side]}\` ${means}`,
    step: { how: 'level', side },
    task: 'starttls',
    why: 'postconf warns that it will go. It counts only while the level is not set: then the level that it means is written; where a level is set, it goes.',
    source: `${DEPRECATION}; postconf(5), ${LEVELS[side]}`,
  };
}

function perSite(side: TlsSide): PostfixRule {
  const what = side === 'tlsproxy_client' ? 'tlsproxy_client_per_site' : `${side}_tls_per_site`;
  return {
    what,
    kind: 'parameter',
    since: '3.9',
    state: 'deprecated',
    instead: `\`${what.replace('per_site', 'policy_maps')}\`, with a table in its format`,
    step: {
      how: 'tell',
      level: 'warning',
      todo: `write its table in the format of ${what.replace('per_site', 'policy_maps')} (TLS_README): the two formats differ, and so does the search`,
    },
    task: 'starttls',
    why: 'postconf warns that it will go; it still works. Its table cannot be converted line by line.',
    source: `${DEPRECATION}, "Obsolete TLS policy table configuration"`,
  };
}

function grade(what: string): PostfixRule {
  return {
    what,
    kind: 'parameter',
    since: '3.8',
    state: 'changed',
    instead: '`medium` instead of `export` and `low`',
    step: { how: 'value', from: /^(export|low)$/i, to: 'medium' },
    task: 'starttls',
    why: 'Postfix treats export and low as medium, because OpenSSL no longer has such ciphers.',
    source: `${NOTES('3.8')}, 20230304`,
  };
}

function ignored(what: string, since: string, why: string): PostfixRule {
  return { what, kind: 'parameter', since, state: 'ignored', instead: '', step: { how: 'drop' }, task: 'starttls', why, source: NOTES(since) }; // oxfmt-ignore
}

function leftAtDefault(what: string, only: RegExp, todo: string): PostfixRule {
  return {
    what,
    kind: 'parameter',
    since: '3.9',
    state: 'deprecated',
    instead: '',
    step: { how: 'drop', only, todo },
    task: 'starttls',
    why: 'postconf warns that it will go. Where its value is the default, it goes without a difference; another value still works and stays.',
    source: DEPRECATION,
  };
}

export const TLS_RULES: readonly PostfixRule[] = [
  ...SIDES.map((side) => level(`${side}_use_tls`, side, '3.9', '= `may`')),
  ...SIDES.map((side) => level(`${side}_enforce_tls`, side, '3.9', side === 'smtp' || side === 'lmtp' ? '= `verify`, without a check of names `encrypt`' : '= `encrypt`')), // oxfmt-ignore
  ...(['smtp', 'lmtp'] as const).map((side) => level(`${side}_tls_enforce_peername`, side, '3.11', '= `verify` (yes) or `encrypt` (no), together with the parameters above')), // oxfmt-ignore
  ...(['smtp', 'lmtp', 'tlsproxy_client'] as const).map(perSite),
  ...['smtpd_tls_ciphers', 'smtpd_tls_mandatory_ciphers', 'smtp_tls_ciphers', 'smtp_tls_mandatory_ciphers', 'lmtp_tls_ciphers', 'lmtp_tls_mandatory_ciphers'].map(grade), // oxfmt-ignore
  ignored('smtpd_tls_dh512_param_file', '3.6', 'Postfix no longer has export-grade Diffie-Hellman and reads nothing from it.'), // oxfmt-ignore
  ignored('tls_export_cipherlist', '3.8', 'No cipher grade uses it any more.'),
  ignored('tls_low_cipherlist', '3.8', 'No cipher grade uses it any more.'),
  ignored('tls_legacy_public_key_fingerprints', '3.11', 'Postfix no longer reads it: fingerprints of public keys made by 2.9.0 to 2.9.5 do not match any more.'), // oxfmt-ignore
  leftAtDefault('smtpd_tls_eecdh_grade', /^auto$/, 'remove it: the default, auto, offers today’s curves'),
  leftAtDefault('smtpd_tls_dh1024_param_file', /^(auto|)$/, 'remove it: Postfix has groups of its own'),
  ...['smtp_cname_overrides_servername', 'lmtp_cname_overrides_servername'].map((what) => ({
    ...leftAtDefault(what, /^no$/i, 'remove it: the name in DNS no longer replaces the name that TLS policies look up'),
    since: '3.11',
    source: `${DEPRECATION}; ${NOTES('3.11')}, 20251028`,
  })),
];
