import { dovecotValue, removeDovecot, setDovecot } from '../formats/dovecot.ts';
import { mainValue, removeMain, setMain } from '../formats/postfix-main.ts';
import { addService, optionValue, removeOption, services, setOption, type Service } from '../formats/postfix-master.ts';
import type { Fragment } from '../fragments/fragment.ts';
import type { Facts } from '../model.ts';
import { compareVersions } from './versions.ts';
import { MAIN_CF, MASTER_CF, type Workspace } from './workspace.ts';

/** One concrete place where a setting stands, or would stand. `value` is what holds there now, null for unset. */
export interface Site {
  readonly file: string;
  /** As a reader finds it in the file: `smtp/inet smtpd_sasl_auth_enable`, `service auth › mode`. */
  readonly label: string;
  readonly value: string | null;
  /** Null takes the setting away. Returns the file where it was written: Dovecot's may be another than its home. */
  write(value: string | null): { workspace: Workspace; file: string };
}

/** The sites of a fragment in these files; none where the daemon, or an entry for the port, is missing. */
export function sitesOf(fragment: Fragment, workspace: Workspace, fill: (text: string) => string): Site[] {
  const { place, setting } = fragment;
  switch (place.in) {
    case 'main.cf':
      return mainSite(workspace, setting);
    case 'master.cf':
      return servicesOn(workspace, place.port).map((service) => optionSite(workspace, service, setting, place.port));
    case 'dovecot':
      return dovecotSite(workspace, [...place.block.map(fill), setting], place.home);
  }
}

function mainSite(workspace: Workspace, setting: string): Site[] {
  const { postfix } = workspace;
  if (!postfix) return [];
  return [
    {
      file: MAIN_CF,
      label: setting,
      value: mainValue(postfix.main, setting)?.value ?? null,
      write: (value) => {
        const main = value === null ? removeMain(postfix.main, setting) : setMain(postfix.main, setting, value);
        return { workspace: { ...workspace, postfix: { ...postfix, main } }, file: MAIN_CF };
      },
    },
  ];
}

function optionSite(workspace: Workspace, service: Service, setting: string, port: number): Site {
  const { postfix } = workspace;
  // An entry on 25 takes what it does not set from main.cf, and that is as good. One on 465 says all by itself.
  const inherited = port === 25 && postfix ? (mainValue(postfix.main, setting)?.value ?? null) : null;
  return {
    file: MASTER_CF,
    label: `${service.name}/${service.type} ${setting}`,
    value: optionValue(service, setting) ?? inherited,
    write: (value) => {
      if (!postfix) throw new Error('a service without its file');
      const master =
        value === null
          ? removeOption(postfix.master, service, setting)
          : setOption(postfix.master, service, setting, value);
      return { workspace: { ...workspace, postfix: { ...postfix, master } }, file: MASTER_CF };
    },
  };
}

function dovecotSite(workspace: Workspace, path: readonly string[], home: string): Site[] {
  const { dovecot } = workspace;
  if (!dovecot) return [];
  return [
    {
      file: home,
      label: path.join(' › '),
      value: dovecotValue(dovecot, path)?.value ?? null,
      write: (value) => {
        if (value === null) return { workspace: { ...workspace, dovecot: removeDovecot(dovecot, path) }, file: home };
        const { config, file } = setDovecot(dovecot, path, value, home);
        return { workspace: { ...workspace, dovecot: config }, file };
      },
    },
  ];
}

const NAMES: Readonly<Record<number, readonly string[]>> = {
  25: ['smtp', '25'],
  465: ['465', 'smtps', 'submissions', 'ssmtp', 'urd'],
};

/**
 * The active entries that talk to clients of a port, under any name and on any address. Behind a postscreen on 25 that
 * is `smtpd pass` (POSTSCREEN_README).
 */
export function servicesOn(workspace: Workspace, port: number): Service[] {
  const serves = entriesOn(workspace, port);
  const screened = serves.some(({ command }) => command === 'postscreen');
  const behind = screened ? running(workspace).filter(({ type }) => type === 'pass') : [];
  return [...serves, ...behind].filter(({ command }) => command === 'smtpd');
}

/** The active entries that listen on a port, whatever program they hand the connection to. */
export function entriesOn(workspace: Workspace, port: number): Service[] {
  return running(workspace).filter(({ name, type }) => {
    return type === 'inet' && NAMES[port]?.includes(name.replace(/^.*:/, ''));
  });
}

/** The services that Postfix runs: of several entries with one name and type the last. */
export function running({ postfix }: Workspace): Service[] {
  const all = postfix ? services(postfix.master) : [];
  return all.filter((one) => one === all.findLast(({ name, type }) => name === one.name && type === one.type));
}

/** Opens port 465: one entry with the columns of the one on 25, so that it runs in the same chroot. */
export function addSubmissions(workspace: Workspace, facts: Facts, samples: readonly string[]): Workspace {
  const { postfix } = workspace;
  if (!postfix) return workspace;
  const model = servicesOn(workspace, 25).find(({ type }) => type === 'inet');
  const name = submissionsName(facts);
  const master = addService(
    postfix.master,
    {
      name,
      type: 'inet',
      private_: 'n',
      unpriv: '-',
      chroot: model?.chroot ?? '-',
      wakeup: '-',
      maxproc: '-',
      command: 'smtpd',
    },
    [],
    samples,
  );
  return { ...workspace, postfix: { ...postfix, master } };
}

/** The release's own name for 465; the number where the host cannot resolve it (known_tcp_ports is from 3.6 on). */
export function submissionsName(facts: Facts): string {
  const version = facts.postfix ?? '0';
  const stock = compareVersions(version, '3.7') >= 0 ? 'submissions' : 'smtps';
  return compareVersions(version, '3.6') >= 0 || facts.resolves.includes(stock) ? stock : '465';
}
