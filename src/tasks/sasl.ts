import { FRAGMENTS } from '../fragments/index.ts';
import type { Task } from './task.ts';

export const sasl: Task = {
  name: 'sasl',
  title: 'Only authenticated users may send: Postfix asks Dovecot',
  fragments: FRAGMENTS.filter(({ task }) => task === 'sasl'),
};
