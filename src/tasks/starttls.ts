import { FRAGMENTS } from '../fragments/index.ts';
import type { Task } from './task.ts';

export const starttls: Task = {
  name: 'starttls',
  title: 'SMTP offers and uses TLS, with the certificate',
  fragments: FRAGMENTS.filter(({ task }) => task === 'starttls'),
};
