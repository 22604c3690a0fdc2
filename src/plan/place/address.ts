import { dovecotValue, removeDovecot, removeEmptyBlock, setDovecot } from '../../formats/dovecot/dovecot.ts';
import { mainValue, removeMain, setMain } from '../../formats/postfix/main-cf.ts';
import {
  optionValue,
  removeOption,
  removeService,
  setOption,
  type MasterService,
} from '../../formats/postfix/master-cf.ts';
import { running } from './running-services.ts';
import { MAIN_CF, MASTER_CF, type Workspace } from '../workspace.ts';

/**
 * The place of one setting, in a form that later runs can read. `service` is NAME/TYPE; without a setting the address means the
 * whole entry.
 */
export type Address =
  | { readonly in: 'main.cf'; readonly setting: string }
  | { readonly in: 'master.cf'; readonly service: string; readonly setting?: string | undefined }
  | { readonly in: 'dovecot'; readonly path: readonly string[]; readonly home: string };

/**
 * The value that is written at this place itself, not one inherited from elsewhere; for an entry, its words. Null if there is
 * none.
 */
export function readAt(workspace: Workspace, address: Address): string | null {
  const { postfix, dovecot } = workspace;
  switch (address.in) {
    case 'main.cf':
      return postfix && (mainValue(postfix.main, address.setting)?.value ?? null);
    case 'master.cf': {
      const service = serviceAt(workspace, address.service);
      if (!service) return null;
      return address.setting === undefined ? wordsOf(service) : optionValue(service, address.setting);
    }
    case 'dovecot':
      return dovecot && (dovecotValue(dovecot, address.path)?.value ?? null);
  }
}

/**
 * Writes a value; null removes the setting. Returns the file that was written: for Dovecot it can differ from the address's
 * home.
 */
export function writeAt(
  workspace: Workspace,
  address: Address,
  value: string | null,
): { readonly workspace: Workspace; readonly file: string } {
  const { postfix, dovecot } = workspace;
  if (address.in === 'dovecot') {
    if (!dovecot) throw new Error('a setting without its files');
    if (value === null) {
      const file = dovecotValue(dovecot, address.path)?.file ?? address.home;
      const left = removeDovecot(dovecot, address.path);
      const block = address.path.slice(0, -1);
      // This tool made a `local_name` block that has nothing else in it: remove the block too.
      const isForName = /^local_name /.test(block.at(-1) ?? '');
      return { workspace: { ...workspace, dovecot: isForName ? removeEmptyBlock(left, block) : left }, file };
    }
    const { config, file } = setDovecot(dovecot, address.path, value, address.home);
    return { workspace: { ...workspace, dovecot: config }, file };
  }
  if (!postfix) throw new Error('a setting without its file');
  if (address.in === 'main.cf') {
    const { setting } = address;
    const main = value === null ? removeMain(postfix.main, setting) : setMain(postfix.main, setting, value);
    return { workspace: { ...workspace, postfix: { ...postfix, main } }, file: MAIN_CF };
  }
  const service = serviceAt(workspace, address.service);
  if (!service) throw new Error(`no service ${address.service}`);
  const master = writeService(postfix.master, service, address.setting, value);
  return { workspace: { ...workspace, postfix: { ...postfix, master } }, file: MASTER_CF };
}

function writeService(
  master: NonNullable<Workspace['postfix']>['master'],
  service: MasterService,
  setting: string | undefined,
  value: string | null,
): typeof master {
  if (setting !== undefined) {
    return value === null ? removeOption(master, service, setting) : setOption(master, service, setting, value);
  }
  if (value !== null) throw new Error('an entry is written by its options');
  return removeService(master, service);
}

function serviceAt(workspace: Workspace, id: string): MasterService | undefined {
  return running(workspace).find(({ name, type }) => `${name}/${type}` === id);
}

function wordsOf({ name, type, private_, unpriv, chroot, wakeup, maxproc, command, args }: MasterService): string {
  return [name, type, private_, unpriv, chroot, wakeup, maxproc, command, ...args].join(' ');
}

/** The label in notes and plans: `smtpd_helo_required`, `smtp/inet smtpd_sasl_auth_enable`, `service auth › mode`. */
export function labelOf(address: Address): string {
  if (address.in === 'main.cf') return address.setting;
  if (address.in === 'dovecot') return address.path.join(' › ');
  return [address.service, address.setting].filter((part) => part !== undefined).join(' ');
}

/** A key that is equal for equal places. The home file of a Dovecot setting is not part of it. */
export function addressKey(address: Address): string {
  return `${address.in} ${labelOf(address)}`;
}
