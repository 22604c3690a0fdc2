import { starttls as fragments } from '../fragments/starttls.ts';
import type { Task } from './task.ts';

export const starttls: Task = {
  name: 'starttls',
  title: 'SMTP offers and uses TLS, with the certificate',
  fragments,
};
