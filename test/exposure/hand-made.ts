import { UNSET, type Batch, type Entry, type Saids } from './render.ts';

/** One hand-made pair of main.cf and master.cf. `main` goes on top of the base in render.ts; `UNSET` takes a line out. */
interface HandMade {
  readonly sentence: string;
  readonly main?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
  readonly answers?: Saids;
  readonly front?: string;
}

const OWNERS = { smtpd_sender_restrictions: 'reject_sender_login_mismatch' };
const USERS_ONLY = { smtpd_relay_restrictions: 'permit_sasl_authenticated, reject' };

const AUTH: readonly HandMade[] = [
  {
    sentence:
      'A stock entry relays for the network and for users, and accepts mail for its own domains from every client',
  },
  {
    sentence: 'AUTH that smtpd_discard_ehlo_keywords discards is refused, and owned senders stay closed to strangers',
    options: { smtpd_discard_ehlo_keywords: 'auth', ...OWNERS },
  },
  {
    sentence: 'A discarded AUTH among other keywords, in capitals, is refused as well',
    options: { smtpd_discard_ehlo_keywords: 'dsn, AUTH silent-discard', ...OWNERS },
  },
  {
    sentence: 'AUTH that an address map discards for all clients is refused, whatever the plain list says',
    options: { smtpd_discard_ehlo_keyword_address_maps: 'static:auth', ...OWNERS },
  },
  {
    sentence: 'An address map that discards nothing takes precedence over the plain list, and AUTH works again',
    options: { smtpd_discard_ehlo_keywords: 'auth', smtpd_discard_ehlo_keyword_address_maps: 'static:dsn' },
  },
  {
    sentence: 'smtpd_sasl_exceptions_networks = static:all hides AUTH, and a client that sends it anyway logs in',
    options: { smtpd_sasl_exceptions_networks: 'static:all', ...OWNERS },
  },
  {
    sentence: 'smtpd_sasl_exceptions_networks = $mynetworks hides AUTH from the network and does not switch it off',
    options: { smtpd_sasl_exceptions_networks: '$mynetworks' },
  },
  {
    sentence: 'An entry without SASL ignores reject_sender_login_mismatch',
    options: { smtpd_sasl_auth_enable: 'no', ...OWNERS },
  },
  {
    sentence: 'An entry without SASL ignores permit_sasl_authenticated and check_sasl_access',
    options: { smtpd_sasl_auth_enable: 'no', smtpd_recipient_restrictions: '{sasl1}, permit_sasl_authenticated' },
    answers: { sasl1: 'REJECT' },
  },
  {
    sentence: 'An entry with smtpd_sasl_auth_enable = Yes in capitals offers AUTH',
    options: { smtpd_sasl_auth_enable: 'Yes' },
  },
  {
    sentence: 'main.cf switches AUTH off, and an entry switches it on for itself',
    main: { smtpd_sasl_auth_enable: 'no' },
    options: { smtpd_sasl_auth_enable: 'yes' },
  },
  { sentence: 'main.cf switches AUTH off for an entry without options', main: { smtpd_sasl_auth_enable: 'no' } },
  {
    sentence: 'No user logs in when smtpd_sasl_auth_enable is not set anywhere',
    main: { smtpd_sasl_auth_enable: UNSET },
    options: OWNERS,
  },
];

