import { dovecotValue } from '../../formats/dovecot/dovecot.ts';
import { mainValue } from '../../formats/postfix/main-cf.ts';
import { addService, optionValue, type Option, type MasterService } from '../../formats/postfix/master-cf.ts';
import type { Fragment } from '../../fragments/fragment.ts';
import { PORT_NAMES, type Facts } from '../../model/index.ts';
import { endpointOf } from '../../exposure/postfix-ways.ts';
import { writeAt, type Address } from './address.ts';
import { running } from './running-services.ts';
import { compareVersions } from '../../formats/versions.ts';
import { MAIN_CF, MASTER_CF, type Workspace } from '../workspace.ts';

/** One concrete place of a setting. `value` is the value that holds there now; null if unset. */
export interface Site {
  readonly address: Address;
  readonly file: string;
  /** The label in notes and plans: `smtp/inet smtpd_sasl_auth_enable`, `service auth › mode`. */
  readonly label: string;
  readonly value: string | null;
  /** Writes a value; null removes the setting. Returns the file that was written: for Dovecot it can differ from `file`. */
  write(value: string | null): { workspace: Workspace; file: string };
}

/** The sites of a fragment in these files; none if the daemon, or an entry for the port, is missing. */
export function sitesOf(fragment: Fragment, workspace: Workspace, fill: (text: string) => string): Site[] {
  const { place, setting } = fragment;
  switch (place.in) {
    case 'main.cf':
      return mainSite(workspace, setting);
    case 'master.cf':
      return servicesOn(workspace, place.port)
        .filter(({ name }) => !place.outside || !isInner(name))
        .map((service) => optionSite(workspace, service, setting, place.port));
    case 'dovecot':
      return dovecotSite(workspace, [...place.block.map(fill), setting], place.home);
  }
}

function isInner(name: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(endpointOf(name).address ?? '');
}

function mainSite(workspace: Workspace, setting: string): Site[] {
  const { postfix } = workspace;
  if (!postfix) return [];
  const address: Address = { in: 'main.cf', setting };
  return [
    {
      address,
      file: MAIN_CF,
      label: setting,
      value: mainValue(postfix.main, setting)?.value ?? null,
      write: (value) => writeAt(workspace, address, value),
    },
  ];
}

function optionSite(workspace: Workspace, service: MasterService, setting: string, port: number): Site {
  const { postfix } = workspace;
  // An entry on 25 may inherit the value from main.cf. Submission entries set every option themselves.
  const inherited = port === 25 && postfix ? (mainValue(postfix.main, setting)?.value ?? null) : null;
  const id = `${service.name}/${service.type}`;
  const address: Address = { in: 'master.cf', service: id, setting };
  return {
    address,
    file: MASTER_CF,
    label: `${id} ${setting}`,
    value: optionValue(service, setting) ?? inherited,
    write: (value) => writeAt(workspace, address, value),
  };
}

function dovecotSite(workspace: Workspace, path: readonly string[], home: string): Site[] {
  const { dovecot } = workspace;
  if (!dovecot) return [];
  const address: Address = { in: 'dovecot', path, home };
  return [
    {
      address,
      file: home,
      label: path.join(' › '),
      value: dovecotValue(dovecot, path)?.value ?? null,
      write: (value) => writeAt(workspace, address, value),
    },
  ];
}

/**
 * The active smtpd entries that serve clients of a port, under any name and on any address. If postscreen listens on the port,
 * this includes `smtpd pass` (POSTSCREEN_README).
 */
export function servicesOn(workspace: Workspace, port: number): MasterService[] {
  const serves = entriesOn(workspace, port);
  const screened = serves.some(({ command }) => command === 'postscreen');
  const behind = screened ? running(workspace).filter(({ type }) => type === 'pass') : [];
  return [...serves, ...behind].filter(({ command }) => command === 'smtpd');
}

/** The active entries that listen on a port, with any program. */
export function entriesOn(workspace: Workspace, port: number): MasterService[] {
  return running(workspace).filter(({ name, type }) => {
    return type === 'inet' && PORT_NAMES[port]?.includes(name.replace(/^.*:/, ''));
  });
}

/** Adds an smtpd entry with these options. It has the chroot of `model`, by default of the entry on 25. */
export function addSubmission(
  workspace: Workspace,
  name: string,
  samples: readonly string[],
  options: readonly Option[],
  model = servicesOn(workspace, 25).find(({ type }) => type === 'inet'),
): Workspace {
  const { postfix } = workspace;
  if (!postfix) return workspace;
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
    options.map((option) => [option.name, option.value]),
    samples,
  );
  return { ...workspace, postfix: { ...postfix, master } };
}

/** The release's name for the port; the number if the host cannot resolve the name (known_tcp_ports exists from 3.6 on). */
export function submissionName(facts: Facts, port: number): string {
  const version = facts.postfix ?? '0';
  const stock = port === 587 ? 'submission' : compareVersions(version, '3.7') >= 0 ? 'submissions' : 'smtps';
  return compareVersions(version, '3.6') >= 0 || facts.resolves.includes(stock) ? stock : `${port}`;
}
