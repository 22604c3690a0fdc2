import { Limiter } from '../concurrency/limiter.ts';

/**
 * How many connections to one server may be between connecting and login. sshd counts those of all clients and refuses at
 * random from ten on (MaxStartups 10:30:100 by default). So hosts behind one jump host connect a few at a time.
 * A busy sshd still counts logins that have just ended, so eight were too many.
 */
const LIMIT = 6;

const limiters = new Map<string, Limiter>();

/** Waits for a free slot of this server. The returned function releases it; it may be called more than once. */
export async function enterLogin(server: string): Promise<() => void> {
  const limiter = limiters.get(server) ?? new Limiter(LIMIT);
  limiters.set(server, limiter);
  const release = await limiter.enter();
  return () => {
    release();
    if (limiter.isIdle) limiters.delete(server);
  };
}
