import type { DovecotConfig } from '../formats/dovecot/dovecot.ts';
import { expandVariables } from '../formats/postfix/expand-variables.ts';
import { mainValue, type MainCf } from '../formats/postfix/main-cf.ts';
import { optionValue, type MasterCf, type MasterService } from '../formats/postfix/master-cf.ts';
import { compareVersions } from '../formats/versions.ts';

/** A host's configuration as trees; null for a daemon that is not installed. */
export interface Config {
  readonly postfix: { readonly main: MainCf; readonly master: MasterCf } | null;
  readonly dovecot: DovecotConfig | null;
}

/** Facts about the host, other than its files, that the map needs. */
export interface HostFacts {
  /** Upstream versions; null: not installed. */
  readonly postfix: string | null;
  readonly dovecot: string | null;
  /** Parameters that Postfix itself has resolved (`postconf -x`): `queue_directory`, … */
  readonly postconf: Readonly<Record<string, string>>;
  /** Cyrus SASL is set up for Postfix. */
  readonly cyrus?: true;
}

/** Postfix's defaults for the parameters that matter here (postconf(5)). */
const DEFAULTS: Readonly<Record<string, string>> = {
  inet_interfaces: 'all',
  smtpd_service_name: 'smtpd',
  smtpd_helo_required: 'no',
  compatibility_level: '0',
  smtpd_delay_reject: 'yes',
  smtpd_sasl_auth_enable: 'no',
  smtpd_sasl_type: 'cyrus',
  smtpd_sasl_path: 'smtpd',
  smtpd_sasl_security_options: 'noanonymous',
  smtpd_tls_auth_only: 'no',
  smtpd_tls_wrappermode: 'no',
  smtpd_use_tls: 'no',
  smtpd_enforce_tls: 'no',
  smtp_use_tls: 'no',
  smtp_enforce_tls: 'no',
  smtp_tls_enforce_peername: 'yes',
  mydestination: '$myhostname, localhost.$mydomain, localhost',
};

/** The parameters of one Postfix service: its own `-o`, else main.cf, else Postfix's default. */
export interface Parameters {
  /** The value with `$name` expanded; empty if nothing sets it. */
  of(name: string): string;
  /** The source of the value. */
  from(name: string): 'master.cf' | 'main.cf' | 'default';
  isYes(name: string): boolean;
}

/** @param service null: the parameters that main.cf gives to every service */
export function parametersOf(
  main: MainCf,
  service: MasterService | null,
  { postfix, postconf }: HostFacts,
): Parameters {
  const raw = (name: string): string | null =>
    (service && optionValue(service, name)) ?? mainValue(main, name)?.value ?? postconf[name] ?? defaultOf(name);
  const values = new Map<string, string>();
  const of = (name: string): string => {
    const known = values.get(name);
    if (known !== undefined) return known;
    const value = expandVariables(raw(name) ?? '', raw).trim();
    values.set(name, value);
    return value;
  };
  return {
    of,
    from: (name) => {
      if (service && optionValue(service, name) !== null) return 'master.cf';
      return mainValue(main, name) === null ? 'default' : 'main.cf';
    },
    isYes: (name) => of(name).toLowerCase() === 'yes',
  };

  function defaultOf(name: string): string | null {
    if (name === 'smtpd_relay_restrictions') return relayDefault();
    if (name === 'relay_domains') return isBelow('2') ? '$mydestination' : '';
    if (name === 'mydomain') return (postconf['myhostname'] ?? '').replace(/^[^.]*\.?/, '') || 'localdomain';
    return DEFAULTS[name] ?? macro(name);
  }

  /** Since Postfix 3.0 the list is empty below compatibility_level 1; before 2.10 it does not exist. */
  function relayDefault(): string {
    if (postfix !== null && compareVersions(postfix, '2.10') < 0) return '';
    if (isBelow('1') && postfix !== null && compareVersions(postfix, '3.0') >= 0) return '';
    return 'permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination';
  }

  function isBelow(bound: string): boolean {
    const level = mainValue(main, 'compatibility_level')?.value.trim() ?? '0';
    return compareVersions(/^\d+(\.\d+)*$/.test(level) ? level : bound, bound) < 0;
  }
}

/** The same parameters with some values replaced. */
export function withValues(parameters: Parameters, values: Readonly<Record<string, string>>): Parameters {
  const of = (name: string): string => values[name] ?? parameters.of(name);
  return { of, from: (name) => parameters.from(name), isYes: (name) => of(name).toLowerCase() === 'yes' };
}

/** The macros of Postfix's own samples mean nothing unless main.cf sets them. */
function macro(name: string): string | null {
  return /^mua_\w+_restrictions$/.test(name) ? '' : null;
}
