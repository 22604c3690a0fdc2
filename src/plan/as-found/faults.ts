/** Faults as found: settings that keep Postfix from serving although its parser accepts the files. Pure. docs/as-found.md. */
import { authSockets } from '../../exposure/dovecot-ways.ts';
import { notServing } from '../../exposure/exposure-map.ts';
import { smtpdsOf, type Smtpd } from '../../exposure/postfix-ways.ts';
import { cutOptions } from '../../formats/postfix/cut-option.ts';
import { activeServices, optionValue } from '../../formats/postfix/master-cf.ts';
import { redact } from '../../formats/redact.ts';
import { SMTP_PORTS, PATHS, type Facts, type Note } from '../../model/index.ts';
import type { Fault } from './fault.ts';
import { lostMapFaults } from './lost-maps.ts';
import { upcomingFaults } from './upcoming.ts';
import { switchFaults } from './switches.ts';
import { MAIN_CF, MASTER_CF, type Workspace } from '../workspace.ts';

export function faultsOf(workspace: Workspace, facts: Facts): Fault[] {
  const upcoming = upcomingFaults(workspace, facts);
  if (!workspace.postfix) return upcoming;
  const smtpds = smtpdsOf(workspace, facts);
  return [
    ...upcoming,
    ...lostMapFaults(workspace, facts),
    ...cutFaults(workspace),
    ...optionFaults(workspace),
    ...switchFaults(workspace, facts),
    ...smtpds.flatMap((one) => [...dead(one, facts), ...wrapped(one), ...clear(one), ...cutOff(one), ...noSocket(one, workspace, facts)]), // oxfmt-ignore
  ];
}

/**
 * A warning with its next step for each fault that the plan leaves, an information for each that it repairs. Both name the
 * place in the files as found.
 */
export function faultNotes(before: readonly Fault[], after: readonly Fault[]): Note[] {
  const repaired = before.filter(({ id }) => !after.some((one) => one.id === id));
  const left = after.map((one) => before.find(({ id }) => id === one.id) ?? one);
  return [
    ...left.map(({ task, text, todo }): Note => ({ task, level: 'warning', text: `${redact(text)}. Next: ${todo}` })),
    ...repaired.map(({ task, text }): Note => ({ task, level: 'info', text: `${redact(text)}. This plan repairs it` })),
  ];
}

function cutFaults({ postfix }: Workspace): Fault[] {
  return cutOptions(postfix!.master).map(({ service, word, option }) => {
    const id = `${service.name}/${service.type}`;
    const where = `${MASTER_CF}:${option?.line ?? service.line}`;
    const what = option ? `the blank in -o ${option.name}=${option.whole} of ${id} ends the value` : `"${word}" of ${id} belongs to no option`; // oxfmt-ignore
    return {
      id: `cut ${id}`,
      task: 'sasl',
      text: `${where}: ${what}, and ${service.command} dies at each start`,
      todo: 'write the whole value in braces: -o { name = value }',
    };
  });
}

function optionFaults({ postfix }: Workspace): Fault[] {
  const active = new Set(activeServices(postfix!.master));
  return postfix!.master.entries.flatMap(({ service, fault }): Fault[] => {
    if (!fault || !active.has(service)) return [];
    const id = `${service.name}/${service.type}`;
    return [{ id: `option ${id}`, task: 'sasl', text: `${fault.message}: ${service.command} of ${id} dies at each start`, todo: 'write -o name=value' }]; // oxfmt-ignore
  });
}

function place({ service }: Smtpd): string {
  return `${MASTER_CF}:${service.line}`;
}

function dead(smtpd: Smtpd, facts: Facts): Fault[] {
  const why = notServing(smtpd, facts);
  if (why === null) return [];
  const text = `${place(smtpd)}: ${smtpd.id} serves nobody: ${why}`;
  const isTls = smtpd.dead !== null;
  const todo = isTls ? 'smtpd_tls_cert_file and smtpd_tls_key_file' : 'end smtpd_relay_restrictions with reject_unauth_destination'; // oxfmt-ignore
  return [{ id: `dead ${smtpd.id}`, task: isTls ? 'starttls' : 'sasl', text, todo: /level/.test(why) ? 'set it to may or encrypt' : todo }]; // oxfmt-ignore
}

