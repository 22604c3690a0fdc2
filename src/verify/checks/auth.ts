import { ALL_PORTS, type Check } from './check-record.ts';

export const authCheck = {
  id: 'auth',
  ports: ALL_PORTS,
  proves:
    'inside TLS a password login is offered: PLAIN and LOGIN by SMTP, PLAIN by IMAP and POP3; with the profile strict no login on 25',
  recipe: ['ehlo localhost: 250-AUTH PLAIN LOGIN'],
  fixedBy: (service) => (service === 'dovecot-ssl' ? ['restart'] : ['sasl', service, 'restart']),
  weight: {
    severity: 'medium',
    source: 'RFC 4954, RFC 8314 §3',
    profile: 'standard',
    postfix: ['smtpd_sasl_auth_enable'],
    dovecot: ['auth_mechanisms'],
  },
} as const satisfies Check;