const TLS: readonly HandMade[] = [
  { sentence: 'smtpd_tls_auth_only allows AUTH only after STARTTLS', options: { smtpd_tls_auth_only: 'yes' } },
  {
    sentence: 'smtpd_tls_auth_only without TLS makes every login impossible',
    options: { smtpd_tls_auth_only: 'yes', smtpd_tls_security_level: 'none' },
  },
  { sentence: 'AUTH is offered in clear when there is no TLS', options: { smtpd_tls_security_level: 'none' } },
  { sentence: 'An empty TLS level means no TLS', options: { smtpd_tls_security_level: '' } },
  {
    sentence: 'smtpd_tls_security_level = encrypt accepts nothing, AUTH included, before STARTTLS',
    options: { smtpd_tls_security_level: 'encrypt' },
  },
  {
    sentence: 'smtpd_tls_security_level = encrypt with smtpd_tls_auth_only = no still accepts AUTH only inside TLS',
    options: { smtpd_tls_security_level: 'encrypt', smtpd_tls_auth_only: 'no' },
  },
  {
    sentence: 'Wrapper mode begins with TLS',
    options: { smtpd_tls_wrappermode: 'yes', smtpd_tls_security_level: 'encrypt' },
  },
  { sentence: 'Wrapper mode begins with TLS even at the level may', options: { smtpd_tls_wrappermode: 'yes' } },
  {
    sentence: 'Wrapper mode begins with TLS even at the level none',
    options: { smtpd_tls_wrappermode: 'yes', smtpd_tls_security_level: 'none' },
  },
  {
    sentence: 'Wrapper mode begins with TLS when no level is set',
    main: { smtpd_tls_security_level: UNSET },
    options: { smtpd_tls_wrappermode: 'yes' },
  },
  {
    sentence: 'The level may takes precedence over the old smtpd_enforce_tls of the entry',
    options: { smtpd_enforce_tls: 'yes', smtpd_tls_auth_only: 'no' },
  },
  {
    sentence: 'The level none takes precedence over the old smtpd_use_tls of the entry',
    options: { smtpd_tls_security_level: 'none', smtpd_use_tls: 'yes' },
  },
  {
    sentence: 'smtpd_enforce_tls requires TLS when no level is set',
    main: { smtpd_tls_security_level: UNSET },
    options: { smtpd_enforce_tls: 'yes' },
  },
  {
    sentence: 'smtpd_use_tls offers TLS when no level is set',
    main: { smtpd_tls_security_level: UNSET },
    options: { smtpd_use_tls: 'yes' },
  },
  {
    sentence: 'There is no TLS when neither a level nor an old setting is set',
    main: { smtpd_tls_security_level: UNSET },
  },
  {
    sentence: 'The level of an entry takes precedence over main.cf',
    main: { smtpd_tls_security_level: 'encrypt' },
    options: { smtpd_tls_security_level: 'may' },
  },
  { sentence: 'A level in capitals is the same level', options: { smtpd_tls_security_level: 'ENCRYPT' } },
  {
    sentence: 'The level verify of a server has the effect of encrypt',
    options: { smtpd_tls_security_level: 'verify' },
  },
  {
    sentence: 'The level dane is invalid for a server, and smtpd dies at start',
    options: { smtpd_tls_security_level: 'dane' },
  },
  {
    sentence: 'STARTTLS that is discarded as an EHLO keyword is refused',
    options: { smtpd_discard_ehlo_keywords: 'starttls' },
  },
  {
    sentence: 'Discarded STARTTLS with smtpd_tls_auth_only makes every login impossible',
    options: { smtpd_discard_ehlo_keywords: 'starttls', smtpd_tls_auth_only: 'yes' },
  },
  {
    sentence: 'Discarded STARTTLS with the level encrypt makes every session impossible',
    options: { smtpd_discard_ehlo_keywords: 'starttls', smtpd_tls_security_level: 'encrypt' },
  },
  {
    sentence: 'The level may offers no TLS without a certificate',
    options: { smtpd_tls_cert_file: '', smtpd_tls_key_file: '' },
  },
  {
    sentence: 'The level encrypt makes every session impossible without a certificate',
    options: { smtpd_tls_cert_file: '', smtpd_tls_key_file: '', smtpd_tls_security_level: 'encrypt' },
  },
];

