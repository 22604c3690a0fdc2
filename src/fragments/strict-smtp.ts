import type { Fragment, Merge } from './fragment.ts';
import { strictMain } from './strict-main.ts';

const main = strictMain('sasl');

const NO_LOGIN_ON_25 = 'no-login-on-25';

/** No AUTH on 25. */
function off(setting: string, why: string): Fragment {
  return {
    id: `strict:master.cf:25:${setting}`,
    task: 'sasl',
    setting,
    place: { in: 'master.cf', port: 25 },
    merge: { how: 'set', value: 'no' },
    profile: 'strict',
    group: NO_LOGIN_ON_25,
    why,
    source: 'RFC 8314, 3.3 and 4.1; RFC 6409, 3.1',
    recipe: [],
  };
}

/** Versions of old branches that have the setting too, with another default than from 3.9 on. */
const HAS_BARE_NEWLINE = '>=3.5.23 <3.6 || >=3.6.13 <3.7 || >=3.7.9 <3.8 || >=3.8.4 <3.9';
const HAS_UNAUTH_PIPELINING = '>=3.5.20 <3.6 || >=3.6.10 <3.7 || >=3.7.6 <3.8 || >=3.8.1 <3.9';
const LACKS_UNAUTH_PIPELINING = '<3.5.20 || >=3.6 <3.6.10 || >=3.7 <3.7.6 || >=3.8 <3.8.1';

const BARE_NEWLINE: Merge = {
  how: 'at-least',
  value: 'yes',
  scale: { by: 'ladder', rungs: ['no', 'note', 'yes', 'normalize', 'reject'] },
};
const SMUGGLING = {
  why: 'A mail ends only with CR LF . CR LF, so an attacker cannot hide a second mail in the first (SMTP smuggling, CVE-2023-51764). mynetworks are exempt.',
  source: 'Postfix postconf(5), smtpd_forbid_bare_newline; https://www.postfix.org/smtp-smuggling.html',
};
const PIPELINING = {
  why: 'Disconnects clients that send commands before Postfix has answered: spam programs do this, and smuggled mail depends on it.',
  source: 'Postfix postconf(5), smtpd_forbid_unauth_pipelining; RFC 2920, 3.1',
};

/** Limits on what Postfix accepts from clients, and the ports on which it accepts logins. */
export const strictSmtp: readonly Fragment[] = [
  off(
    'smtpd_sasl_auth_enable',
    'Port 25 is for other servers, which do not log in. Users send through 465 and 587, where TLS is required. Without AUTH, port 25 gives attackers no passwords to guess.',
  ),
  off('broken_sasl_auth_clients', 'Without AUTH there is nothing to offer in the old form, and no client needs it.'),
  {
    id: 'strict:master.cf:25:smtpd_discard_ehlo_keywords',
    task: 'sasl',
    setting: 'smtpd_discard_ehlo_keywords',
    place: { in: 'master.cf', port: 25 },
    merge: { how: 'member', members: ['auth'], unset: 'write' },
    profile: 'strict',
    instead: 'strict:master.cf:25:smtpd_sasl_auth_enable',
    why: 'With AUTH switched off, Postfix ignores who owns which sender address (reject_sender_login_mismatch). If port 25 depends on that check, AUTH stays on there, but Postfix neither offers nor accepts it.',
    source: 'Postfix postconf(5), smtpd_discard_ehlo_keywords, reject_unauthenticated_sender_login_mismatch',
    recipe: [],
  },
  main(
    'smtpd_sasl_tls_security_options',
    { how: 'member', members: ['noanonymous'], unset: 'leave' },
    {
      why: 'Refuses anonymous logins inside TLS too. If it is not set, smtpd_sasl_security_options applies, which already does that.',
      source: 'Postfix postconf(5), smtpd_sasl_tls_security_options; SASL_README',
    },
  ),
  main(
    'smtpd_client_auth_rate_limit',
    { how: 'at-least', value: '60', scale: { by: 'limit' } },
    {
      why: 'The maximum number of logins a minute from one address, successful or not (anvil_rate_time_unit): enough for an office behind one address, too few to guess passwords. mynetworks are exempt.',
      source:
        'Postfix postconf(5), smtpd_client_auth_rate_limit; TUNING_README, "Measures against clients that make too many connections"',
    },
  ),
  main(
    'smtpd_helo_required',
    { how: 'set', value: 'yes' },
    {
      why: 'A client must introduce itself with HELO or EHLO, as every mail server does.',
      source: 'RFC 5321, 4.1.4; Postfix postconf(5), smtpd_helo_required',
    },
  ),
  main(
    'disable_vrfy_command',
    { how: 'set', value: 'yes' },
    {
      why: 'VRFY tells strangers which addresses exist.',
      source: 'RFC 5321, 7.3; Postfix postconf(5), disable_vrfy_command',
    },
  ),
  main('smtpd_forbid_bare_newline', BARE_NEWLINE, { ...SMUGGLING, when: { postfix: HAS_BARE_NEWLINE } }),
  main(
    'smtpd_forbid_bare_newline',
    BARE_NEWLINE,
    { ...SMUGGLING, when: { postfix: '>=3.9', set: 'smtpd_forbid_bare_newline' } },
    ':default',
  ),
  main(
    'smtpd_forbid_unauth_pipelining',
    { how: 'set', value: 'yes' },
    { ...PIPELINING, when: { postfix: HAS_UNAUTH_PIPELINING } },
  ),
  main(
    'smtpd_forbid_unauth_pipelining',
    { how: 'set', value: 'yes' },
    { ...PIPELINING, when: { postfix: '>=3.9', set: 'smtpd_forbid_unauth_pipelining' } },
    ':default',
  ),
  main(
    'smtpd_data_restrictions',
    { how: 'member', members: ['reject_unauth_pipelining'], unset: 'write' },
    {
      why: 'The same for a Postfix that has no smtpd_forbid_unauth_pipelining.',
      source: 'Postfix postconf(5), reject_unauth_pipelining',
      when: { postfix: LACKS_UNAUTH_PIPELINING },
    },
  ),
];
