import { wholeHosts } from './whole-host.ts';

wholeHosts(0, 4);
