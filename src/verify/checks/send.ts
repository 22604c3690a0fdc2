import { useAccount } from '../user.ts';
import { SMTP_PORTS } from '../../model/index.ts';
import { type Check } from './check-record.ts';

export const sendCheck = {
  id: 'send',
  ports: SMTP_PORTS,
  proves:
    'after the login the user may send: the server accepts MAIL from the own address of the user and RCPT to it (nothing is sent). The address is the login, or that name at the mail domain. Refused: a warning, because it may not be an address of the user; deferred by policy: a hint',
  recipe: [],
  fixedBy: () => [],
  warningUndoes: true,
  asksInside: useAccount,
  weight: {
    severity: 'high',
    source: 'RFC 6409 §3.3',
    profile: null,
    postfix: ['smtpd_sender_login_maps', 'smtpd_sender_restrictions', 'smtpd_recipient_restrictions'],
    dovecot: [],
  },
} as const satisfies Check;
