/**
 * What a task rests on, for who leaves some of them out: the recipe carries one through after the other, and a part of it
 * must not leave a host worse than the whole would. Pure.
 */
import type { Plan, Snapshot, Policy, TaskName } from '../model/index.ts';
import { packagesFor } from './install.ts';
import { servedCertificate } from './served.ts';
import { namedCertificates, needsCertbot } from './sni.ts';

export interface Need {
  readonly task: TaskName;
  readonly on: TaskName;
  /**
   * Is what it rests on not there?
   * @param plan of the task that it rests on, alone; null where that cannot be planned
   */
  readonly missing: (plan: Plan | null, snapshot: Snapshot, policy: Policy) => boolean;
  /** What would come of it, after "TASK rests on ON, which is left out: ". */
  readonly why: string;
}

type Missing = Need['missing'];

const absent =
  (...packages: string[]): Missing =>
  (_, { facts }) =>
    packages.some((name) => facts.packages[name]?.status !== 'installed');
const noDovecot: Missing = (plan, snapshot, policy) =>
  absent(...packagesFor(policy).filter((name) => name.startsWith('dovecot-')))(plan, snapshot, policy);
const noCertificate: Missing = (_, { facts }, policy) =>
  [servedCertificate(facts, policy), ...namedCertificates(facts, policy).map(({ served }) => served)].some(
    ({ chain }) => chain === null,
  );
/** Who brings all certificates needs none. */
const noCertbot: Missing = (plan, snapshot, policy) =>
  needsCertbot(policy) && absent('certbot')(plan, snapshot, policy);
const anySetting: Missing = (plan) => plan === null || plan.settings.length > 0;

/** A setting of this fragment would change, and stands as it must not. */
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
const noCertificateYet = 'no file that names a certificate goes live before there is one';
const noPackage = 'its program is not installed';

const asleep: Missing = (_, { facts }) => facts.units['dovecot']?.active === false;
const nobodyToAsk = 'Dovecot does not run, and an smtpd that finds nobody to ask about logins dies';

export const NEEDS: readonly Need[] = [
  { task: 'certbot', on: 'install', missing: noCertbot, why: noPackage },
  { task: 'sasl', on: 'install', missing: absent('postfix', 'dovecot-core'), why: noPackage },
  { task: 'starttls', on: 'install', missing: absent('postfix'), why: noPackage },
  { task: 'smtps', on: 'install', missing: absent('postfix'), why: noPackage },
  { task: 'plaintext', on: 'install', missing: absent('postfix', 'dovecot-core'), why: noPackage },
  { task: 'dovecot-ssl', on: 'install', missing: noDovecot, why: noPackage },

  { task: 'starttls', on: 'certbot', missing: noCertificate, why: noCertificateYet },
  { task: 'dovecot-ssl', on: 'certbot', missing: noCertificate, why: noCertificateYet },

  // Nothing is weakened: a login that is offered is offered inside TLS only.
  { task: 'sasl', on: 'plaintext', missing: anySetting, why: 'passwords would be taken in clear' },
  {
    task: 'plaintext',
    on: 'starttls',
    missing: either(would(/^main\.cf:smtpd_tls_security_level$/, any), would(MAIN_CERTIFICATE, unset)),
    why: 'Postfix does not offer TLS, so nobody could log in to send',
  },
  {
    task: 'plaintext',
    on: 'dovecot-ssl',
    missing: either(
      would(/^dovecot:ssl$/, (before) => before === 'no'),
      would(DOVECOT_CERTIFICATE, unset),
    ),
    why: 'Dovecot does not offer TLS, so nobody could log in to read',
  },

  { task: 'smtps', on: 'sasl', missing: anySetting, why: 'an smtpd that finds nobody to ask about logins dies' },
  {
    task: 'smtps',
    on: 'starttls',
    missing: would(MAIN_CERTIFICATE, any),
    why: '465 would open without the certificate of the mail domain',
  },

  { task: 'sasl', on: 'restart', missing: asleep, why: nobodyToAsk },
  { task: 'smtps', on: 'restart', missing: asleep, why: nobodyToAsk },
];
