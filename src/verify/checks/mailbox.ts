import { useAccount } from '../user.ts';
import { type Check } from './check-record.ts';

export const mailboxCheck = {
  id: 'mailbox',
  ports: [993],
  proves: 'after the login the user has a mailbox: LIST, STATUS and SELECT of INBOX succeed; no message is read',
  recipe: [],
  fixedBy: () => [],
  warningUndoes: true,
  undoesWithoutLogin: true,
  asksInside: useAccount,
  weight: {
    severity: 'high',
    source: 'RFC 9051 §6.3.2',
    profile: null,
    postfix: [],
    dovecot: ['mail_location', 'mail_path', 'namespace'],
  },
} as const satisfies Check;
