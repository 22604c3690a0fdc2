import { wholeHosts } from './whole-host.ts';

wholeHosts(1, 4);
