/**
 * Switches of smtpd that are neither yes nor no: postconf accepts them, and smtpd dies of them ("bad boolean configuration").
 */
import { parametersOf } from '../../exposure/config.ts';
import { mainValue } from '../../formats/postfix/main-cf.ts';
import { activeServices } from '../../formats/postfix/master-cf.ts';
import type { Facts } from '../../model/index.ts';
import type { Fault } from './fault.ts';
import { MAIN_CF, MASTER_CF, type Workspace } from '../workspace.ts';

/** The parameters that smtpd reads as yes or no in every release (postconf(5)). */
const SWITCHES = [
  'broken_sasl_auth_clients',
  'disable_vrfy_command',
  'smtpd_delay_reject',
  'smtpd_enforce_tls',
  'smtpd_helo_required',
  'smtpd_reject_unlisted_recipient',
  'smtpd_reject_unlisted_sender',
  'smtpd_sasl_auth_enable',
  'smtpd_sasl_authenticated_header',
  'smtpd_tls_ask_ccert',
  'smtpd_tls_auth_only',
  'smtpd_tls_received_header',
  'smtpd_tls_req_ccert',
  'smtpd_tls_wrappermode',
  'smtpd_use_tls',
  'strict_rfc821_envelopes',
];

export function switchFaults({ postfix }: Workspace, facts: Facts): Fault[] {
  if (!postfix) return [];
  const general = parametersOf(postfix.main, null, facts);
  const inMain = SWITCHES.flatMap((name): Fault[] => {
    const entry = mainValue(postfix.main, name);
    return entry && isNeither(general.of(name)) ? [fault(`${MAIN_CF}:${entry.line}`, name, general.of(name), 'each smtpd')] : []; // oxfmt-ignore
  });
  const inMaster = activeServices(postfix.master).flatMap((service): Fault[] => {
    if (service.command !== 'smtpd') return [];
    const own = parametersOf(postfix.main, service, facts);
    return service.options.flatMap(({ name, line }): Fault[] => {
      if (!SWITCHES.includes(name) || !isNeither(own.of(name))) return [];
      return [fault(`${MASTER_CF}:${line}`, name, own.of(name), `${service.name}/${service.type}`)];
    });
  });
  return [...inMain, ...inMaster];
}

function isNeither(value: string): boolean {
  return !/^(yes|no)$/i.test(value) && !value.includes('$');
}

function fault(place: string, name: string, value: string, who: string): Fault {
  const text = `${place}: ${name} = ${value} is neither yes nor no: ${who} dies at its start`;
  return { id: `switch ${who} ${name}`, task: 'sasl', text, todo: `set ${name} to yes or no` };
}
