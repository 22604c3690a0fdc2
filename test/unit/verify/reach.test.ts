import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { portsOnlyThroughSsh, type Finding } from '../../../src/model/index.ts';
import type { Dial } from '../../../src/verify/verify.ts';
import { checksOf } from './cases.ts';
import { goodHost } from './good.ts';
import type { Fakes } from './host.ts';
import { certificates, look, start, stop } from './host.ts';
import type { Script } from './server.ts';
import { dialTo } from './server.ts';

const failing = (code: string, message = code) => Object.assign(new Error(message), { code });

/** A connection as an SSH channel is one: a duplex stream that is no socket and knows no addresses. */
const throughChannel =
  (dial: Dial): Dial =>
  async (port, signal) => {
    const socket = await dial(port, signal);
    return Duplex.from({ readable: socket, writable: socket });
  };

describe('verify: ports that cannot be reached from the controller', () => {
  let good: Map<number, Script>;
  let host: Fakes;
  let outside: Fakes;
  before(async () => {
    good = goodHost(certificates().good);
    host = await start(good);
    outside = new Map(host);
  });
  beforeEach(() => {
    outside = new Map(host);
  });
  after(() => stop(host));

  /** Direct dials to `blocked` ports end with `error`, or, with null, never. */
  const blocking =
    (blocked: readonly number[], error: Error | null): Dial =>
    (port, signal) =>
      !blocked.includes(port)
        ? dialTo(outside)(port, signal)
        : error
          ? Promise.reject(error)
          : new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

  const of = (findings: readonly Finding[], port: number) => findings.filter((one) => one.port === port);
  const brief = (findings: readonly Finding[]) => findings.map(({ check, status, via }) => `${check} ${status} ${via}`);
  const rest = (port: number) =>
    checksOf(port)
      .slice(1)
      .filter((id) => id !== 'relay') // the host itself may relay
      .map((id) => `${id} pass ssh`);

  const HINTS: readonly [string, number, Error | null, RegExp][] = [
    ['a firewall that drops 465', 465, null, /^465 listens but is not reachable from here \(timed out\): a firewall\?/],
    [
      'a firewall that rejects 465',
      465,
      failing('ECONNREFUSED'),
      /^465 listens but refuses connections from here: .*inner address/,
    ],
    ['a network without a route', 993, failing('EHOSTUNREACH'), /^993 listens .* \(host unreachable\)/],
    ['a network that blocks outbound mail', 25, failing('ETIMEDOUT'), /a network that lets no mail out/],
  ];
  for (const [name, port, error, text] of HINTS)
    it(`${name} is a hint, and the other checks run through SSH`, async () => {
      const findings = await look(host, {
        direct: blocking([port], error),
        fallback: throughChannel(dialTo(host, true)),
        timeout: error ? 5000 : 300,
      });
      assert.deepEqual(brief(of(findings, port)), ['answers hint ssh', ...rest(port)]);
      assert.match(of(findings, port)[0]!.text, text);
      // The other ports are seen from here, and nothing else is told of them.
      assert.deepEqual(
        findings.filter((one) => one.port !== port && (one.via !== 'direct' || one.status !== 'pass')),
        [],
      );
    });

  it('AUTH in the clear on 25 is a failure through SSH too, because Postfix offers it to every client alike', async () => {
    const script = good.get(25)!;
    const open = await start([
      [
        25,
        {
          ...script,
          answer: (line, secure) =>
            /^EHLO/.test(line) && !secure
              ? '250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n'
              : script.answer(line, secure),
        },
      ],
    ]);
    const findings = await look(host, { direct: blocking([25], failing('ETIMEDOUT')), fallback: dialTo(open, true) });
    stop(open);
    assert.deepEqual(brief(of(findings, 25)).slice(0, 2), ['answers hint ssh', 'no-plain-login fail ssh']);
  });

  it('a channel that breaks at any moment is a finding', async () => {
    for (const bytes of [0, 60, 400, 800, 1200]) {
      const direct: Dial = async (port, signal) => {
        const socket = (await dialTo(host)(port, signal)) as Socket;
        let left = bytes;
        const channel: Duplex = new Duplex({
          read: () => void socket.resume(),
          write: (chunk: Buffer, _, done) => void socket.write(chunk, done),
          destroy: (error, done) => done((socket.destroy(), error)),
        });
        socket.pause().on('error', () => {});
        socket.on('data', (chunk: Buffer) => {
          if ((left -= chunk.length) < 0) channel.destroy(new Error('the connection was cut'));
          else if (!channel.push(chunk)) socket.pause();
        });
        return channel;
      };
      const findings = await look(host, { direct });
      for (const port of [25, 110, 143, 465, 993, 995])
        assert.match(
          brief(of(findings, port)).join(),
          / fail /,
          `${port} cut after ${bytes} bytes: ${JSON.stringify(of(findings, port))}`,
        );
    }
  });

  it('a filter that answers in place of the host is not mistaken for the host', async () => {
    const filter = await start([[25, { ...good.get(25)!, greeting: '554 no mail from this network\r\n' }]]);
    outside.set(25, filter.get(25)!);
    const findings = await look(host, { direct: blocking([], null), fallback: dialTo(host, true) });
    stop(filter);
    assert.deepEqual(brief(of(findings, 25)), ['answers hint ssh', ...rest(25)]);
    assert.match(of(findings, 25)[0]!.text, /does not serve connections from here \(turns us away: "554 no mail/);
  });

  it('a man in the middle who resets every connection before the greeting gains hints, and the report says so', async () => {
    const resetting: Dial = async () => {
      const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
      setImmediate(() => stream.destroy(failing('ECONNRESET')));
      return stream;
    };
    const findings = await look(host, { direct: resetting, fallback: dialTo(host, true) });
    const ports = [25, 110, 143, 465, 993, 995];
    for (const port of ports) {
      assert.deepEqual(brief(of(findings, port)), ['answers hint ssh', ...rest(port)]);
      assert.match(
        of(findings, port)[0]!.text,
        /does not serve connections from here .*a filter or proxy on the way\?/,
      );
    }
    // Only from outside the host can a stranger's mail be tried.
    assert.deepEqual(
      findings.filter(({ check }) => check === 'relay'),
      [],
    );
    assert.deepEqual(portsOnlyThroughSsh(findings), ports);
  });

  it('a port that is broken from both sides is reported as broken', async () => {
    const broken = await start([[465, { ...good.get(465)!, implicit: false }]]);
    const both = new Map(host).set(465, broken.get(465)!);
    const findings = await look(both, { fallback: dialTo(both, true) });
    const hidden = await look(both, { direct: blocking([465], failing('ETIMEDOUT')), fallback: dialTo(both, true) });
    stop(broken);
    assert.deepEqual(brief(of(findings, 465)), ['tls fail direct']);
    assert.deepEqual(brief(of(hidden, 465)), ['answers hint ssh', 'tls fail ssh']);
  });

  const CLOSED: readonly [string, number, Error | null, Error | null, string, RegExp][] = [
    // name, port, direct error, error through SSH (null: no SSH), finding, text
    [
      'port 465 without a listener',
      465,
      failing('ETIMEDOUT'),
      failing('ECONNREFUSED'),
      'answers fail ssh',
      /^nothing listens on 465$/,
    ],
    [
      'a refused port 465 without SSH',
      465,
      failing('ECONNREFUSED'),
      null,
      'answers fail direct',
      /refused.*nothing listens, or a firewall rejects$/,
    ],
    [
      'a silent port 465 without SSH',
      465,
      failing('ETIMEDOUT'),
      null,
      'answers fail direct',
      /timed out.*a firewall, or the host is down$/,
    ],
    [
      'port 993 with an SSH server that does not forward',
      993,
      failing('ETIMEDOUT'),
      new Error('administratively prohibited'),
      'answers fail direct',
      /nor through SSH \(administratively prohibited\)/,
    ],
    ['a closed port 143', 143, failing('ECONNREFUSED'), null, 'answers pass direct', /^closed/],
    [
      'port 110, which a firewall drops and which is closed behind it,',
      110,
      failing('ETIMEDOUT'),
      failing('ECONNREFUSED'),
      'answers pass ssh',
      /^closed/,
    ],
    [
      'a silent port 143 without SSH',
      143,
      failing('ETIMEDOUT'),
      null,
      'answers hint direct',
      /whether others can is not known/,
    ],
    [
      'a silent port 143 with an SSH server that does not forward',
      143,
      failing('ETIMEDOUT'),
      new Error('no'),
      'answers hint direct',
      /nor through SSH \(no\)/,
    ],
  ];
  for (const [name, port, error, ssh, finding, text] of CLOSED)
    it(`${name} gives "${finding}"`, async () => {
      const findings = await look(host, {
        direct: blocking([port], error),
        ...(ssh && { fallback: () => Promise.reject(ssh) }),
      });
      assert.deepEqual(brief(of(findings, port)), [finding]);
      assert.match(of(findings, port)[0]!.text, text);
    });

  describe('with a Dovecot that trusts connections from the host itself', () => {
    const trusting = new Map<number, string>([
      [143, '* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN AUTH=LOGIN\r\nhm OK done\r\n'],
      [110, '+OK\r\nUSER\r\nSTLS\r\nSASL PLAIN LOGIN\r\n.\r\n'],
    ]);
    let local: Fakes;
    before(async () => {
      local = await start(
        [...trusting].map(([port, offer]) => {
          const script = good.get(port)!;
          const answer: Script['answer'] = (line, secure) =>
            !secure && /CAPA/.test(line) ? offer : script.answer(line, secure);
          return [port, { ...script, answer }] as const;
        }),
      );
    });
    after(() => stop(local));

    for (const port of trusting.keys()) {
      it(`${port}: a login in clear that is offered through SSH is a hint and not tried`, async () => {
        const findings = await look(host, {
          direct: blocking([port], failing('ETIMEDOUT')),
          fallback: dialTo(local, true),
        });
        assert.deepEqual(brief(of(findings, port)).slice(0, 2), ['answers hint ssh', 'no-plain-login hint ssh']);
        assert.match(of(findings, port)[1]!.text, /not proven/);
        assert.deepEqual(
          local.get(port)!.heard.filter((line) => /USER|LOGIN/.test(line)),
          [],
        );
      });
      it(`${port}: a login in clear is a hint too when harden-mail runs on the host itself`, async () => {
        const findings = await look(local, { direct: dialTo(local, true) });
        assert.deepEqual(brief(of(findings, port)).slice(0, 2), ['answers pass direct', 'no-plain-login hint direct']);
      });
      it(`${port}: the same offer to a remote client is a failure`, async () => {
        assert.equal(of(await look(local), port)[1]!.status, 'fail');
      });
    }
  });

  it('a connection that opens too late is closed', async () => {
    let late: Duplex | undefined;
    const direct: Dial = async (port, signal) => {
      if (port !== 465) return dialTo(host)(port, signal);
      await new Promise((resolve) => setTimeout(resolve, 400));
      return (late = await dialTo(host)(port, new AbortController().signal));
    };
    const findings = await look(host, { direct, timeout: 200 });
    assert.deepEqual(brief(of(findings, 465)), ['answers fail direct']);
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal(late?.destroyed, true);
  });

  it('a dial that throws at once is a finding too', async () => {
    const findings = await look(host, {
      direct: () => {
        throw new Error('no such thing');
      },
    });
    assert.deepEqual(
      findings.map((one) => `${one.port} ${one.status}`),
      ['25 fail', '110 hint', '143 hint', '465 fail', '993 fail', '995 fail'],
    );
  });
});
