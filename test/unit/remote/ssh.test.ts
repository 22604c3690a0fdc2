import { gatherScript } from '../../../src/gather/gather.ts';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sshRemote } from '../../../src/remote/ssh.ts';
import { localTransport } from './local.ts';
import type { Local, LocalOptions } from './local.ts';

const read = { name: 'test', intent: 'read' } as const;
const plain = { ...read, plain: true } as const;

/** `id -u` of somebody who is not root, except under the sudo below. */
const ID = '#!/bin/sh\necho "${FAKE_UID:-1000}"\n';
const FAREWELL = 'FAKE_UID=0; export FAKE_UID; while [ "$1" != sh ]; do shift; done; exec "$@"\n';

/** Programs that behave as sudo and doas do in the cases that matter. */
const FREE = `#!/bin/sh\n[ "$1" = -n ] || { echo asked >&2; exit 9; }\n${FAREWELL}`;
const asking = (refusal: string, prompt = '%s'): string => `#!/bin/sh
if [ "$1" = -n ]; then echo "${refusal}" >&2; exit 1; fi
[ "$1$2" = -S-p ] || exit 9
echo "We trust you have received the usual lecture." >&2
for try in 1 2 3; do
  printf '${prompt}' "$3" >&2
  IFS= read -r word
  if [ "$word" = "s3cret \\$(x)" ]; then ${FAREWELL.trim()}; fi
  echo "Sorry, try again." >&2
done
exit 1
`;
const PASSWORD = 's3cret $(x)';