const LISTS: readonly HandMade[] = [
  { sentence: 'A submission entry is for users only', options: USERS_ONLY },
  {
    sentence:
      'smtpd_client_restrictions = permit_sasl_authenticated, reject closes an entry to every client without a login',
    options: { smtpd_client_restrictions: 'permit_sasl_authenticated, reject' },
  },
  {
    sentence: 'The same list without delay closes the entry to users too, because they have not logged in yet',
    main: { smtpd_delay_reject: 'no' },
    options: { smtpd_client_restrictions: 'permit_sasl_authenticated, reject' },
  },
  {
    sentence: 'A client that skips HELO is not subject to a HELO list without delay',
    main: { smtpd_delay_reject: 'no' },
    options: { smtpd_helo_restrictions: '{p1}, reject' },
  },
  {
    sentence: 'A HELO list without delay applies when smtpd_helo_required is set',
    main: { smtpd_delay_reject: 'no', smtpd_helo_required: 'yes' },
    options: { smtpd_helo_restrictions: '{p1}, reject' },
  },
  {
    sentence: 'A sender list without delay knows the login and the sender, and no recipient',
    main: { smtpd_delay_reject: 'no' },
    options: {
      smtpd_sender_restrictions: '{p1}, {recipient1}, reject_unauth_destination, reject_sender_login_mismatch',
    },
    answers: { recipient1: 'REJECT' },
  },
  {
    sentence: 'Sender and HELO tables in a client list without delay are not consulted',
    main: { smtpd_delay_reject: 'no' },
    options: { smtpd_client_restrictions: '{helo1}, {sender1}, {recipient1}, {p1}' },
    answers: { helo1: 'REJECT', sender1: 'REJECT', recipient1: 'REJECT' },
  },
  {
    sentence: 'reject_unauth_destination in a delayed client list refuses relaying for users too',
    options: { smtpd_client_restrictions: 'reject_unauth_destination' },
  },
  {
    sentence: 'permit_mynetworks before check_sasl_access lets a blocked user of the network through',
    options: {
      smtpd_recipient_restrictions: 'permit_mynetworks, {sasl1}, permit_sasl_authenticated, reject_unauth_destination',
    },
  },
  {
    sentence: 'check_sasl_access before the permits blocks a user everywhere',
    options: { smtpd_recipient_restrictions: '{sasl1}, permit_mynetworks, permit_sasl_authenticated' },
    answers: { sasl1: 'DUNNO' },
  },
  {
    sentence: 'check_sasl_access permits the users of an allowlist to relay',
    options: { smtpd_relay_restrictions: '{sasl1}, reject_unauth_destination' },
    answers: { sasl1: 'OK' },
  },
  {
    sentence: 'An infected host of the network is refused by a table before permit_mynetworks',
    options: { smtpd_recipient_restrictions: '{client1}, permit_mynetworks, permit_sasl_authenticated' },
    answers: { client1: 'REJECT' },
  },
  {
    sentence: 'A table behind permit_mynetworks is consulted for strangers only',
    options: { smtpd_recipient_restrictions: 'permit_mynetworks, permit_sasl_authenticated, {client1}, {p1}' },
    answers: { client1: 'REJECT' },
  },
  {
    sentence: 'A policy service that permits in the recipient list does not overrule the relay list',
    options: { smtpd_recipient_restrictions: '{p1}', smtpd_relay_restrictions: 'reject_unauth_destination' },
    answers: { p1: 'OK' },
  },
  {
    sentence: 'A policy service that permits in the relay list opens relaying',
    options: { smtpd_relay_restrictions: '{p1}, reject_unauth_destination' },
    answers: { p1: 'OK' },
  },
  {
    sentence: 'warn_if_reject before a policy service turns its refusal into a warning, but not its permit',
    options: { smtpd_recipient_restrictions: 'warn_if_reject {p1}, warn_if_reject {p2}, reject' },
    answers: { p1: 'REJECT', p2: 'OK' },
  },
  {
    sentence:
      'warn_if_reject reject_unauth_destination is not the refusal that an entry needs, and smtpd dies at start',
    options: { smtpd_relay_restrictions: 'permit_mynetworks, warn_if_reject reject_unauth_destination' },
  },
  {
    sentence: 'The same policy service in two lists is consulted twice and answers the same',
    options: { smtpd_sender_restrictions: '{p1}', smtpd_recipient_restrictions: '{p2}, {p1}' },
    answers: { p2: 'OK' },
  },
  {
    sentence: 'The lists are consulted in their order: client, HELO, sender, relay, recipient, DATA, end of DATA',
    options: {
      smtpd_end_of_data_restrictions: '{p7}',
      smtpd_data_restrictions: '{p6}',
      smtpd_recipient_restrictions: '{p5}',
      smtpd_relay_restrictions: '{p4}, permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination',
      smtpd_sender_restrictions: '{p3}',
      smtpd_helo_restrictions: '{p2}',
      smtpd_client_restrictions: '{p1}',
    },
  },
  {
    sentence: 'A DATA list refuses what the recipient list has accepted',
    options: { smtpd_data_restrictions: 'permit_mynetworks, {p1}, reject_unauth_pipelining' },
    answers: { p1: 'REJECT' },
  },
  {
    sentence: 'reject_unauth_destination works in a DATA list',
    options: {
      smtpd_relay_restrictions: '{p1}, reject',
      smtpd_data_restrictions: 'permit_mynetworks, reject_unauth_destination',
    },
    answers: { p1: 'OK' },
  },
  {
    sentence: 'An end-of-data list refuses a mail that has been sent',
    options: { smtpd_end_of_data_restrictions: '{p1}, reject' },
    answers: { p1: 'OK' },
  },
  {
    sentence: 'A restriction class decides for the list around it',
    main: {
      smtpd_restriction_classes: 'trusted, Strict',
      trusted: 'permit_mynetworks, {p1}',
      Strict: '{p2}, reject_unauth_destination',
    },
    options: { smtpd_recipient_restrictions: '{p3}, trusted, Strict, {p4}' },
    answers: { p1: 'OK' },
  },
  {
    sentence: 'A restriction class may contain another restriction class',
    main: {
      smtpd_restriction_classes: 'outer inner',
      outer: 'permit_mynetworks, inner',
      inner: '{p1}, permit_sasl_authenticated',
    },
    options: { smtpd_relay_restrictions: 'outer, reject_unauth_destination' },
    answers: { p1: 'REJECT' },
  },
  {
    sentence: 'warn_if_reject before a restriction class makes every refusal in it a warning',
    main: { smtpd_restriction_classes: 'soft', soft: '{p1}, reject_unauth_destination, {p2}, reject' },
    options: { smtpd_recipient_restrictions: 'warn_if_reject soft, {p3}' },
    answers: { p1: 'REJECT' },
  },
  {
    sentence: 'A class that smtpd_restriction_classes does not name is a configuration error',
    main: { stray: 'permit' },
    options: { smtpd_recipient_restrictions: 'stray, permit_mynetworks' },
  },
  {
    sentence: 'smtpd dies at start when a restriction class has no definition',
    main: { smtpd_restriction_classes: 'hollow', hollow: '' },
  },
  {
    sentence: 'A misspelt restriction is a configuration error that stops every client',
    options: { smtpd_recipient_restrictions: 'permit_mynetworks, reject_unknwon_sender, permit_sasl_authenticated' },
  },
  {
    sentence: 'An entry without any refusal of foreign destinations serves no client',
    options: { smtpd_relay_restrictions: '', smtpd_recipient_restrictions: 'permit_mynetworks' },
  },
  {
    sentence: 'An entry whose lists are both empty serves no client',
    options: { smtpd_relay_restrictions: '', smtpd_recipient_restrictions: '' },
  },
  {
    sentence: 'The refusal that an entry needs may be in a restriction class',
    main: { smtpd_restriction_classes: 'closed', closed: 'reject_unauth_destination' },
    options: { smtpd_relay_restrictions: '', smtpd_recipient_restrictions: 'permit_mynetworks, closed' },
  },
  {
    sentence: 'The refusal that an entry needs does not count behind permit, and smtpd dies at start',
    options: { smtpd_relay_restrictions: 'permit, reject' },
  },
  {
    sentence: 'The recipient list alone decides without compatibility_level and smtpd_relay_restrictions',
    main: { compatibility_level: UNSET },
    options: { smtpd_recipient_restrictions: '{p1}, permit_mynetworks, reject_unauth_destination' },
  },
  {
    sentence: 'An entry without compatibility_level and without any list serves no client',
    main: { compatibility_level: UNSET },
  },
  {
    sentence: 'The recipient list comes before the relay list with compatibility_level 2',
    main: { compatibility_level: '2' },
    options: {
      smtpd_recipient_restrictions: '{p1}',
      smtpd_relay_restrictions: '{p2}, permit_mynetworks, reject_unauth_destination',
    },
  },
  {
    sentence: 'smtpd_relay_before_recipient_restrictions = no swaps the two lists',
    options: {
      smtpd_relay_before_recipient_restrictions: 'no',
      smtpd_recipient_restrictions: '{p1}',
      smtpd_relay_restrictions: '{p2}, permit_mynetworks, reject_unauth_destination',
    },
  },
  {
    sentence: 'smtpd_relay_before_recipient_restrictions = yes applies at an old compatibility_level too',
    main: { compatibility_level: '2' },
    options: {
      smtpd_relay_before_recipient_restrictions: 'yes',
      smtpd_recipient_restrictions: '{p1}',
      smtpd_relay_restrictions: '{p2}, permit_mynetworks, reject_unauth_destination',
    },
  },
  {
    sentence: 'defer_if_permit defers mail that is accepted later, and the checks behind it still run',
    options: { smtpd_recipient_restrictions: '{p1}, defer_if_permit, {p2}, permit_mynetworks, {p3}' },
  },
  {
    sentence: 'permit_auth_destination ends the list for mail to this host',
    options: { smtpd_recipient_restrictions: 'permit_auth_destination, {p1}, permit_mynetworks, reject' },
  },
  {
    sentence: 'defer_unauth_destination refuses with a temporary error',
    options: { smtpd_relay_restrictions: 'permit_mynetworks, defer_unauth_destination' },
  },
  {
    sentence: 'Words of a list may be separated by blanks',
    options: { smtpd_relay_restrictions: 'permit_mynetworks reject_unauth_destination' },
  },
  {
    sentence: 'A restriction in capitals is the same restriction',
    options: { smtpd_relay_restrictions: 'PERMIT_MYNETWORKS, Reject_Unauth_Destination' },
  },
  {
    sentence: 'A bare table in the recipient list is a check of the recipient',
    options: { smtpd_recipient_restrictions: 'static:OK, reject' },
  },
  {
    sentence: 'reject_non_fqdn_sender and similar restrictions accept proper names',
    options: {
      smtpd_sender_restrictions:
        'reject_non_fqdn_sender, reject_non_fqdn_recipient, reject_invalid_helo_hostname, {p1}',
    },
  },
  {
    sentence: 'A policy service with its own settings in braces is consulted as well',
    options: {
      smtpd_recipient_restrictions:
        'check_policy_service { unix:/run/oracle/shared, default_action=DUNNO, timeout=9s }, {p1}',
    },
  },
];

