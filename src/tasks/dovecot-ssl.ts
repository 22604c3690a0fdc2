import { dovecotSsl as fragments } from '../fragments/dovecot-ssl.ts';
import type { Task } from './task.ts';

export const dovecotSsl: Task = {
  name: 'dovecot-ssl',
  title: 'IMAP and POP3 inside TLS only, with the certificate',
  fragments,
};