/** Clients on 587, and servers on 25, begin in plaintext and ask for STARTTLS. */
function wrapped(smtpd: Smtpd): Fault[] {
  if (smtpd.tls !== 'implicit' || (smtpd.port !== 25 && smtpd.port !== 587)) return [];
  const by = smtpd.parameters.from('smtpd_tls_wrappermode') === 'master.cf' ? '' : ` (set in ${MAIN_CF})`;
  const text = `${place(smtpd)}: ${smtpd.id} waits for TLS at once${by}, and clients of port ${smtpd.port} begin with STARTTLS: they hear nothing`; // oxfmt-ignore
  return [{ id: `wrapped ${smtpd.id}`, task: 'smtps', text, todo: '-o smtpd_tls_wrappermode=no; 465 is the port for TLS at once' }]; // oxfmt-ignore
}

function clear(smtpd: Smtpd): Fault[] {
  if (smtpd.port !== 587 || smtpd.auth.offered !== 'always') return [];
  const text = `${place(smtpd)}: ${smtpd.id} takes passwords before TLS`;
  return [{ id: `clear ${smtpd.id}`, task: 'plaintext', text, todo: '-o smtpd_tls_auth_only=yes, or better -o smtpd_tls_security_level=encrypt' }]; // oxfmt-ignore
}

/**
 * A TLS level that main.cf sets for every port, on an entry where a filter or the host itself hands mail back: such a client
 * does not use TLS.
 */
function cutOff(smtpd: Smtpd): Fault[] {
  const { tls, port, parameters, service, addresses } = smtpd;
  if ((tls !== 'required' && tls !== 'implicit') || port === null) return [];
  const name = tls === 'implicit' ? 'smtpd_tls_wrappermode' : 'smtpd_tls_security_level';
  const isInner = service.name.includes(':') && addresses.every((one) => /^(127\.|::1$|localhost$)/.test(one));
  const isWayBack = !SMTP_PORTS.includes(port) && optionValue(service, 'content_filter') === '';
  if (parameters.from(name) === 'master.cf' || (!isInner && !isWayBack)) return [];
  const text = `${place(smtpd)}: ${smtpd.id} takes mail only inside TLS because ${MAIN_CF} says so for every port: a filter that hands mail back there in clear is refused`; // oxfmt-ignore
  return [{ id: `cut-off ${smtpd.id}`, task: 'starttls', text, todo: `-o ${name}=${tls === 'implicit' ? 'no' : 'may'}` }]; // oxfmt-ignore
}

/** An entry that offers AUTH through a socket that Dovecot's files do not name. */
function noSocket({ id, auth, service }: Smtpd, { dovecot }: Workspace, { postconf }: Facts): Fault[] {
  if (!dovecot || auth.offered === 'never' || auth.type !== 'dovecot' || /^inet:|\$/.test(auth.path)) return [];
  const plain = auth.path.replace(/^unix:/, '');
  const path = plain.startsWith('/') ? plain : `${postconf['queue_directory'] || PATHS.QUEUE}/${plain}`;
  const own = [...authSockets(dovecot).map((one) => one.path), 'auth-client'];
  if (own.some((one) => path === one || path.replace(/^(\/var)?\/run\/dovecot\//, '') === one)) return [];
  const text = `${MASTER_CF}:${service.line}: ${id} offers AUTH by the socket ${path}, which Dovecot's files do not make: unless another program does, smtpd dies at each connection`; // oxfmt-ignore
  return [{ id: `socket ${id}`, task: 'sasl', text, todo: `a unix_listener ${path} in Dovecot's service auth` }];
}
