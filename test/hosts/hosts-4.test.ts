import { wholeHosts } from './whole-host.ts';

wholeHosts(3, 4);
