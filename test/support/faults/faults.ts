/** What happens to a run that is held at a step. Each is the real thing, done to the real host or the real process. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../../src/lab/lab.ts';
import { hardenMail } from '../cli.ts';
import type { Outcome, Running } from '../cli.ts';
import { STEPS } from './gates.ts';
import type { Step } from './gates.ts';

export const FAULTS = [
  'TCP reset',
  'black hole',
  'SIGKILL of the controller',
  'SIGINT or SIGHUP of the controller',
  'SIGKILL of the remote session',
  'SIGKILL of the transaction',
  'reboot of the host',
  'disk full',
  'read-only remount',
  'a second harden-mail',
  'a foreign edit',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Scene {
  readonly host: LabHost;
  readonly run: Running;
  readonly step: Step;
  /** Arguments of the run. */
  readonly args: readonly string[];
}

/** What is left to do once the run has been let go. */
export interface Done {
  /** Ends a fault that lasts; called when the controller has ended, or after a while. */
  readonly lift?: () => Promise<void>;
  /** How the second harden-mail ended. */
  readonly other?: Outcome;
}

export const EDIT = '# by hand, meanwhile\n';

const drop = (rule: string): string =>
  `table inet fault { chain input { type filter hook input priority -20; ${rule} }; }`;
const unrule = (host: LabHost) => async (): Promise<void> => void (await host.exec('nft delete table inet fault'));

export const inflict: Readonly<Record<Fault, (scene: Scene) => Promise<Done>>> = {
  'TCP reset': async ({ host }) => {
    // Every packet that comes by SSH is answered with a reset; sshd's own end is cut as well, as a router would do it.
    await host.run('nft -f -', { input: drop('tcp dport 22 reject with tcp reset;') });
    await host.exec("ss -K 'sport = :22' >/dev/null");
    await sleep(1000);
    await unrule(host)();
    return {};
  },
  'black hole': async ({ host }) => {
    await host.run('nft -f -', { input: drop('iifname != "lo" drop;') });
    return { lift: unrule(host) };
  },
  'SIGKILL of the controller': async ({ run }) => {
    run.signal('SIGKILL');
    return {};
  },
  'SIGINT or SIGHUP of the controller': async ({ run, step }) => {
    run.signal(STEPS.indexOf(step) % 2 === 0 ? 'SIGINT' : 'SIGHUP');
    return {};
  },
  'SIGKILL of the remote session': async ({ host }) => {
    await host.exec("systemctl kill -s KILL 'session-*.scope'; pkill -KILL -f 'sshd: admin'");
    return {};
  },
  'SIGKILL of the transaction': async ({ host }) => {
    await host.exec("systemctl kill -s KILL 'harden-mail-*.service'");
    return {};
  },
  'reboot of the host': async ({ host }) => {
    await host.reboot('power-cut');
    return {};
  },
  'disk full': async ({ host }) => {
    await host.exec('dd if=/dev/zero of=/fill bs=64k; dd if=/dev/zero of=/fill.rest bs=1k');
    return { lift: async () => void (await host.run('rm -f /fill /fill.rest')) };
  },
  'read-only remount': async ({ host }) => {
    // Where a transaction writes. Of all of /var Postfix itself would choke, and for a minute longer than this lasts.
    const folders = '/etc /var/lib/harden-mail';
    await host.run(
      `mkdir -p ${folders}; for f in ${folders}; do mount --bind $f $f && mount -o remount,ro,bind $f || exit 1; done`,
    );
    return { lift: async () => void (await host.run(`for f in ${folders}; do umount -l $f; done`)) };
  },
  'a second harden-mail': async ({ args, step, host }) => {
    // Nobody comes in through a closed gate, and the second one is to be the one that comes first.
    if (step === 'connect') await host.exec('nft delete table inet gate');
    return { other: await hardenMail(args) };
  },
  'a foreign edit': async ({ host }) => {
    await host.run('cat >>/etc/postfix/main.cf', { input: EDIT });
    return {};
  },
};

/** Cells that cannot occur, with the reason. */
export function impossible(step: Step, fault: Fault): string | undefined {
  if (fault === 'SIGKILL of the transaction' && STEPS.indexOf(step) < STEPS.indexOf('lock')) {
    return 'there is no transaction yet';
  }
  if (fault === 'SIGKILL of the remote session' && step === 'connect') return 'there is no session yet';
  return undefined;
}