describe('remote: a script through SSH', () => {
  const open: Local[] = [];
  const local = (options: Partial<LocalOptions> = {}): Local => {
    const transport = localTransport({ user: 'root', shell: ['sh', '-c'], ...options });
    open.push(transport);
    return transport;
  };
  afterEach(async () => {
    for (const transport of open.splice(0)) await transport.close();
  });
  const remote = (options: Partial<LocalOptions>, becomePassword?: () => Promise<string>) =>
    sshRemote(local(options), { name: 'local', ...(becomePassword && { becomePassword }) });

  describe('under different login shells', () => {
    const shells = [
      ['sh', '-c'],
      ['bash', '-c'],
      ['dash', '-c'],
      ['zsh', '-c'],
      ['fish', '-c'],
      ['tcsh', '-c'],
      ['busybox', 'sh', '-c'],
    ];
    for (const shell of shells) {
      for (const [user, options] of [
        ['root', read],
        ['root', plain],
        ['admin', read],
      ] as const) {
        it(`${shell[0]} of ${user} runs the script${options === plain ? ' in the command' : ''} with its output, input and status intact`, async function () {
          if (spawnSync(shell[0] ?? '', ['--help']).error) this.skip();
          const programs = user === 'root' ? {} : { id: ID, sudo: FREE };
          const { code, stdout, stderr } = await remote({ user, shell, programs }).run(
            `echo "it's \\$HOME"; printf '%s\\n' '\\\\ ! #'; cat; echo problem >&2; exit 7`,
            options,
          );
          assert.deepEqual(
            { code, stdout: stdout.toString(), stderr: stderr.toString() },
            { code: 7, stdout: "it's $HOME\n\\\\ ! #\n", stderr: 'problem\n' },
          );
        });
      }
    }
  });

  it('the output of start-up files is dropped, even without a newline', async () => {
    const shell = ['sh', '-c', 'echo hello; printf "last login: "; echo oops >&2; printf x >&2; eval "$0"'];
    const { stdout, stderr } = await remote({ shell }).run('echo out; echo err >&2', read);
    assert.deepEqual([stdout.toString(), stderr.toString()], ['out\n', 'err\n']);
  });

  it('a shell that echoes its commands changes nothing and does not see the password', async () => {
    const transport = local({ user: 'admin', shell: ['bash', '-xvc'], programs: { id: ID, sudo: asking('a password is required') } }); // oxfmt-ignore
    const loud = sshRemote(transport, { name: 'loud', becomePassword: async () => PASSWORD });
    const { stdout } = await loud.run('echo out', read);
    assert.equal(stdout.toString(), 'out\n');
    assert.deepEqual(
      transport.sent.input.filter((text) => text.includes(PASSWORD)),
      [`${PASSWORD}\n`],
    );
  });

  it('start-up files that read their input do not see the script', async () => {
    const shell = ['bash', '-c', 'read -t 0.2 line; eval "$0"'];
    const { stdout } = await remote({ shell }).run('echo out', read);
    assert.equal(stdout.toString(), 'out\n');
  });

  it('a script without secrets is part of the command, except under sudo, which logs commands', async () => {
    const script = gatherScript();
    for (const [user, isInCommand] of [
      ['root', true],
      ['admin', false],
    ] as const) {
      const transport = local({ user, programs: user === 'root' ? {} : { id: ID, sudo: FREE } });
      const { stdout } = await sshRemote(transport, { name: 'x' }).run(`echo out; exit\n${script}`, plain);
      assert.equal(stdout.toString(), 'out\n');
      assert.equal(transport.sent.commands.length, 1);
      assert.equal(
        transport.sent.input.some((text) => text.includes('echo out')),
        !isInCommand,
      );
      assert.ok((transport.sent.commands[0] ?? '').length < (isInCommand ? 8000 : 2000));
    }
  });

  it('a shell that refuses long words gets the script as input', async () => {
    const transport = local({
      shell: ['sh', '-c', 'case ${#0} in ????) echo Word too long. >&2; exit 1;; esac; eval "$0"'],
    });
    const long = sshRemote(transport, { name: 'x' });
    const script = `echo out\n#${randomBytes(3000).toString('hex')}`;
    for (const commands of [2, 3]) {
      const { stdout } = await long.run(script, plain);
      assert.equal(stdout.toString(), 'out\n');
      assert.equal(transport.sent.commands.length, commands);
    }
  });

  it('any other script is sent as input, never as part of the command', async () => {
    const transport = local();
    await sshRemote(transport, { name: 'x' }).run('echo canary-123', read);
    assert.ok(!transport.sent.commands.join().includes('canary'));
    assert.ok(transport.sent.input.join().includes('canary'));
  });

  it('the next script goes to a shell that waits for it, and later ones to shells of their own', async () => {
    const transport = local();
    const prepared = sshRemote(transport, { name: 'x' });
    prepared.prepare?.();
    prepared.prepare?.();
    assert.equal(transport.sent.commands.length, 1);
    const ran = await Promise.all(['one', 'two'].map((word) => prepared.run(`echo ${word}; exit 3`, read)));
    assert.deepEqual(ran.map(({ code, stdout }) => [code, stdout.toString()]), [[3, 'one\n'], [3, 'two\n']]); // oxfmt-ignore
    assert.equal(transport.sent.commands.length, 2);
  });

  it('a script does not go to a shell that has ended while it waited', async () => {
    const transport = local({
      shell: ['sh', '-c', '[ -e "$FOLDER/later" ] || { touch "$FOLDER/later"; exit 9; }; eval "$0"'],
    });
    const prepared = sshRemote(transport, { name: 'x' });
    prepared.prepare?.();
    while (!existsSync(join(transport.folder, 'later'))) await sleep(10);
    await sleep(100);
    const { stdout } = await prepared.run('echo here', read);
    assert.equal(stdout.toString(), 'here\n');
  });

  it('a shell that waits under sudo asks for the password when there is a script', async () => {
    const transport = local({ user: 'admin', programs: { id: ID, sudo: asking('a password is required') } });
    const prepared = sshRemote(transport, { name: 'x', becomePassword: async () => PASSWORD });
    prepared.prepare?.();
    const { stdout } = await prepared.run('echo out', read);
    assert.equal(stdout.toString(), 'out\n');
    assert.equal(transport.sent.commands.length, 2);
  });

  it('a truncated script does not run even its first line', async () => {
    const transport = local();
    const exec = transport.exec.bind(transport);
    const cutting = {
      ...transport,
      exec: async (command: string) => {
        const channel = await exec(command);
        const end = channel.stdin.end.bind(channel.stdin);
        channel.stdin.write = ((text: string) => !!end(text.slice(0, -20))) as typeof channel.stdin.write;
        return channel;
      },
    };
    const run = sshRemote(cutting, { name: 'x' }).run(`echo ran >${transport.folder}/ran`, read);
    await assert.rejects(run, { code: 'REMOTE_FAILED', message: /ended with 1 before its output was complete/ });
    assert.ok(!existsSync(`${transport.folder}/ran`));
  });

  it('the output arrives whole and as it is written, even if its end resembles the end mark', async () => {
    const heard: string[] = [];
    const onOutput = (chunk: Buffer): void => void heard.push(chunk.toString());
    const script = 'echo one; sleep 0.2; printf 0123456789abcdef; sleep 0.2; head -c 300000 /dev/zero; exit 3';
    const { code, stdout } = await remote({}).run(script, { ...read, onOutput });
    assert.equal(heard[0], 'one\n');
    assert.equal(heard.join(''), stdout.toString());
    assert.deepEqual([code, stdout.length], [3, 300_020]);
  });

  it('the answer does not wait for background processes of the script', async () => {
    const { stdout } = await remote({}).run('sleep 60 & echo $!', read);
    process.kill(Number(stdout.toString()));
  });

  it('an answer that ends early is an error, whatever the exit status', async () => {
    const shell = ['sh', '-c', 'sh -c "$0"; exit 0'];
    await assert.rejects(remote({ shell }).run('echo part; kill -9 $$', read), {
      code: 'REMOTE_FAILED',
      message: /ended with 0 before its output was complete/,
    });
  });

  it('the script has a known environment', async () => {
    const { stdout } = await remote({ env: { LC_ALL: 'de_DE.UTF-8', PATH: '/usr/bin:/bin' } }).run(
      'echo "$LC_ALL $PATH $PWD $(umask)"',
      read,
    );
    assert.equal(stdout.toString(), 'C /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin / 0022\n');
  });

  describe('becoming root', () => {
    it('sudo without a password takes one command and no question', async () => {
      const transport = local({ user: 'admin', programs: { id: ID, sudo: FREE } });
      const asked = sshRemote(transport, { name: 'x', becomePassword: async () => assert.fail('asked') });
      assert.equal((await asked.run('echo "$FAKE_UID"', read)).stdout.toString(), '0\n');
      assert.equal(transport.sent.commands.length, 1);
    });

    it('a user who is root under another name needs no sudo', async () => {
      const { stdout } = await remote({ user: 'toor', programs: { id: '#!/bin/sh\necho 0\n', sudo: '#!/bin/sh\nexit 9\n' } }).run('echo in', read); // oxfmt-ignore
      assert.equal(stdout.toString(), 'in\n');
    });

    it('doas is used when sudo is missing', async () => {
      const sh = '#!/bin/sh\nexec /bin/sh "$@"\n';
      const programs = { id: ID, doas: FREE, sh };
      const { stdout } = await remote({ user: 'admin', bare: true, shell: ['/bin/sh', '-c'], programs }).run(
        'echo in',
        read,
      );
      assert.equal(stdout.toString(), 'in\n');
    });

    it('a host with neither sudo nor doas is an error', async () => {
      const programs = { id: ID, sh: '#!/bin/sh\nexec /bin/sh "$@"\n' };
      const none = remote({ user: 'admin', bare: true, shell: ['/bin/sh', '-c'], programs });
      await assert.rejects(none.run('echo in', read), {
        code: 'NOT_ROOT',
        message: /neither sudo nor doas is installed/,
      });
    });

    const refusals = [
      'sudo: a password is required',
      'sudo-rs: interactive authentication is required',
      'doas: Authentication required',
    ];
    for (const refusal of refusals) {
      it(`the password is asked for once and kept for the next script after “${refusal}”`, async () => {
        let asked = 0;
        const ask = async (): Promise<string> => {
          asked += 1;
          return PASSWORD;
        };
        const transport = local({ user: 'admin', programs: { id: ID, sudo: asking(refusal) } });
        const sudo = sshRemote(transport, { name: 'x', becomePassword: ask });
        for (let run = 0; run < 2; run += 1) {
          const { stdout, stderr } = await sudo.run('echo "$FAKE_UID"; cat', read);
          assert.deepEqual([stdout.toString(), stderr.toString()], ['0\n', '']);
        }
        assert.equal(asked, 1);
        assert.equal(transport.sent.commands.length, 3);
        assert.ok(!transport.sent.commands.join().includes(PASSWORD));
      });
    }

    it('a prompt that sudo-rs wraps in its own is recognised', async () => {
      const sudo = asking('sudo: interactive authentication is required', '[sudo: %s] Password: ');
      const transport = local({ user: 'admin', programs: { id: ID, sudo } });
      const right = sshRemote(transport, { name: 'x', becomePassword: async () => PASSWORD });
      assert.equal((await right.run('cat; echo in', read)).stdout.toString(), 'in\n');
      const wrong = sshRemote(transport, { name: 'x', becomePassword: async () => 'wrong' });
      await assert.rejects(wrong.run('echo in', read), { code: 'NOT_ROOT', message: /refused the password/ });
    });

    it('doas that wants a password is an error, because it needs a terminal', async () => {
      const doas = '#!/bin/sh\necho "doas: Authentication required" >&2; exit 1\n';
      const programs = { id: ID, doas, sh: '#!/bin/sh\nexec /bin/sh "$@"\n' };
      const transport = { user: 'admin', bare: true, shell: ['/bin/sh', '-c'], programs };
      await assert.rejects(remote(transport, async () => PASSWORD).run('echo in', read), {
        code: 'NOT_ROOT',
        message: /permit nopass in doas.conf/,
      });
    });

    it('a wrong password is tried once, and the script is never sent', async () => {
      const transport = local({ user: 'admin', programs: { id: ID, sudo: asking('a password is required') } });
      const sudo = sshRemote(transport, { name: 'x', becomePassword: async () => 'wrong' });
      await assert.rejects(sudo.run('echo canary', read), { code: 'NOT_ROOT', message: /refused the password/ });
      assert.deepEqual(transport.sent.input, ['wrong\n']);
    });

    it('a password that cannot be asked for is an error with the next step', async () => {
      const sudo = remote({ user: 'admin', programs: { id: ID, sudo: asking('a password is required') } });
      await assert.rejects(sudo.run('echo x', read), {
        code: 'NOT_ROOT',
        hint: /--ask-become-pass.*admin ALL=\(root\) NOPASSWD: ALL.*--user root/,
      });
    });

    it('a user who may not use sudo is an error with the words of the host', async () => {
      const no = '#!/bin/sh\nprintf "bob is not in the sudoers file.\\033[2J\\n" >&2; exit 1\n';
      await assert.rejects(remote({ user: 'bob', programs: { id: ID, sudo: no } }).run('echo x', read), {
        code: 'NOT_ROOT',
        message: 'local: bob cannot become root: the host said “bob is not in the sudoers file.[2J”',
      });
    });

    it('an account without a shell is an error with the words of the host', async () => {
      const shell = ['sh', '-c', 'echo "Please login as the user admin"; exit 142'];
      await assert.rejects(remote({ shell }).run('echo x', read), {
        code: 'NOT_ROOT',
        message: /no shell for root: the host said “Please login as the user admin”/,
      });
    });

    it('a host whose output never ends is an error', async () => {
      await assert.rejects(remote({ shell: ['sh', '-c', 'exec yes'] }).run('echo x', read), { code: 'NOT_ROOT' });
    });
  });

  it('a killed script and a silent host are errors', async () => {
    await assert.rejects(remote({}).run('kill -9 $$', read), { code: 'REMOTE_FAILED', message: /SIGKILL/ });
    await assert.rejects(remote({}).run('exec sleep 3', { ...read, idleTimeout: 0.2 }), {
      code: 'CONNECTION_LOST',
      message: /no output from the host for 0.2 s/,
    });
  });
});
