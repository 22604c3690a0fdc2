/** A host cannot hurt the controller by what it prints. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterMark } from '../../../src/remote/marked.ts';
import { sshRemote } from '../../../src/remote/ssh.ts';
import { localTransport } from './local.ts';

const read = { name: 'test', intent: 'read' } as const;
const MARK = 'a1b2c3d4e5f60718';

describe('remote: a host that sends without end', () => {
  const remote = (...shell: string[]) => sshRemote(localTransport({ user: 'root', shell }), { name: 'host' });

  for (const [where, script] of [
    ['standard output', 'cat /dev/zero'],
    ['standard error', 'cat /dev/zero >&2'],
    ['alternating output on both streams', 'cat /dev/zero & cat /dev/zero >&2; wait'],
  ] as const)
    it(`the ${where} of the script is cut off at 64 MiB, and the controller stays small`, async function () {
      this.timeout(60_000);
      const before = process.memoryUsage().rss;
      await assert.rejects(remote('sh', '-c').run(script, read), {
        code: 'REMOTE_FAILED',
        message: /the host sent more than 64 MiB, and the rest was not read$/,
      });
      assert.ok(process.memoryUsage().rss - before < 250 * 2 ** 20);
    });

  for (const [where, to] of [
    ['standard output', ''],
    ['standard error', ' >&2'],
  ] as const)
    it(`${where} before the shell starts is cut off at 1 MiB`, async () => {
      const before = process.memoryUsage().rss;
      await assert.rejects(remote('sh', '-c', `yes${to}`).run('true', read), {
        code: 'NOT_ROOT',
        message: /the host said “[y ]+/,
      });
      assert.ok(process.memoryUsage().rss - before < 100 * 2 ** 20);
    });

  it('a script that prints a line from time to time is cut off at the end of its time', async () => {
    await assert.rejects(remote('sh', '-c').run('while :; do echo; sleep 0.1; done', { ...read, timeout: 1 }), {
      code: 'REMOTE_FAILED',
      message: /the script on the host did not end within 1 s$/,
    });
  });
});

describe('remote: the output between the marks', () => {
  const pieces = fc.array(
    fc.oneof(fc.string(), fc.constantFrom(MARK, MARK.slice(0, 7), `${MARK} `, `${MARK} 7`, '\n')),
  );

  it('the output is the same for every size of chunks, and only a mark with a status ends it', () => {
    fc.assert(
      fc.property(pieces, pieces, fc.integer({ min: 1, max: 40 }), fc.nat(255), (noise, body, size, status) => {
        const before = noise.join('').replaceAll(MARK, 'x');
        const between = body.join('').replaceAll(/(\d) (\d{1,3}\n)/g, '$1-$2');
        const bytes = Buffer.from(`${before}${MARK}\n${between}${MARK} ${status}\nmore`, 'latin1');
        const told: Buffer[] = [];
        const output = afterMark(MARK, (chunk) => told.push(chunk));
        let first = 0;
        for (let at = 0; at < bytes.length; at += size) if (output.push(bytes.subarray(at, at + size))) first += 1;
        assert.equal(first, 1);
        assert.equal(output.noise().toString('latin1'), before);
        assert.equal(output.data().toString('latin1'), Buffer.from(between, 'latin1').toString('latin1'));
        assert.deepEqual(Buffer.concat(told), output.data());
        assert.equal(output.code(), status);
      }),
    );
  });
});
