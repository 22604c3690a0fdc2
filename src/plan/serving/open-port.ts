import { HardenMailError } from '../../model/errors.ts';
import { endpointOf, smtpdsOf, type Smtpd } from '../../exposure/postfix-ways.ts';
import { referencesFor, userChecks } from '../../exposure/reference.ts';
import { optionValue, type Option } from '../../formats/postfix/master-cf.ts';
import { expandVariables } from '../../formats/postfix/expand-variables.ts';
import { FOR_USERS } from '../../fragments/for-users.ts';
import type { Fragment } from '../../fragments/fragment.ts';
import type { Note, SettingChange } from '../../model/index.ts';
import { change, type Applied, type Context } from '../applied.ts';
import { takesLogins } from './logins.ts';
import { addSubmission, entriesOn, servicesOn, submissionName } from '../place/sites.ts';
import { mainReader, MASTER_CF, type Workspace } from '../workspace.ts';

/**
 * Makes an entry serve the port: an existing one, or a new one for each address that serves users now. A new entry is for the
 * same users under the same rules: it copies the admin's settings for them from the entry that it is modelled on
 * (exposure/reference.ts).
 * @throws CONFIG_CONFLICT if another program of Postfix serves the port: with a second entry Postfix does not start
 */
export function openPort(fragment: Fragment, workspace: Workspace, context: Context): Applied {
  const { place, merge: wanted } = fragment;
  const { facts, opened } = context;
  if (place.in !== 'master.cf' || wanted.how !== 'service') throw new Error(`${fragment.id} is not a service`);
  const { port } = place;
  if (servicesOn(workspace, port).length > 0) return { workspace, settings: [], notes: [] };
  if (port === 587 && context.standard && isMissedByNobody(context.standard)) {
    return { workspace, settings: [], notes: [{ task: fragment.task, level: 'info', text: '587 stays closed: users have 465, and none of them logs in on 25' }] }; // oxfmt-ignore
  }
  assertFree(port, workspace);
  const models = referencesFor({ smtpds: smtpdsOf(opened, facts), config: opened, facts });
  const stock = submissionName(facts, port);
  let now = workspace;
  const settings: SettingChange[] = [];
  const notes: Note[] = [];
  for (const [address, model] of perAddress(models)) {
    const name = address === '' ? stock : `${address}:${stock}`;
    const taken = model ? takenOver(model, opened) : [];
    now = addSubmission(now, name, wanted.samples, taken, model?.service.line ? model.service : undefined);
    const added = (what: string, value: string): SettingChange => change(fragment, `${name}/inet${what}`, MASTER_CF, null, value); // oxfmt-ignore
    settings.push(added('', 'smtpd'), ...taken.map((one) => added(` ${one.name}`, one.value)));
    if (model?.service.line) notes.push(...told(fragment, name, model, taken));
  }
  return { workspace: now, settings, notes };
}

/** 587 is for clients that lose their login on 25. A host that serves users on 465 alone does so on purpose. */
function isMissedByNobody(standard: Workspace): boolean {
  return servicesOn(standard, 465).length > 0 && !takesLogins(standard);
}

/**
 * The addresses as master.cf writes them, each with the entry that serves users there. Without such an entry: one new entry
 * without a model.
 */
function perAddress(models: readonly Smtpd[]): [string, Smtpd | undefined][] {
  if (models.length === 0) return [['', undefined]];
  const found = new Map<string, Smtpd>();
  for (const model of models) {
    // Behind postscreen the address is that of the postscreen entry; the exposure map knows it.
    const { address } = endpointOf(model.service.name);
    const key = address === null || model.service.type === 'pass' ? ownAddress(model) : model.service.name.replace(/:[^:\]]*$/, ''); // oxfmt-ignore
    if (!found.has(key)) found.set(key, model);
  }
  return found.has('') ? [['', found.get('')]] : [...found];
}

function ownAddress({ service, addresses }: Smtpd): string {
  const [only] = addresses;
  return service.type === 'pass' && addresses.length === 1 && only !== undefined && only !== '*' ? only : '';
}

