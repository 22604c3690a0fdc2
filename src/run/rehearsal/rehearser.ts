/** The acts of a rehearsal, on the copy of one host: the same flows as on a host, over SSH. */
import { PATHS, type Act, type HostResult, type Plan, type Snapshot } from '../../model/index.ts';
import { redact } from '../../formats/redact.ts';
import { DAEMON_FILES, parseDaemonFiles, type DaemonFiles } from '../../rehearse/daemon-files.ts';
import { startProber, type Prober } from '../../rehearse/prober.ts';
import { losses, useMail, type Round, type UserView } from '../../rehearse/sessions.ts';
import { keepSending, undelivered } from '../../rehearse/upgrade-mail.ts';
import { changeDigests, differing, WITH_FILES_OF_PACKAGES } from '../../rehearse/verdict.ts';
import { flow as apply } from '../commands/apply.ts';
import { flow as rollback } from '../commands/rollback.ts';
import { flow as verify } from '../commands/verify.ts';
import type { Flow, Io, RunOptions, Say } from '../step.ts';
import { endingFaults, fileDiffs, stepsAfter, summary, upgradeEnd, uses } from './act-notes.ts';
import { ubuntuIdentity } from '../../lab/ubuntu.ts';
import { ACTIVE, BOUNCES, LISTENING, STAYED, upgradeScript } from './copy-commands.ts';
import { withVersionsOf } from './base.ts';
import type { Copied } from './copying.ts';
import type { Original } from './original.ts';

const SILENT: Io = {
  progress: {
    async each(items, _width, work) {
      for (const item of items) await work(item, () => {});
    },
    aside: (talk) => talk(),
  },
  alike: (plans) => Promise.resolve(plans.map((plan) => [plan])),
  show: () => Promise.resolve(),
  ask: () => Promise.resolve(true),
};

/** A daemon that has just been upgraded and says nothing for so long is broken, and apply comes next. */
const BRIEFLY = { timeout: 4000, patience: 12_000 };

export interface Played {
  readonly acts: readonly Act[];
  /** Paths of the files that the plan for the copy changes in another way than that for the host; null: one of them has no plan. */
  readonly odd: readonly string[] | null;
  /** Paths of the files that stayed in the upgrade, although their packages have others. */
  readonly stayed: readonly string[];
}

/** One rehearsal from its first act to its last. */
export class Rehearser {
  private readonly acts: Act[] = [];
  private prober: Prober | null = null;
  /** There is a transaction to roll back. */
  private isChanged = false;
  private isUpgraded = false;
  /** Subjects of the mails that were accepted during the upgrade. */
  private sent: readonly string[] = [];
  private files: Readonly<Record<string, string>> = {};
  private before: UserView = { tries: {}, mail: [] };
  /** As they were after the last act. */
  private own: DaemonFiles | null = null;

  private readonly original: Original;
  private readonly copied: Copied;
  private readonly options: RunOptions;
  private readonly say: Say;

  constructor(original: Original, copied: Copied, options: RunOptions, say: Say) {
    this.original = original;
    this.copied = copied;
    this.options = options;
    this.say = say;
  }

  async play(): Promise<Played> {
    const { plan, capture } = this.original;
    const { machine, base } = this.copied;
    let ofCopy: Plan | null = null;
    let stayed: readonly string[] = [];
    try {
      if (await this.asItIs()) {
        this.prober = startProber(machine.address, await this.ports());
        ofCopy = (await this.run(apply, { dryRun: true })).plan;
        if ((await this.harden('apply', 'verify')) && (await this.undo()) && base.goal !== undefined) {
          await this.upgrade();
          stayed = await this.lines(STAYED);
          await this.harden('apply after it', 'verify after it');
        }
      }
    } finally {
      this.prober?.stop();
    }
    const odd = plan && ofCopy ? differing(plan.changes, changeDigests(ofCopy, capture.clues)) : null;
    return { acts: this.acts, odd, stayed };
  }