const SENDERS: readonly HandMade[] = [
  { sentence: 'reject_sender_login_mismatch reserves owned senders for their owners', options: OWNERS },
  {
    sentence: 'reject_authenticated_sender_login_mismatch does not affect strangers',
    options: { smtpd_sender_restrictions: 'reject_authenticated_sender_login_mismatch, {p1}' },
  },
  {
    sentence: 'reject_unauthenticated_sender_login_mismatch does not affect users',
    options: { smtpd_sender_restrictions: 'reject_unauthenticated_sender_login_mismatch, {p1}' },
  },
  {
    sentence: 'reject_known_sender_login_mismatch applies to addresses that have an owner',
    options: { smtpd_sender_restrictions: 'reject_known_sender_login_mismatch, {p1}' },
  },
  {
    sentence: 'A user owns no address, not even his own, without smtpd_sender_login_maps',
    main: { smtpd_sender_login_maps: UNSET },
    options: OWNERS,
  },
  {
    sentence: 'reject_known_sender_login_mismatch refuses no sender without smtpd_sender_login_maps',
    main: { smtpd_sender_login_maps: UNSET },
    options: { smtpd_sender_restrictions: 'reject_known_sender_login_mismatch' },
  },
  {
    sentence: 'The sender check of main.cf applies to an entry without options',
    main: OWNERS,
  },
  {
    sentence: 'A list of the entry hides the sender check of main.cf',
    main: OWNERS,
    options: { smtpd_sender_restrictions: '{p1}' },
  },
  {
    sentence: 'permit_mynetworks before the sender check exempts the network from it',
    options: { smtpd_sender_restrictions: 'permit_mynetworks, reject_sender_login_mismatch' },
  },
  {
    sentence: 'The sender check in the recipient list behind permit_sasl_authenticated never affects users',
    options: { smtpd_recipient_restrictions: 'permit_sasl_authenticated, reject_sender_login_mismatch' },
  },
];

