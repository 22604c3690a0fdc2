import { wholeHosts } from './whole-host.ts';

wholeHosts(2, 4);
