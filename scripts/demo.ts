/**
 * The whole road on a real host: boots a stock Debian 12 mail server, rehearses on a copy of it, hardens it, proves it, and sends a
 * mail as one of its users. `npm run demo`
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available, lab } from '../src/lab/lab.ts';

const NAME = 'mx1.example.test';
const ALICE = { name: 'alice', password: 'down the rabbit hole' };

const can = await available();
if (!can.ok) {
  console.error(`The demo needs a machine that can boot Debian hosts: ${can.reason}`);
  process.exit(1);
}

await lab.prepare();
title('A stock Debian 12 with Postfix and Dovecot, as apt installs them (the first time this takes some minutes)');
const host = await lab.host({ release: 'bookworm', mail: true, name: NAME, users: [ALICE] });
const acme = await lab.acme();
say(`${NAME} is up at ${host.address}; Pebble plays Let's Encrypt.`);

// What a person has in ~/.ssh/config and the environment, so that the commands below are as short as in life.
const folder = await mkdtemp(join(tmpdir(), 'harden-mail-demo-'));
const [sshConfig, ca] = [join(folder, 'ssh_config'), join(folder, 'ca.pem')];
await writeFile(
  sshConfig,
  `Host ${NAME}\n  HostName ${host.address}\n  HostKeyAlias ${NAME}\n  User root\n  IdentityFile ${host.identity}\n  UserKnownHostsFile ${host.knownHosts}\n`,
);
await writeFile(ca, await acme.root());
const env = {
  ...process.env,
  HARDEN_MAIL_SSH_CONFIG: sshConfig,
  HARDEN_MAIL_ACME_SERVER: acme.directory,
  HARDEN_MAIL_CA: ca,
  HARDEN_MAIL_PROBE_PASSWORD: ALICE.password,
};

try {
  title('What would change? Nothing is written.');
  await harden('apply', '--host', NAME, '--dry-run');

  title(
    'Try it first on a copy of the host: apply, verify, rollback, with mail of a user. Nothing is written on the host.',
  );
  await harden('rehearse', '--host', NAME);

  title('Do it: certificate, all files or none, reload, proof from outside.');
  await harden('apply', '--host', NAME, '--yes', '--no-diff');

  title('Look again from outside, and log in as a real user on every port.');
  await harden('verify', '--host', NAME, '--probe-user', ALICE.name);

  title('Apply again: there must be nothing to do.');
  const again = await harden('apply', '--host', NAME, '--yes');
  if (!again.includes('nothing to do')) throw new Error('the second apply found something to do');

  title('alice sends herself a mail through 465 …');
  const subject = `harden-mail demo ${Date.now()}`;
  const address = `${ALICE.name}@${NAME}`;
  await run('swaks', [
    ...['--server', host.address, '--port', '465', '--tls-on-connect', '--tls-sni', NAME],
    ...['--tls-verify', '--tls-ca-path', ca],
    ...['--auth', 'PLAIN', '--auth-user', ALICE.name, '--auth-password', ALICE.password, '--auth-hide-password'],
    ...[
      '--from',
      address,
      '--to',
      address,
      '--header',
      `Subject: ${subject}`,
      '--body',
      'Curiouser and curiouser!',
      '--hide-all',
    ],
  ]);
  say(`swaks: accepted by ${NAME}:465`);
  await arrived(subject);

  for (const [port, url] of [
    [993, `imaps://${NAME}/INBOX;MAILINDEX=1`],
    [995, `pop3s://${NAME}/1`],
  ] as const) {
    title(`… and reads it over ${port}.`);
    const mail = await run('curl', [
      ...['--silent', '--show-error', '--cacert', ca, '--resolve', `${NAME}:${port}:${host.address}`],
      ...['--user', `${ALICE.name}:${ALICE.password}`, url],
    ]);
    const line = mail.split(/\r?\n/).find((text) => text.startsWith('Subject: '));
    if (line !== `Subject: ${subject}`) throw new Error(`the mail is not there over ${port}: ${mail}`);
    say(line);
  }
  title('Done. The host is gone again.');
} finally {
  await rm(folder, { recursive: true });
  lab.close();
}
process.exit(0);

/** Runs the tool as a user would, and shows what it prints. */
async function harden(...args: string[]): Promise<string> {
  say(`$ harden-mail ${args.join(' ')}`);
  return await run(process.execPath, ['bin/harden-mail.js', ...args], true);
}

function run(command: string, args: string[], show = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
    const child = spawn(command, args, {
      env: { ...env, ...color },
      stdio: ['ignore', 'pipe', show ? 'inherit' : 'pipe'],
    });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (show) process.stdout.write(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command} ended with ${code}: ${output}`)),
    );
  });
}

/** Delivery goes through a queue, so it takes a moment. */
async function arrived(subject: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const { stdout } = await host.exec(
      `grep -rlsF ${JSON.stringify(subject)} /var/mail /home/${ALICE.name} | head -n 1`,
    );
    if (stdout !== '') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the mail did not arrive');
}

function title(text: string): void {
  const bold = process.stdout.isTTY ? ['\u001b[1m', '\u001b[0m'] : ['', ''];
  console.log(`\n${bold[0]}━━ ${text}${bold[1]}`);
}

function say(text: string): void {
  console.log(text);
}
