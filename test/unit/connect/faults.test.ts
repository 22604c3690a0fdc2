import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { connect } from '../../../src/connect/connect.ts';
import type { ConnectOptions } from '../../../src/connect/connect-options.ts';
import type { Host } from '../../../src/model/index.ts';
import type { Remote } from '../../../src/remote/remote.ts';
import { answerScript, freePort, startServer } from '../../support/ssh-server.ts';
import type { Behaviour, TestServer } from '../../support/ssh-server.ts';

const read = { name: 'test', intent: 'read' } as const;

describe('connect: connections that go wrong', function () {
  this.timeout(15_000);
  const servers: TestServer[] = [];
  const remotes: Remote[] = [];
  afterEach(async () => {
    for (const remote of remotes.splice(0)) await remote.close();
    for (const server of servers.splice(0)) await server.stop();
  });

  async function serve(behaviour: Behaviour): Promise<TestServer> {
    const server = await startServer(behaviour);
    servers.push(server);
    return server;
  }
  async function to(
    server: TestServer,
    options: Partial<ConnectOptions> = {},
    host: Partial<Host> = {},
  ): Promise<Remote> {
    const defaults = {
      acceptNewHostKeys: false,
      knownHosts: [server.knownHosts],
      sshConfig: 'none',
      connectTimeout: 2,
    };
    const remote = await connect(server.host(host), { ...defaults, ...options });
    remotes.push(remote);
    return remote;
  }

  describe('on the way to the host', () => {
    const plain = (hostname: string, port: number, more: Partial<ConnectOptions> = {}): Promise<Remote> =>
      connect(
        { name: 'x', hostname, port, profile: 'standard' },
        {
          acceptNewHostKeys: true,
          knownHosts: ['/nonexistent/known_hosts'],
          sshConfig: 'none',
          connectTimeout: 1,
          ...more,
        },
      );

    it('a name that does not resolve is an error of its own', () =>
      assert.rejects(plain('no-such-host.invalid', 22), {
        code: 'HOST_UNKNOWN',
        message: /^no-such-host.invalid:22: /,
      }));

    it('a port where no server listens is reported as refused', async () => {
      const port = await freePort();
      await assert.rejects(plain('127.0.0.1', port), {
        code: 'CONNECTION_REFUSED',
        message: `127.0.0.1:${port}: the connection was refused`,
      });
    });

    it('a server that sends nothing ends in a time-out', async () => {
      const silent = createServer(() => {}).listen(0, '127.0.0.1');
      await new Promise((resolve) => silent.once('listening', resolve));
      const { port } = silent.address() as { port: number };
      await assert.rejects(plain('127.0.0.1', port), { code: 'CONNECTION_TIMEOUT', message: /no answer for 1 s/ });
      silent.close();
    });

    it('an interruption ends the attempt', async () => {
      const silent = createServer(() => {}).listen(0, '127.0.0.1');
      await new Promise((resolve) => silent.once('listening', resolve));
      const { port } = silent.address() as { port: number };
      const signal = AbortSignal.timeout(300);
      await assert.rejects(plain('127.0.0.1', port, { signal, connectTimeout: 10 }), { code: 'INTERRUPTED' });
      await assert.rejects(plain('127.0.0.1', port, { signal }), { code: 'INTERRUPTED' });
      silent.close();
    });

    for (const hostname of ['-oProxyCommand=id', 'a b', '$(id)', '']) {
      it(`${JSON.stringify(hostname)} is refused, because it is no host name`, () =>
        assert.rejects(plain(hostname, 22), { code: 'USAGE' }));
    }
  });

  it('a server that hangs up at once is tried again, because MaxStartups may be exceeded', async () => {
    let tries = 0;
    const server = await serve({
      socket: (socket, count) => {
        tries = count;
        if (count > 2) return false;
        socket.end('Exceeded MaxStartups\r\n');
        return true;
      },
    });
    await to(server);
    assert.equal(tries, 3);
  });

  it('a server that always hangs up is tried six times and then reported', async () => {
    let tries = 0;
    const server = await serve({
      socket: (socket, count) => {
        tries = count;
        socket.destroy();
        return true;
      },
    });
    await assert.rejects(to(server), { code: 'CONNECTION_LOST', hint: /MaxStartups/ });
    assert.equal(tries, 6);
  });

  it('a server that does not speak SSH is reported as such', async () => {
    const server = await serve({
      socket: (socket) => {
        socket.write('220 mx1.example.test ESMTP\r\n');
        return true;
      },
    });
    await assert.rejects(to(server, { connectTimeout: 0.5 }), {
      code: 'CONNECTION_TIMEOUT',
      hint: /Does sshd listen there/,
    });
  });

  it('a server that has only weak algorithms is refused', async () => {
    for (const algorithms of [
      { cipher: ['chacha20-poly1305@openssh.com', 'aes128-cbc'] },
      { kex: ['diffie-hellman-group14-sha1'] },
      { cipher: ['aes128-ctr'], hmac: ['hmac-sha1'] },
    ]) {
      const server = await serve({ config: { algorithms: algorithms as never } });
      await assert.rejects(to(server), {
        code: 'CONNECTION_LOST',
        message: /no algorithm in common/,
        hint: /ChaCha20/,
      });
    }
  });

  describe('with a person who answers', () => {
    const asked: [text: string, secret: boolean, host: string][] = [];
    beforeEach(() => void (asked.length = 0));
    const prompt = (answers: string[]) => async (text: string, about: { secret: boolean; host: string }) => {
      asked.push([text, about.secret, about.host]);
      return answers.shift() ?? '';
    };

    it('keyboard-interactive asks every question of the server and sends no control character to the terminal', async () => {
      const server = await serve({
        connection: (client) =>
          client.on('authentication', (attempt) => {
            if (attempt.method !== 'keyboard-interactive') return attempt.reject(['keyboard-interactive']);
            const prompts = [
              { prompt: '\u001b[2JCode: ', echo: true },
              { prompt: 'Secret\u202e:', echo: false },
            ];
            attempt.prompt(prompts, 'name', 'Two\r\nfactors', (answers) =>
              answers.join() === '123,pw' ? attempt.accept() : attempt.reject(),
            );
          }),
      });
      await to(server, { prompt: prompt(['123', 'pw']) });
      assert.deepEqual(asked, [
        ['Two factors [2JCode: ', false, 'box'],
        ['Two factors Secret: ', true, 'box'],
      ]);
    });

    it('a password is asked for at most three times, and the time for the answer does not count', async () => {
      const server = await serve({
        connection: (client) =>
          client.on('authentication', (attempt) =>
            attempt.method === 'password' && attempt.password === 'right-7f3a'
              ? attempt.accept()
              : attempt.reject(['password']),
          ),
      });
      const slowly = async (text: string, about: { secret: boolean; host: string }): Promise<string> => {
        await new Promise((resolve) => setTimeout(resolve, 500));
        return prompt([asked.length === 0 ? 'wrong' : 'right-7f3a'])(text, about);
      };
      const lines: string[] = [];
      await to(server, { prompt: slowly, connectTimeout: 0.4, debug: (line) => lines.push(line) });
      assert.ok(lines.length > 20 && !lines.join().includes('right-7f3a'));
      assert.deepEqual(asked[0], ['Password of root@127.0.0.1: ', true, 'box']);
      assert.equal(asked.length, 2);
      await to(server, { prompt: slowly });
      assert.equal(asked.length, 2, 'a second connection asks again');
      await assert.rejects(to(server, { prompt: prompt(['no', 'no', 'no', 'right-7f3a']) }), {
        code: 'AUTH_FAILED',
        message: /tried key \S+, password; the host accepts password/,
      });
    });

    it('a host that wants a key and then a password accepts both', async () => {
      const server = await serve({
        connection: (client) => {
          let key = false;
          client.on('authentication', (attempt) => {
            if (attempt.method === 'publickey' && !key) {
              if (attempt.signature === undefined) return attempt.accept();
              key = true;
              return attempt.reject(['password'], true);
            }
            if (key && attempt.method === 'password' && attempt.password === 'right-7f3a') return attempt.accept();
            attempt.reject(key ? ['password'] : ['publickey']);
          });
        },
      });
      await to(server, { prompt: prompt(['right-7f3a']) });
    });

    it('a host that asks for keys without end is reported with the methods that it accepts', async () => {
      const server = await serve({
        connection: (client) =>
          client.on('authentication', (attempt) => attempt.reject(['publickey', '\u001b[31mx' as never])),
      });
      await assert.rejects(to(server), { code: 'AUTH_FAILED', message: /the host accepts publickey, \[31mx$/ });
    });
  });

  describe('while a script runs', () => {
    const drop = (socket: { destroy(): void }) => setTimeout(() => socket.destroy(), 50);
    const faults: [name: string, exec: NonNullable<Behaviour['exec']>, code: string, message: RegExp][] = [
      [
        'a connection that drops before the script starts',
        (_channel, _command, socket) => drop(socket),
        'CONNECTION_LOST',
        /lost/,
      ],
      [
        'a connection that drops in the middle of the output',
        (channel, command, socket) =>
          answerScript(channel, command, () => {
            channel.write('half of the');
            drop(socket);
          }),
        'CONNECTION_LOST',
        /lost/,
      ],
      [
        'a connection that drops after all output but before the exit status',
        (channel, command, socket) =>
          answerScript(channel, command, () => {
            channel.write('all of it');
            channel.eof();
            drop(socket);
          }),
        'CONNECTION_LOST',
        /lost|without saying/,
      ],
      [
        'a channel that is closed without an exit status',
        (channel, command) =>
          answerScript(channel, command, () => {
            channel.write('all of it');
            channel.close();
          }),
        'CONNECTION_LOST',
        /without an exit status/,
      ],
      [
        'a script that a signal kills',
        (channel, command) =>
          answerScript(channel, command, () => {
            channel.exit('KILL', false, '');
            channel.end();
          }),
        'REMOTE_FAILED',
        /killed by SIGKILL/,
      ],
      [
        'a script that stays silent',
        (channel, command) => answerScript(channel, command, () => {}),
        'CONNECTION_LOST',
        /no output/,
      ],
    ];
    for (const [name, exec, code, message] of faults) {
      it(`this is an error and never a result: ${name}`, async () => {
        const remote = await to(await serve({ exec }));
        await assert.rejects(remote.run('true', { ...read, idleTimeout: 0.5 }), { code, message });
      });
    }

    it('an interruption ends the script', async () => {
      const abort = new AbortController();
      const server = await serve({ exec: (channel, command) => answerScript(channel, command, () => abort.abort()) });
      const remote = await to(server, { signal: abort.signal });
      await assert.rejects(remote.run('true', read), { code: 'INTERRUPTED' });
      await assert.rejects(remote.run('true', read), { code: 'INTERRUPTED' });
    });

    it('the connection stays an error after a drop, and the process lives on', async () => {
      let socket: { destroy(): void } | undefined;
      const server = await serve({
        connection: (client, raw) => {
          socket = raw;
          client.on('authentication', (attempt) => attempt.accept());
        },
      });
      const remote = await to(server);
      socket?.destroy();
      await new Promise((resolve) => setTimeout(resolve, 100));
      await assert.rejects(remote.run('true', read), { code: 'CONNECTION_LOST' });
      await assert.rejects(remote.forward('127.0.0.1', 25), { code: 'CONNECTION_LOST' });
    });
  });
});
