import { FRAGMENTS } from '../fragments/index.ts';
import { sniMap, sniNotes } from './sni.ts';
import type { Task } from './task.ts';

export const starttls: Task = {
  name: 'starttls',
  title: 'SMTP offers and uses TLS, with the certificate',
  fragments: FRAGMENTS.filter(({ task }) => task === 'starttls'),
  notes: sniNotes,
  files: sniMap,
};
