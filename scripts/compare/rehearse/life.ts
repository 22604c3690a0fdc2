/** The acts of a rehearsal, played on the host itself, and judged by the sessions of its own users and of strangers. */
import type { ReleaseName } from '../../../src/lab/images.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import type { Act } from '../../../src/model/index.ts';
import { DAEMON_FILES, parseDaemonFiles, type DaemonFiles } from '../../../src/rehearse/daemon-files.ts';
import { startProber } from '../../../src/rehearse/prober.ts';
import { keepSending } from '../../../src/rehearse/upgrade-mail.ts';
import { withStandIns, type Clues } from '../../../src/rehearse/stand-ins.ts';
import { fileDiffs, upgradeEnd } from '../../../src/run/rehearsal/act-notes.ts';
import { ACTIVE, BOUNCES, LISTENING, upgradeScript } from '../../../src/run/rehearsal/copy-commands.ts';
import { differences, SERVED } from '../../../test/support/whole-hosts/differences.ts';
import type { readHost } from '../../../test/support/whole-hosts/read.ts';
import type { Result } from '../../../test/support/whole-hosts/schema.ts';
import type { Course, LivedAct } from './outcome.ts';

/** Runs a command of harden-mail on the host; the fault is empty where it ends well. */
type Run = (command: 'apply' | 'verify' | 'rollback') => Promise<{ fault: string; isChanged: boolean }>;

interface Parts {
  readonly host: LabHost;
  readonly clues: Clues;
  readonly data: ReturnType<typeof readHost>;
  readonly run: Run;
  /** Has all sessions of the host's data. */
  readonly talk: () => Promise<Result[]>;
}

/** Plays the acts of a rehearsal on the host itself. */
export class Life {
  readonly acts: LivedAct[] = [];
  private files: DaemonFiles = {};
  /** Of the present act. */
  private notes: readonly string[] = [];
  private before: readonly Result[] = [];
  private prober: ReturnType<typeof startProber> | null = null;

  private readonly host: LabHost;
  private readonly clues: Clues;
  private readonly data: ReturnType<typeof readHost>;
  private readonly run: Run;
  private readonly talk: () => Promise<Result[]>;

  constructor({ host, clues, data, run, talk }: Parts) {
    this.host = host;
    this.clues = clues;
    this.data = data;
    this.run = run;
    this.talk = talk;
  }

  async play(upgradeTo: ReleaseName | undefined): Promise<Course<LivedAct>> {
    const { host } = this;
    const ports = [...new Set((await host.run(LISTENING)).trim().split('\n').map(Number))];
    this.before = await this.talk();
    this.files = await this.read();
    this.prober = startProber(host.address, ports);
    try {
      if (await this.harden('apply', 'verify'))
        if (upgradeTo !== undefined && this.acts.every(({ faults }) => faults.length === 0)) {
          await this.act('upgrade', () => this.upgrade(upgradeTo));
          await this.harden('apply after it', 'verify after it');
        }
    } finally {
      this.prober.stop();
    }
    return { good: this.acts.every(({ faults }) => faults.length === 0), acts: this.acts };
  }

  private async harden(name: Act['name'], then: Act['name']): Promise<boolean> {
    let isChanged = false;
    const applied = await this.act(name, async () => {
      const { fault, isChanged: changed } = await this.run('apply');
      isChanged = changed;
      return [fault];
    });
    if (!applied) return false;
    const verified = await this.act(then, async () => [
      (await this.run('verify')).fault,
      ...this.lost(await this.talk()),
    ]);
    if (!verified || name !== 'apply') return verified;
    if (!isChanged) return true;
    return this.act('rollback', async () => [(await this.run('rollback')).fault]);
  }

  /** Sessions that got what they wanted and no longer do, although the recipe does not intend it. */
  private lost(now: readonly Result[]): string[] {
    const { host, sessions } = this.data;
    return sessions.flatMap((session, n) => {
      const [was, is] = [this.before[n], now[n]];
      if (!was || !is || !SERVED.test(was.outcome) || SERVED.test(is.outcome)) return [];
      return differences(session, was, is, 'standard', host).map(({ says }) => `a session is lost: ${says}`);
    });
  }

  private async upgrade(release: ReleaseName): Promise<string[]> {
    const { host } = this;
    const rcpt = this.data.sessions.find(({ port, deliver, user }) => port === 25 && deliver && user === undefined)?.rcpt?.[0]; // oxfmt-ignore
    const sender = rcpt === undefined ? null : keepSending(host.address, { login: rcpt, address: rcpt, password: '' });
    const before = (await host.exec(ACTIVE)).stdout;
    const { code } = await host.exec('exec sh -s', { input: upgradeScript('of the host') });
    this.notes = upgradeEnd(release, code, before, (await host.exec(ACTIVE)).stdout);
    await sender?.stop();
    return (await host.exec(BOUNCES)).stdout.split('\n').filter(Boolean);
  }

  private async act(name: Act['name'], work: () => Promise<string[]>): Promise<boolean> {
    this.prober?.take();
    const began = performance.now();
    this.notes = [];
    const faults = (await work()).filter((text) => text !== '');
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    const outages = this.prober?.take() ?? [];
    const now = await this.read();
    const masked = fileDiffs(this.withoutSecrets(this.files), this.withoutSecrets(now));
    this.acts.push({ name, seconds, faults, notes: this.notes, outages, files: fileDiffs(this.files, now), masked });
    this.files = now;
    return faults.length === 0;
  }

  private async read(): Promise<DaemonFiles> {
    return parseDaemonFiles((await this.host.exec(DAEMON_FILES)).stdout);
  }

  /** As files of the host are on the copy. */
  private withoutSecrets(files: DaemonFiles): DaemonFiles {
    const shown = Object.entries(files).map(([path, file]) => [path, { ...file, bytes: withStandIns({ ...file, path, pristine: false }, this.clues).bytes }]); // oxfmt-ignore
    return Object.fromEntries(shown) as DaemonFiles;
  }
}
