import { STARTTLS_PORTS } from '../../model/index.ts';
import { type Check, byCertificate } from './check-record.ts';

export const starttlsCheck = {
  id: 'starttls',
  ports: STARTTLS_PORTS,
  proves: 'TLS is offered in the clear, granted when asked for, and no data is slipped in before it starts',
  recipe: ['ehlo localhost: 250-STARTTLS'],
  fixedBy: byCertificate,
  warnsOnOwn: true,
  weight: {
    severity: 'high',
    source: 'RFC 3207, RFC 9051 §6.2.1',
    profile: 'standard',
    postfix: ['smtpd_tls_security_level'],
    dovecot: ['ssl'],
  },
} as const satisfies Check;