const INHERITED: readonly HandMade[] = [
  {
    sentence: 'An entry without options has the checks of main.cf in their order',
    main: {
      smtpd_client_restrictions: '{client1}, {p1}',
      smtpd_recipient_restrictions: 'permit_mynetworks, {p2}, permit_sasl_authenticated, {p3}',
    },
    answers: { client1: 'OK', p3: 'REJECT' },
  },
  {
    sentence: 'An empty -o list hides the whole list of main.cf',
    main: { smtpd_client_restrictions: '{p1}, reject' },
    options: { smtpd_client_restrictions: '' },
  },
  {
    sentence: 'A macro that main.cf defines is expanded',
    main: {
      mua_client_restrictions: 'permit_sasl_authenticated, {p1}, reject',
      mua_relay_restrictions: 'permit_sasl_authenticated, reject',
    },
    options: {
      smtpd_client_restrictions: '$mua_client_restrictions',
      smtpd_relay_restrictions: '${mua_relay_restrictions}',
    },
    answers: { p1: 'OK' },
  },
  {
    sentence: 'A macro without a definition is empty',
    options: {
      smtpd_client_restrictions: '$mua_client_restrictions',
      smtpd_helo_restrictions: '$mua_helo_restrictions',
    },
  },
  {
    sentence: 'A macro that an entry defines for itself is expanded',
    options: { mua_sender_restrictions: '{p1}, reject', smtpd_sender_restrictions: '$mua_sender_restrictions' },
    answers: { p1: 'OK' },
  },
  {
    sentence: 'A list of main.cf may include another list of main.cf',
    main: {
      smtpd_sender_restrictions: '{p1}, $smtpd_helo_restrictions',
      smtpd_helo_restrictions: 'permit_mynetworks, {p2}',
    },
    answers: { p2: 'REJECT' },
  },
  {
    sentence: 'A restriction class of the entry takes precedence over the one of main.cf',
    main: { smtpd_restriction_classes: 'mine', mine: 'reject' },
    options: { mine: '{p1}, permit_mynetworks', smtpd_recipient_restrictions: 'mine' },
  },
  {
    sentence: 'A conditional value counts as Postfix expands it',
    options: { smtpd_client_restrictions: '${mynetworks?permit_mynetworks, reject}' },
  },
  {
    sentence: 'An entry may set smtpd_delay_reject for itself',
    options: { smtpd_delay_reject: 'no', smtpd_client_restrictions: '{p1}, permit_sasl_authenticated, {p2}' },
  },
];

