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

/** Versions of old branches that have it too, with another default than from 3.9 on. */
const HAS_BARE_NEWLINE = '>=3.5.23 <3.6 || >=3.6.13 <3.7 || >=3.7.9 <3.8 || >=3.8.4 <3.9';
const HAS_UNAUTH_PIPELINING = '>=3.5.20 <3.6 || >=3.6.10 <3.7 || >=3.7.6 <3.8 || >=3.8.1 <3.9';
const LACKS_UNAUTH_PIPELINING = '<3.5.20 || >=3.6 <3.6.10 || >=3.7 <3.7.6 || >=3.8 <3.8.1';

const BARE_NEWLINE: Merge = {
  how: 'at-least',
  value: 'yes',
  scale: { by: 'ladder', rungs: ['no', 'note', 'yes', 'normalize', 'reject'] },
};
const SMUGGLING = {
  why: 'A mail ends with CR LF . CR LF and with nothing else, so that no second one can be smuggled in behind it (CVE-2023-51764). Own networks are excepted.',
  source: 'Postfix postconf(5), smtpd_forbid_bare_newline; https://www.postfix.org/smtp-smuggling.html',
};
const PIPELINING = {
  why: 'Who speaks before it is asked is cut off: spam programs do, and smuggled mail needs it.',
  source: 'Postfix postconf(5), smtpd_forbid_unauth_pipelining; RFC 2920, 3.1',
};

/** What Postfix takes from clients, and from whom a login. */
export const strictSmtp: readonly Fragment[] = [
  off(
    'smtpd_sasl_auth_enable',
    'Port 25 is for other servers, which have no login. Users send by 465 and 587, where TLS is required; so whoever guesses passwords on 25 finds nobody to ask.',
  ),
  off(
    'broken_sasl_auth_clients',
    'Without AUTH there is nothing to say a second time, and no client that needs it is left.',
  ),
  {
    id: 'strict:master.cf:25:smtpd_discard_ehlo_keywords',
    task: 'sasl',
    setting: 'smtpd_discard_ehlo_keywords',
    place: { in: 'master.cf', port: 25 },
    merge: { how: 'member', members: ['auth'], unset: 'write' },
    profile: 'strict',
    instead: 'strict:master.cf:25:smtpd_sasl_auth_enable',
    why: 'Postfix ignores who owns which sender (reject_sender_login_mismatch) where AUTH is switched off. Where port 25 rests on that, AUTH stays on there and is neither offered nor taken.',
    source: 'Postfix postconf(5), smtpd_discard_ehlo_keywords, reject_unauthenticated_sender_login_mismatch',
    recipe: [],
  },
  main(
    'smtpd_sasl_tls_security_options',
    { how: 'member', members: ['noanonymous'], unset: 'leave' },
    {
      why: 'Inside TLS there is no anonymous login either. Where it is not set smtpd_sasl_security_options holds, which says so already.',
      source: 'Postfix postconf(5), smtpd_sasl_tls_security_options; SASL_README',
    },
  ),
  main(
    'smtpd_client_auth_rate_limit',
    { how: 'at-least', value: '60', scale: { by: 'limit' } },
    {
      why: 'From one address so many logins a minute (anvil_rate_time_unit), right or wrong, and no more: enough for an office behind one address, too few to guess passwords. Own networks are excepted.',
      source:
        'Postfix postconf(5), smtpd_client_auth_rate_limit; TUNING_README, "Measures against clients that make too many connections"',
    },
  ),
  main(
    'smtpd_helo_required',
    { how: 'set', value: 'yes' },
    {
      why: 'Every server says who it is; what does not is no mail server.',
      source: 'RFC 5321, 4.1.4; Postfix postconf(5), smtpd_helo_required',
    },
  ),
  main(
    'disable_vrfy_command',
    { how: 'set', value: 'yes' },
    {
      why: 'VRFY tells strangers which addresses there are.',
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
      why: 'The same in the words of a Postfix that has no smtpd_forbid_unauth_pipelining.',
      source: 'Postfix postconf(5), reject_unauth_pipelining',
      when: { postfix: LACKS_UNAUTH_PIPELINING },
    },
  ),
];
