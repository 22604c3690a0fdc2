import { SMTP_PORTS } from '../../model/index.ts';
import { type Check } from './check-record.ts';

export const loginCheck = {
  id: 'login',
  ports: [...SMTP_PORTS, 993, 995],
  proves: 'a real user logs in inside TLS (only if a user is given, and only to a server that proved its identity)',
  recipe: [],
  fixedBy: (service) => (service === 'dovecot-ssl' ? ['restart'] : ['sasl', service, 'restart']),
  weight: {
    severity: 'medium',
    source: 'RFC 4954',
    profile: null,
    postfix: ['smtpd_sasl_path'],
    dovecot: ['passdb'],
  },
} as const satisfies Check;
