import { DEPRECATION, NOTES, type PostfixRule } from './rule.ts';

/** An empty value counts as unset in `${old?{$old}:{…}}`, the default of the new parameter. */
const unlessEmpty = (value: string): string | null => (value === '' ? null : value);

function renamed(
  what: string,
  to: string,
  value?: (old: string) => string | null,
  why = 'Its value is the default of the new parameter; postconf warns that it will go.',
): PostfixRule {
  return {
    what,
    kind: 'parameter',
    since: '3.11',
    state: 'deprecated',
    instead: `\`${to}\``,
    step: { how: 'rename', to, ...(value && { value }) },
    task: 'sasl',
    why,
    source: `${DEPRECATION}; ${NOTES('3.11')}, 20251027`,
  };
}

/** Parameters with a new name. Each has its new name since 3.7 or earlier, and the old one still worked. */
export const RENAMED_RULES: readonly PostfixRule[] = [
  renamed('authorized_verp_clients', 'smtpd_authorized_verp_clients'),
  renamed('fallback_relay', 'smtp_fallback_relay'),
  renamed('virtual_maps', 'virtual_alias_maps'),
  renamed('smtpd_per_record_deadline', 'smtpd_per_request_deadline', unlessEmpty),
  renamed('smtp_per_record_deadline', 'smtp_per_request_deadline', unlessEmpty),
  renamed('lmtp_per_record_deadline', 'lmtp_per_request_deadline', unlessEmpty),
  renamed('postscreen_blacklist_action', 'postscreen_denylist_action', unlessEmpty),
  renamed('postscreen_whitelist_interfaces', 'postscreen_allowlist_interfaces', unlessEmpty),
  renamed('postscreen_dnsbl_whitelist_threshold', 'postscreen_dnsbl_allowlist_threshold', unlessEmpty),
  renamed(
    'postscreen_dnsbl_ttl',
    'postscreen_dnsbl_max_ttl',
    (old) => (/^\d+$/.test(old) ? `${old}h` : unlessEmpty(old)),
    'Its value is the default of the new parameter, with the unit h appended: a bare number is a number of hours.',
  ),
  renamed(
    'smtpd_client_connection_limit_exceptions',
    'smtpd_client_event_limit_exceptions',
    (old) => (old === '' ? null : ''),
    'Where it is set, the new parameter is empty (its default is `${…:$mynetworks}`): no client is exempt from the limits. That stays so; name the clients that shall be exempt.',
  ),
  renamed('tlsproxy_client_level', 'tlsproxy_client_security_level', unlessEmpty),
  renamed('tlsproxy_client_policy', 'tlsproxy_client_policy_maps', unlessEmpty),
];
