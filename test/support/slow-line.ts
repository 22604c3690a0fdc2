/** A line to a port on which everything takes a given time. */
import { connect as dial, createServer, type AddressInfo, type Socket } from 'node:net';

export interface SlowLine {
  /** On 127.0.0.1. */
  readonly port: number;
  stop(): void;
}

/** @param roundTrip milliseconds there and back; the connection itself is open at once */
export async function slowLine(address: string, port: number, roundTrip: number): Promise<SlowLine> {
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from.on('error', () => {}));
    from.on('data', (chunk) => setTimeout(() => to.write(chunk), roundTrip / 2));
    from.on('close', () => setTimeout(() => to.end(), roundTrip / 2));
  };
  const listener = createServer((near) => {
    const far = dial(port, address);
    pass(near, far);
    pass(far, near);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    stop() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}
