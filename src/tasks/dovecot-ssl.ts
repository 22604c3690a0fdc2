import { FRAGMENTS } from '../fragments/index.ts';
import type { Task } from './task.ts';

export const dovecotSsl: Task = {
  name: 'dovecot-ssl',
  title: 'IMAP and POP3 inside TLS only, with the certificate',
  fragments: FRAGMENTS.filter(({ task }) => task === 'dovecot-ssl'),
};
