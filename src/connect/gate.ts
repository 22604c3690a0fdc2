/**
 * How many connections to one server may be on their way to a login. sshd turns away at random beyond ten of them
 * (MaxStartups 10:30:100 by default), whoever they are, so that a jump host many hosts lie behind is asked for a few at a time.
 */
const LIMIT = 8;

interface Gate {
  inside: number;
  readonly waiting: (() => void)[];
}

const gates = new Map<string, Gate>();

/** Resolves when there is room before this server, with what leaves it again; that may be called more than once. */
export async function enterGate(server: string): Promise<() => void> {
  const gate = gates.get(server) ?? { inside: 0, waiting: [] };
  gates.set(server, gate);
  if (gate.inside < LIMIT) gate.inside += 1;
  else await new Promise<void>((resolve) => gate.waiting.push(resolve));
  let left = false;
  return () => {
    if (left) return;
    left = true;
    const next = gate.waiting.shift();
    // Who leaves hands the place on; nobody slips in between.
    if (next) next();
    else if ((gate.inside -= 1) === 0) gates.delete(server);
  };
}
