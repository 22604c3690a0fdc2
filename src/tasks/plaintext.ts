import { FRAGMENTS } from '../fragments/index.ts';
import type { Task } from './task.ts';

export const plaintext: Task = {
  name: 'plaintext',
  title: 'No password crosses the network in clear, on any port',
  fragments: FRAGMENTS.filter(({ task }) => task === 'plaintext'),
};
