import { useAccount } from '../user.ts';
import { type Check } from './check-record.ts';

export const maildropCheck = {
  id: 'maildrop',
  ports: [995],
  proves: 'after the login the user has a maildrop: STAT succeeds; no message is read',
  recipe: [],
  fixedBy: () => [],
  undoesWithoutLogin: true,
  asksInside: useAccount,
  weight: {
    severity: 'high',
    source: 'RFC 1939 §5',
    profile: null,
    postfix: [],
    dovecot: ['mail_location', 'mail_path', 'namespace'],
  },
} as const satisfies Check;
