import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../connect/connect.ts';
import { gather } from '../gather/gather.ts';
import { beginProbe, probe } from './probe.ts';
import type { World } from './step.ts';

/** The real world; unit tests replace it. */
export const WORLD: World = { connect, gather, probe, beginProbe, clock: () => performance.now(), sleep };
