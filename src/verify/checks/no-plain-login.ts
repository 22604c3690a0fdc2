import { STARTTLS_PORTS } from '../../model/index.ts';
import { type Check } from './check-record.ts';

export const noPlainLoginCheck = {
  id: 'no-plain-login',
  ports: STARTTLS_PORTS,
  proves:
    'before TLS nobody can log in: no AUTH on 25 and 587 in either spelling; on 143 LOGINDISABLED, on 110 no USER, and a login tried with a made-up name is refused',
  recipe: ['ehlo localhost: no 250-AUTH PLAIN LOGIN, no 250-AUTH=PLAIN LOGIN (smtpd_tls_auth_only = yes)'],
  fixedBy: () => ['plaintext', 'restart'],
  weight: {
    severity: 'high',
    source: 'RFC 8314 §3, CWE-319',
    profile: 'standard',
    postfix: ['smtpd_tls_auth_only'],
    dovecot: ['disable_plaintext_auth', 'auth_allow_cleartext', 'ssl'],
  },
} as const satisfies Check;