  /**
   * Another act, on a second copy: the upgrade for an administrator who takes the configuration files of the packages. It reports what
   * happens then; the verdict is about the host's own files.
   * @param stayed in the upgrade before
   */
  async playWithFilesOfPackages(stayed: Played['stayed']): Promise<readonly Act[]> {
    const { machine } = this.copied;
    this.before = await this.use('as it is');
    this.own = parseDaemonFiles((await machine.exec(DAEMON_FILES)).stdout);
    this.prober = startProber(machine.address, await this.ports());
    try {
      await this.act(WITH_FILES_OF_PACKAGES, async () => {
        const ended = await this.upgraded('of the packages');
        const broken = losses(this.before, await this.use('with these files', BRIEFLY));
        const result = await this.run(apply, { yes: true });
        const failed = endingFaults(result);
        const seen = await this.use('after apply with these files');
        const left = [...losses(this.before, seen), ...(await this.lost()), ...(await this.bounces())];
        return {
          faults: [],
          notes: [
            ...ended,
            `in place of the host's own: ${stayed.join(', ')}`,
            ...broken.map((text) => `before apply: ${text}`),
            ...(failed.length > 0 ? failed.map((text) => `apply: ${text}`) : [`apply: ${summary(result)}`]),
            ...left.map((text) => `after apply: ${text}`),
          ],
        };
      });
    } finally {
      this.prober.stop();
    }
    return this.acts;
  }

  /** One act; true if it is good. */
  private async act(name: Act['name'], work: () => Promise<Pick<Act, 'faults' | 'notes'>>): Promise<boolean> {
    const { clock } = this.options.world;
    this.say(name);
    this.prober?.take();
    const began = clock();
    const { faults, notes } = await work();
    const seconds = Math.round((clock() - began) / 100) / 10;
    const outages = this.prober?.take() ?? [];
    const own = parseDaemonFiles((await this.copied.machine.exec(DAEMON_FILES)).stdout);
    const files = this.own === null ? [] : fileDiffs(this.own, own);
    this.own = own;
    this.acts.push({ name, seconds, faults, notes, outages, files });
    return faults.length === 0;
  }

  private asItIs(): Promise<boolean> {
    return this.act('as it is', async () => {
      const { facts } = this.original;
      const here = await this.ports();
      const missing = facts.listeners.filter(
        ({ port, process, ours }) => /^(master|dovecot)$/.test(process) && ours !== false && !here.includes(port),
      );
      const lost = [...new Set(missing.map(({ port }) => port))];
      if (lost.length > 0) {
        const said = await this.daemonsWords();
        return {
          faults: [`the copy does not serve ${lost.join(', ')} as the host does: ${said.join('; ') || 'no message'}`],
          notes: [],
        };
      }
      this.before = await this.use('as it is');
      this.files = await this.configuration();
      return { faults: [], notes: uses(this.before) };
    });
  }

  private async harden(name: 'apply' | 'apply after it', then: 'verify' | 'verify after it'): Promise<boolean> {
    const applied = await this.act(name, async () => {
      const result = await this.run(apply, { yes: true });
      this.isChanged = result.ending.kind === 'changed' && result.ending.receipt !== undefined;
      return { faults: endingFaults(result), notes: [summary(result), ...stepsAfter(result)] };
    });
    if (!applied) return false;
    return this.act(then, async () => {
      const result = await this.run(verify, {});
      const seen = await this.use(then);
      return {
        faults: [...endingFaults(result), ...losses(this.before, seen), ...(await this.lost())],
        notes: [summary(result), ...uses(seen)],
      };
    });
  }

  private undo(): Promise<boolean> {
    const { facts } = this.original;
    if (!this.isChanged) return Promise.resolve(true);
    return this.act('rollback', async () => {
      const result = await this.run(rollback, { yes: true });
      const now = await this.configuration();
      const other = [...new Set([...Object.keys(this.files), ...Object.keys(now)])].filter((path) => this.files[path] !== now[path]); // oxfmt-ignore
      const faults = [
        ...endingFaults(result),
        ...other.map((path) => `${path} is not as it was`),
        ...losses(this.before, await this.use('rollback')),
      ];
      return { faults, notes: [summary(result), ...(facts.dovecot === null ? ['Dovecot stays installed'] : [])] };
    });
  }

  /** The files of Postfix and Dovecot: bytes, modes and owners, by path. */
  private async configuration(): Promise<Readonly<Record<string, string>>> {
    const all = Object.entries(await this.copied.machine.state());
    const own = all.filter(([path]) => !path.startsWith(PATHS.LETSENCRYPT) && !/\.(db|lmdb)$/.test(path));
    return Object.fromEntries(own.map(([path, { sha256, mode, owner, link }]) => [path, [sha256, mode, owner, link].join(' ')])); // oxfmt-ignore
  }

