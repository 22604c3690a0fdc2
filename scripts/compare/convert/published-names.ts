/** The names of Dovecot's published rules for the step from 2.3 to 2.4: 2.4-converted-settings, 2.4-removed-settings and 2.4-var-expand. */

/** Settings that the table renames, and nothing else. */
export const RENAMED: Readonly<Record<string, string>> = {
  acl: 'acl_driver',
  acl_anyone: 'imap_acl_allow_anyone',
  address: 'listen',
  auth_default_realm: 'auth_default_domain',
  default_idle_kill: 'default_idle_kill_interval',
  idle_kill: 'idle_kill_interval',
  lazy_expunge: 'lazy_expunge_mailbox',
  mail_attachment_dir: 'mail_ext_attachment_path',
  mail_attachment_hash: 'mail_ext_attachment_hash',
  mail_attachment_min_size: 'mail_ext_attachment_min_size',
  push_notification_backend: 'push_notification_driver',
  quota_grace: 'quota_storage_grace',
  quota_max_mail_size: 'quota_mail_size',
  quota_over_flag: 'quota_over_status_current',
  quota_over_flag_lazy_check: 'quota_over_status_lazy_check',
  quota_over_flag_value: 'quota_over_status_mask',
  service_count: 'restart_request_count',
  ssl_alt_cert: 'ssl_server_alt_cert_file',
  ssl_alt_key: 'ssl_server_alt_key_file',
  ssl_ca_dir: 'ssl_client_ca_dir',
  ssl_ca_file: 'ssl_client_ca_file',
  ssl_cert: 'ssl_server_cert_file',
  ssl_cert_username_field: 'ssl_server_cert_username_field',
  ssl_client_cert: 'ssl_client_cert_file',
  ssl_client_key: 'ssl_client_key_file',
  ssl_dh: 'ssl_server_dh_file',
  ssl_key: 'ssl_server_key_file',
  ssl_key_password: 'ssl_server_key_password',
  ssl_require_crl: 'ssl_server_require_crl',
  ssl_verify_client_cert: 'ssl_server_request_client_cert',
};

/** Settings that the table removes without a successor. */
export const REMOVED = new Set('auth_stats imap_id_log quota_set sieve_global_dir sieve_vacation_max_subject_codepoints auth_worker_max_count'.split(' ')); // oxfmt-ignore

/** Variables of one letter. */
export const SHORT: Readonly<Record<string, string>> = {
  a: 'local_port',
  b: 'remote_port',
  c: 'secured',
  d: 'user | domain',
  h: 'home',
  l: 'local_ip',
  m: 'mechanism',
  n: 'user | username',
  p: 'client_pid',
  r: 'remote_ip',
  s: 'protocol',
  u: 'user',
  w: 'password',
};
/** Variables with a name. */
export const LONG: Readonly<Record<string, string>> = {
  auth_domain: 'auth_user | domain',
  auth_username: 'auth_user | username',
  lip: 'local_ip',
  lport: 'local_port',
  mech: 'mechanism',
  orig_user: 'original_user',
  real_lip: 'real_local_ip',
  real_rip: 'real_remote_ip',
  rip: 'remote_ip',
  rport: 'remote_port',
  service: 'protocol',
};