function assertFree(port: number, workspace: Workspace): void {
  const [other] = entriesOn(workspace, port);
  if (other) {
    throw new HardenMailError(
      'CONFIG_CONFLICT',
      `${MASTER_CF}:${other.line}: ${other.name} ${other.type} serves port ${port} with ${other.command}, not smtpd`,
      'Nothing was written. Comment that entry out, or let it serve another port, and run again.',
    );
  }
}

/** Options that each port sets for itself: its log name, its kind of TLS, its certificate. */
const BY_PORT =
  /^(syslog_name|smtpd_(tls_(wrappermode|security_level|auth_only|(ec|d)?(cert|key)_file|chain_files)|use_tls|enforce_tls|sasl_auth_enable))$/;
/**
 * Options that a new entry takes from an entry that does not serve users alone: filters, sender ownership, SASL, and the proxy
 * in front.
 */
const SHARED =
  /^(content_filter|smtpd_proxy_\w+|smtpd_milters|receive_override_options|cleanup_service_name|smtpd_upstream_proxy_\w+|smtpd_sender_login_maps|smtpd_sasl_(type|path|local_domain))$/;
const WRITTEN = new Map(FOR_USERS.map(({ setting, written }) => [setting, written]));
const CLIENT = 'smtpd_client_restrictions';
const RELAY = 'smtpd_relay_restrictions';
const RECIPIENT = 'smtpd_recipient_restrictions';
const PERMIT = 'permit_sasl_authenticated';

/**
 * The options of a new entry: the lists that decide who may send, with the checks that users meet now in front; and the admin's
 * other options for users (sender ownership, filters, a signing milter).
 */
function takenOver(model: Smtpd, opened: Workspace): Option[] {
  const { service, parameters } = model;
  const isForUsers = model.port === 465 || model.port === 587;
  const own = service.options.filter(({ name, value }) => {
    if (BY_PORT.test(name) || [CLIENT, RELAY, RECIPIENT].includes(name)) return false;
    if (!isForUsers) return SHARED.test(name);
    return !isEmptyMacro(value, opened) && WRITTEN.get(name) !== value;
  });
  const list = (name: string, checks: readonly string[], end: readonly string[]): Option[] => {
    const value = [...checks, ...end].join(', ');
    return checks.length === 0 ? [] : [{ name, value, line: 0 }];
  };
  const relay = userChecks(model, 'relay');
  const isAllowlist =
    !parameters.of(RELAY).includes(PERMIT) && relay.some((one) => one.startsWith('check_sasl_access'));
  const others = isForUsers
    ? []
    : (['helo', 'sender', 'data', 'endOfData'] as const).flatMap((stage) => {
        const name = stage === 'endOfData' ? 'smtpd_end_of_data_restrictions' : `smtpd_${stage}_restrictions`;
        return optionValue(service, name) === null ? [] : list(name, userChecks(model, stage), []);
      });
  return [
    ...own,
    ...list(CLIENT, userChecks(model, 'client'), [PERMIT, 'reject']),
    ...others,
    ...list(RECIPIENT, userChecks(model, 'recipient'), []),
    ...list(RELAY, relay, isAllowlist ? ['reject'] : [PERMIT, 'reject']),
  ];
}

/**
 * Names from the sample entries (`mua_…`) mean nothing unless main.cf sets them. An option that is set to nothing only removes
 * a check.
 */
function isEmptyMacro(value: string, opened: Workspace): boolean {
  return expandVariables(value, mainReader(opened)).replace(/\$\{?mua_\w+\}?/g, '').trim() === ''; // oxfmt-ignore
}

function told({ task }: Fragment, name: string, { service, proxy }: Smtpd, taken: readonly Option[]): Note[] {
  if (taken.length === 0) return [];
  const names = taken.map((one) => one.name).join(', ');
  const from = `${service.name}/${service.type}`;
  const note = (text: string, level: Note['level'] = 'info'): Note => ({ task, level, text: `${name}/inet: ${text}` });
  return [
    note(`takes over from ${from} what is the admin's: ${names}`),
    ...(proxy === '' ? [] : [note(`users reach it only through the proxy in front of ${from} (${proxy}), once that forwards this port`, 'warning')]), // oxfmt-ignore
  ];
}
