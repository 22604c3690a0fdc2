import { Limiter } from '../concurrency/limiter.ts';

/**
 * Connections to one server that are between connecting and login. sshd refuses at random from ten of them on (MaxStartups
 * 10:30:100 by default), whichever client they belong to, so a jump host in front of many hosts is asked for a few at a time.
 */
const LIMIT = 8;

const limiters = new Map<string, Limiter>();

/** Resolves when this server has room, with a function that gives the place back; it may be called more than once. */
export async function enterLogin(server: string): Promise<() => void> {
  const limiter = limiters.get(server) ?? new Limiter(LIMIT);
  limiters.set(server, limiter);
  const release = await limiter.enter();
  return () => {
    release();
    if (limiter.isIdle) limiters.delete(server);
  };
}
