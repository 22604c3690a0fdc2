import { FRAGMENTS } from '../fragments/index.ts';
import type { Task } from './task.ts';

export const smtps: Task = {
  name: 'smtps',
  title: 'Port 465: submission inside TLS from the first byte',
  fragments: FRAGMENTS.filter(({ task }) => task === 'smtps'),
};
