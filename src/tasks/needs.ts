/**
 * Dependencies between tasks, for runs that leave some out: a part of the recipe must not leave a host worse than the whole
 * recipe would. Pure.
 */
import type { Plan, Snapshot, Policy, TaskName } from '../model/index.ts';
import { packagesFor } from './install.ts';
import { servedCertificate } from './served.ts';
import { namedCertificates, needsCertbot } from './sni.ts';

export interface Need {
  readonly task: TaskName;
  readonly on: TaskName;
  /**
   * Is the thing that the task depends on absent?
   * @param plan of the task depended on, alone; null if it cannot be planned
   */
  readonly missing: (plan: Plan | null, snapshot: Snapshot, policy: Policy) => boolean;
  /** The consequence, after "TASK rests on ON, which is left out: ". */
  readonly why: string;
}

type Missing = Need['missing'];

const absent =
  (...packages: string[]): Missing =>
  (_, { facts }) =>
    packages.some((name) => facts.packages[name]?.status !== 'installed');
/** Without Dovecot on purpose, only Postfix is needed. */
const noServers: Missing = (plan, snapshot, policy) =>
  absent('postfix', ...(policy.alone ? [] : ['dovecot-core']))(plan, snapshot, policy);
const noDovecot: Missing = (plan, snapshot, policy) =>
  absent(...packagesFor(policy).filter((name) => name.startsWith('dovecot-')))(plan, snapshot, policy);
const noCertificate: Missing = (_, { facts }, policy) =>
  [servedCertificate(facts, policy), ...namedCertificates(facts, policy).map(({ served }) => served)].some(
    ({ chain }) => chain === null,
  );
/** certbot is not needed when the administrator supplies every certificate. */
const noCertbot: Missing = (plan, snapshot, policy) =>
  needsCertbot(policy) && absent('certbot')(plan, snapshot, policy);
const anySetting: Missing = (plan) => plan === null || plan.settings.length > 0;

/** A setting of this fragment would change, and its present value is one that must not stay. */
const would =
  (fragment: RegExp, from: (before: string | null) => boolean): Missing =>
  (plan) =>
    plan === null || plan.settings.some((one) => fragment.test(one.fragment) && from(one.before));

const any = (): boolean => true;
const unset = (before: string | null): boolean => (before ?? '') === '';
const either =
  (...tests: Missing[]): Missing =>
  (...args) =>
    tests.some((test) => test(...args));

const MAIN_CERTIFICATE = /^main\.cf:smtpd_tls_(cert_file|key_file|chain_files)$/;
const DOVECOT_CERTIFICATE = /^dovecot:ssl_(server_)?(cert|key)/;
const noCertificateYet = 'the configuration cannot name a certificate that does not exist yet';
const noPackage = 'the program is not installed';

const asleep: Missing = (_, { facts }) => facts.units['dovecot']?.active === false;
const nobodyToAsk = 'Dovecot does not run, and smtpd exits when it cannot reach the login service';

export const NEEDS: readonly Need[] = [
  { task: 'certbot', on: 'install', missing: noCertbot, why: noPackage },
  { task: 'sasl', on: 'install', missing: noServers, why: noPackage },
  { task: 'starttls', on: 'install', missing: absent('postfix'), why: noPackage },
  { task: 'smtps', on: 'install', missing: absent('postfix'), why: noPackage },
  { task: 'plaintext', on: 'install', missing: noServers, why: noPackage },
  { task: 'dovecot-ssl', on: 'install', missing: noDovecot, why: noPackage },

  { task: 'starttls', on: 'certbot', missing: noCertificate, why: noCertificateYet },
  { task: 'dovecot-ssl', on: 'certbot', missing: noCertificate, why: noCertificateYet },

  // Nothing becomes weaker if every login is offered inside TLS only.
  { task: 'sasl', on: 'plaintext', missing: anySetting, why: 'passwords would be accepted in clear' },
  {
    task: 'plaintext',
    on: 'starttls',
    missing: either(would(/^main\.cf:smtpd_tls_security_level$/, any), would(MAIN_CERTIFICATE, unset)),
    why: 'Postfix does not offer TLS, so users could not log in to send',
  },
  {
    task: 'plaintext',
    on: 'dovecot-ssl',
    missing: either(
      would(/^dovecot:ssl$/, (before) => before === 'no'),
      would(DOVECOT_CERTIFICATE, unset),
    ),
    why: 'Dovecot does not offer TLS, so users could not log in to read',
  },

  { task: 'smtps', on: 'sasl', missing: anySetting, why: 'smtpd exits when it cannot reach the login service' },
  {
    task: 'smtps',
    on: 'starttls',
    missing: would(MAIN_CERTIFICATE, any),
    why: 'port 465 would open without the certificate of the mail domain',
  },

  { task: 'sasl', on: 'restart', missing: asleep, why: nobodyToAsk },
  { task: 'smtps', on: 'restart', missing: asleep, why: nobodyToAsk },
];