  private async upgrade(): Promise<void> {
    await this.act('upgrade', async () => {
      const notes = await this.upgraded('of the host');
      return { faults: await this.bounces(), notes };
    });
  }

  /** Mail arrives meanwhile. Gives the end of the upgrade, and the daemons' last words. */
  private async upgraded(files: Parameters<typeof upgradeScript>[0]): Promise<string[]> {
    const { machine, base, person } = this.copied;
    const sender = person && keepSending(machine.address, person);
    const before = (await machine.exec(ACTIVE)).stdout;
    const { code } = await machine.exec('exec sh -s', { input: upgradeScript(files) });
    this.sent = (await sender?.stop()) ?? [];
    this.isUpgraded = true;
    const identity = base.ubuntuGoal === undefined ? {} : ubuntuIdentity(base.ubuntuGoal);
    for (const [path, text] of Object.entries(identity)) await machine.write(path, text);
    const after = (await machine.exec(ACTIVE)).stdout;
    return [...upgradeEnd(base.goal ?? '', code, before, after), ...(await this.daemonsWords())];
  }

  private async lines(command: string): Promise<string[]> {
    return (await this.copied.machine.exec(command)).stdout.split('\n').filter(Boolean);
  }

  /** Mail that was accepted during the upgrade and has not arrived. */
  private async lost(): Promise<string[]> {
    const { machine, person } = this.copied;
    // A mailbox that the user could not read before proves nothing now.
    if (!person || this.sent.length === 0 || this.before.tries['delivery of these mails'] !== null) return [];
    const missing = await undelivered(machine.address, await this.ports(), person, this.sent);
    const first = missing[0];
    return first === undefined ? [] : [`${missing.length} of ${this.sent.length} mails that were accepted during the upgrade are not in the mailbox`]; // oxfmt-ignore
  }

  private async bounces(): Promise<string[]> {
    const { stdout } = await this.copied.machine.exec(BOUNCES);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => `mail is returned to its sender: ${line}`);
  }

  /** The last errors of the daemons, each once, secrets masked. */
  private async daemonsWords(): Promise<string[]> {
    const { stdout } = await this.copied.machine.exec(
      "journalctl -q -b --no-pager -o cat -u dovecot -u 'postfix*' | grep -E 'Fatal|fatal:|panic:|Error: .*(plugin|module|dlopen|configuration)' | sed 's/child [0-9]*/child/' | tac | awk '!seen[$0]++' | head -n 5",
    );
    return redact(stdout).split('\n').filter(Boolean).toReversed();
  }

  private async ports(): Promise<number[]> {
    const listing = (await this.copied.machine.exec(LISTENING)).stdout;
    return listing.split('\n').filter(Boolean).map(Number);
  }

  private canLogIn(): boolean {
    const logins = Object.entries(this.before.tries).filter(([what]) => /^(send|read) by/.test(what));
    return logins.length > 0 && logins.every(([, why]) => why === null);
  }

  private async use(name: string, waits: Pick<Round, 'timeout' | 'patience'> = {}): Promise<UserView> {
    const { machine, person } = this.copied;
    const round = { name, before: this.before.tries, ...waits };
    return useMail(machine.address, new Set(await this.ports()), person, round);
  }

  private asPlanned(snapshot: Snapshot): Snapshot {
    if (this.isUpgraded || this.copied.base.ubuntu === undefined) return snapshot;
    return { ...snapshot, facts: withVersionsOf(this.original.facts, snapshot.facts) };
  }

  private async run(flow: Flow, given: Partial<RunOptions>): Promise<HostResult> {
    const { consent: _, user: _user, ...options } = this.options;
    const { host, machine, person, trust } = this.copied;
    const { onCommand } = options.ssh;
    const { world } = options;
    const own: RunOptions = {
      ...options,
      ...given,
      trust,
      world: { ...world, gather: (...from) => world.gather(...from).then((snapshot) => this.asPlanned(snapshot)) },
      ssh: {
        acceptNewHostKeys: false,
        knownHosts: [machine.knownHosts],
        sshConfig: 'none',
        ...(onCommand && { onCommand }),
      },
      interrupt: { ...options.interrupt, hold: () => {} },
      // A login that does not work on the host as it is proves nothing later.
      ...(person && this.canLogIn() && { user: { name: person.login, password: person.password } }),
    };
    const [result] = await flow([host], own, SILENT);
    if (!result) throw new Error('the copy was not worked on');
    return result;
  }
}
