/**
 * Every check of an audit, one record each: what it proves, its source, the profile that fixes it, and the settings to check.
 * `verify`'s checks get a weight here too, so that each finding of an audit has the same fields.
 */
import type { Profile, Severity } from '../model/index.ts';

interface Rule {
  readonly proves: string;
  readonly source: string;
  readonly profile: Profile | null;
  readonly postfix: readonly string[];
  readonly dovecot: readonly string[];
}

/** TLS settings by port: 25 is opportunistic, the others are not. */
const SUITES = ['smtpd_tls_mandatory_ciphers', 'smtpd_tls_ciphers', 'smtpd_tls_exclude_ciphers'];
const CERTIFICATE = ['smtpd_tls_cert_file', 'smtpd_tls_chain_files'];
const SSL_CERT = ['ssl_cert', 'ssl_server_cert_file'];

export const AUDIT_RULES = {
  greeting: {
    proves: 'what the greeting reveals about the software',
    source: 'OWASP WSTG-INFO-02',
    profile: null,
    postfix: ['smtpd_banner'],
    dovecot: ['login_greeting'],
  },
  'plain-auth': {
    proves: 'SMTP refuses a login in the clear even if a client sends AUTH without an offer',
    source: 'RFC 4954 §4, RFC 8314 §3',
    profile: 'standard',
    postfix: ['smtpd_tls_auth_only', 'smtpd_sasl_auth_enable'],
    dovecot: [],
  },
  'starttls-injection': {
    proves: 'a command that arrived in the clear after STARTTLS, in the same segment, is not executed inside TLS',
    source: 'CVE-2011-0411, CVE-2021-33515, RFC 3207 §6',
    profile: null,
    postfix: ['smtpd_forbid_unauth_pipelining'],
    dovecot: [],
  },
  'tls-versions': {
    proves: 'SSL 3.0 and TLS 1.0 to 1.3, each tested with a ClientHello of that version',
    source: 'RFC 8996, RFC 7568, RFC 9325 §3.1.1',
    profile: 'strict',
    postfix: ['smtpd_tls_protocols', 'smtpd_tls_mandatory_protocols'],
    dovecot: ['ssl_min_protocol'],
  },
  'tls-suites': {
    proves:
      'every suite that the server accepts, by version: all are offered, then all but those it chose, until it refuses',
    source: 'RFC 9325 §4',
    profile: 'strict',
    postfix: SUITES,
    dovecot: ['ssl_cipher_list'],
  },
  'tls-order': {
    proves: 'whose order of suites counts: does the server choose the first suite of the offer, also in reverse order?',
    source: 'RFC 9325 §4.2.1',
    profile: 'strict',
    postfix: ['tls_preempt_cipherlist'],
    dovecot: ['ssl_prefer_server_ciphers', 'ssl_server_prefer_ciphers'],
  },
  'key-exchange': {
    proves: 'curves and groups by name, and the size of Diffie-Hellman primes',
    source: 'CVE-2015-4000, RFC 9325 §4.1, NIST SP 800-57',
    profile: 'strict',
    postfix: ['tls_eecdh_auto_curves', 'smtpd_tls_dh1024_param_file'],
    dovecot: ['ssl_curve_list', 'ssl_dh', 'ssl_server_dh_file'],
  },
  'certificate-key': {
    proves: "the size of each certificate's key",
    source: 'CA/Browser Forum BR §6.1.5, NIST SP 800-57',
    profile: 'standard',
    postfix: CERTIFICATE,
    dovecot: SSL_CERT,
  },
  'certificate-signature': {
    proves: 'each certificate but a root is signed with SHA-256 or better',
    source: 'RFC 9155, CA/Browser Forum BR §7.1.3',
    profile: 'standard',
    postfix: CERTIFICATE,
    dovecot: SSL_CERT,
  },
  'certificate-chain': {
    proves: 'each certificate of the chain, as served, was issued by the next',
    source: 'RFC 5246 §7.4.2, RFC 8446 §4.4.2',
    profile: 'standard',
    postfix: CERTIFICATE,
    dovecot: SSL_CERT,
  },
  'renegotiation-secure': {
    proves: 'the server binds a renegotiation to its session (up to TLS 1.2)',
    source: 'RFC 5746, CVE-2009-3555',
    profile: null,
    postfix: ['tls_disable_workarounds'],
    dovecot: [],
  },
  'renegotiation-client': {
    proves: 'a client that begins a new handshake within a session (up to TLS 1.2) is refused; tried once',
    source: 'CVE-2011-1473, RFC 9325 §3.5',
    profile: 'strict',
    postfix: ['tls_ssl_options'],
    dovecot: ['import_environment'],
  },
  compression: {
    proves: 'the server does not accept DEFLATE when it is offered',
    source: 'CVE-2012-4929, RFC 9325 §3.3',
    profile: 'strict',
    postfix: ['tls_ssl_options'],
    dovecot: ['ssl_options'],
  },
  'extended-master-secret': {
    proves: 'the keys of a session (up to TLS 1.2) are bound to its handshake',
    source: 'RFC 7627',
    profile: null,
    postfix: [],
    dovecot: [],
  },
  fallback: {
    proves: 'the server refuses a client that retries with a lower version and says so',
    source: 'RFC 7507',
    profile: null,
    postfix: [],
    dovecot: [],
  },
  'open-relay': {
    proves: "a foreign sender's mail to a foreign recipient is refused at RCPT; DATA is never sent",
    source: 'RFC 5321 §7.8, CWE-269',
    profile: null,
    postfix: ['smtpd_relay_restrictions', 'mynetworks'],
    dovecot: [],
  },
  vrfy: {
    proves: 'VRFY does not reveal which names exist',
    source: 'RFC 5321 §7.3',
    profile: 'strict',
    postfix: ['disable_vrfy_command'],
    dovecot: [],
  },
  complete: {
    proves: 'the audit is complete: the server did not turn it away before the end',
    source: 'Postfix anvil(8)',
    profile: null,
    postfix: ['smtpd_client_connection_rate_limit', 'smtpd_client_connection_count_limit'],
    dovecot: ['client_limit', 'process_limit'],
  },
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof AUDIT_RULES;

/** The weight of a danger of the exposure map (docs/exposure.md). A danger that is not here is information, not a finding. */
export const DANGER_RULES: Readonly<
  Record<string, Omit<Rule, 'proves'> & { readonly severity: Severity; readonly seenFromOutside?: string }>
> = {
  'open-relay': {
    severity: 'high',
    source: 'RFC 5321 §7.8, CWE-269',
    profile: null,
    postfix: ['smtpd_relay_restrictions', 'smtpd_recipient_restrictions'],
    dovecot: [],
    seenFromOutside: 'open-relay',
  },
  'wide-mynetworks': {
    severity: 'medium',
    source: 'RFC 5321 §7.8, Postfix BASIC_CONFIGURATION_README',
    profile: null,
    postfix: ['mynetworks'],
    dovecot: [],
  },
  'plaintext-logins': {
    severity: 'high',
    source: 'RFC 8314 §3, CWE-319',
    profile: 'standard',
    postfix: ['smtpd_tls_auth_only'],
    dovecot: ['disable_plaintext_auth', 'auth_allow_cleartext', 'ssl'],
    seenFromOutside: 'no-plain-login',
  },
  'open-auth-socket': {
    severity: 'low',
    source: 'Postfix SASL_README, CWE-732',
    profile: null,
    postfix: [],
    dovecot: ['service auth', 'unix_listener', 'mode'],
  },
  'auth-on-reinjection': {
    severity: 'low',
    source: 'Postfix SASL_README, CWE-307',
    profile: null,
    postfix: ['smtpd_sasl_auth_enable'],
    dovecot: [],
  },
};