const PLACES: readonly HandMade[] = [
  {
    sentence: 'An entry with an address in its name answers on this address only',
    front: '198.19.2.1',
    options: USERS_ONLY,
  },
  { sentence: 'Postscreen in front passes clients to smtpd pass', front: 'postscreen', options: OWNERS },
  {
    sentence: 'smtpd pass behind postscreen has its own AUTH and lists',
    front: 'postscreen',
    main: { smtpd_sasl_auth_enable: 'no' },
    options: { smtpd_sasl_auth_enable: 'yes', smtpd_tls_auth_only: 'yes', smtpd_client_restrictions: '{p1}' },
    answers: { p1: 'REJECT' },
  },
  {
    sentence: 'The proxy names the client with smtpd_upstream_proxy_protocol = haproxy',
    options: { smtpd_upstream_proxy_protocol: 'haproxy' },
    front: 'haproxy',
  },
  {
    sentence: 'inet_interfaces does not change an entry with its own address',
    main: { inet_interfaces: '127.0.0.1' },
    front: '198.19.2.2',
  },
  {
    sentence: 'inet_interfaces = loopback-only binds an entry to the loopback addresses',
    main: { inet_interfaces: 'loopback-only' },
  },
];

export const HAND_MADE: readonly HandMade[] = [...AUTH, ...TLS, ...LISTS, ...SENDERS, ...INHERITED, ...PLACES];

/** The cases in batches: those with the same main.cf share one. */
export function handMadeBatches(): Batch[] {
  const batches = new Map<string, { main: Record<string, string>; answers: Saids; entries: Entry[] }>();
  for (const { sentence, main = {}, options = {}, answers = {}, front = '' } of HAND_MADE) {
    const inherits = /\{[a-z]+\d+\}/.test(Object.values(main).join());
    const key = JSON.stringify([main, inherits ? answers : {}, front === 'postscreen' ? sentence : '']);
    const batch = batches.get(key) ?? { main, answers: inherits ? answers : {}, entries: [] };
    batch.entries.push({ sentence, options, answers, front });
    batches.set(key, batch);
  }
  return [...batches.values()];
}
