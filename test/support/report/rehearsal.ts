/** A rehearsal of an upgrade, from the output of one of a stock Debian 12 host (2026-11-30, two processors), with some of its files. */
import type { Rehearsal } from '../../../src/model/index.ts';

export const REHEARSAL: Rehearsal = {
  good: true,
  verdict:
    'apply, verify, rollback, upgrade to trixie, apply after it, verify after it worked, and the longest outage of a port was 38 s',
  release: 'bookworm',
  acts: [
    {
      name: 'as it is',
      seconds: 0.4,
      faults: [],
      notes: ['works: mail by 25, delivery of these mails, read by 143, read by 993, read by 110, read by 995'],
      outages: [],
      files: [],
    },
    {
      name: 'apply',
      seconds: 4.8,
      faults: [],
      notes: ['34 settings in 6 files changed, 59 checks passed'],
      outages: [],
      files: [
        {
          path: '/etc/dovecot/conf.d/10-auth.conf',
          mode: '0644',
          owner: 'root:root',
          diff: "--- /etc/dovecot/conf.d/10-auth.conf\n+++ /etc/dovecot/conf.d/10-auth.conf\n@@ -8,6 +8,7 @@\n # connection is considered secure and plaintext authentication is allowed.\n # See also ssl=required setting.\n #disable_plaintext_auth = yes\n+disable_plaintext_auth = yes\n \n # Authentication cache size (e.g. 10M). 0 means it's disabled. Note that\n # bsdauth and PAM require cache_key to be set for caching to be used.\n@@ -97,7 +98,7 @@\n #   plain login digest-md5 cram-md5 ntlm rpa apop anonymous gssapi otp\n #   gss-spnego\n # NOTE: See also disable_plaintext_auth setting.\n-auth_mechanisms = plain\n+auth_mechanisms = plain login\n \n ##\n ## Password and user databases\n",
        },
        {
          path: '/etc/postfix/master.cf',
          mode: '0644',
          owner: 'root:root',
          diff: '--- /etc/postfix/master.cf\n+++ /etc/postfix/master.cf\n@@ -10,6 +10,9 @@\n #               (yes)   (yes)   (no)    (never) (100)\n # ==========================================================================\n smtp      inet  n       -       y       -       -       smtpd\n+  -o smtpd_sasl_auth_enable=yes\n+  -o broken_sasl_auth_clients=yes\n+  -o smtpd_tls_auth_only=yes\n #smtp      inet  n       -       y       -       1       postscreen\n #smtpd     pass  -       -       y       -       -       smtpd\n #dnsblog   unix  -       -       y       -       0       dnsblog\n@@ -49,6 +52,16 @@\n #  -o smtpd_relay_restrictions=\n #  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject\n #  -o milter_macro_daemon_name=ORIGINATING\n+submissions inet  n       -       y       -       -       smtpd\n+  -o syslog_name=postfix/smtps\n+  -o smtpd_tls_wrappermode=yes\n+  -o smtpd_tls_security_level=encrypt\n+  -o smtpd_sasl_auth_enable=yes\n+  -o smtpd_reject_unlisted_recipient=no\n+  -o smtpd_client_restrictions=permit_sasl_authenticated,reject\n+  -o smtpd_recipient_restrictions=\n+  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n+  -o milter_macro_daemon_name=ORIGINATING\n #628       inet  n       -       y       -       -       qmqpd\n pickup    unix  n       -       y       60      1       pickup\n cleanup   unix  n       -       y       -       0       cleanup\n',
        },
      ],
    },
    {
      name: 'verify',
      seconds: 0.7,
      faults: [],
      notes: [
        '59 checks passed',
        'works: mail by 25, send by 465, delivery of these mails, read by 143, read by 993, read by 110, read by 995',
      ],
      outages: [],
      files: [],
    },
    {
      name: 'rollback',
      seconds: 2.2,
      faults: [],
      notes: ['6 files changed, 5 checks passed'],
      outages: [],
      files: [],
    },
    {
      name: 'upgrade',
      seconds: 45.6,
      faults: [],
      notes: [
        'apt-get full-upgrade to trixie ended with 100',
        'Dovecot does not run',
        "imap-login: Error: imap-login(init): Fatal: Couldn't load required plugin /usr/lib/dovecot/modules/libssl_iostream_openssl.so: dlopen() failed: libssl.so.3: cannot open shared object file: No such file or directory",
        "pop3-login: Error: pop3-login(init): Fatal: Couldn't load required plugin /usr/lib/dovecot/modules/libssl_iostream_openssl.so: dlopen() failed: libssl.so.3: cannot open shared object file: No such file or directory",
        'pop3-login: Fatal: master: service(pop3-login): child returned error 89 (Fatal failure)',
        'imap-login: Fatal: master: service(imap-login): child returned error 89 (Fatal failure)',
        'doveconf: Fatal: Error in configuration file /etc/dovecot/dovecot.conf line 24: The first setting must be dovecot_config_version',
      ],
      outages: [
        {
          port: 25,
          seconds: 0.3,
        },
        {
          port: 110,
          seconds: 38,
        },
        {
          port: 143,
          seconds: 38,
        },
        {
          port: 993,
          seconds: 38,
        },
        {
          port: 995,
          seconds: 38,
        },
      ],
      files: [
        {
          path: '/etc/dovecot/conf.d/10-metrics.conf',
          mode: '0644',
          owner: 'root:root',
          diff: '--- /dev/null\n+++ /etc/dovecot/conf.d/10-metrics.conf\n@@ -0,0 +1,122 @@\n+##\n+## Statistics and metrics\n+##\n+\n+# Dovecot supports gathering statistics from events.\n+# Currently there are no statistics logged by default, and therefore they must\n+# be explicitly added using the metric configuration blocks.\n+#\n+# Unlike old stats, the new statistics do not require any plugins loaded.\n+#\n+# See https://doc.dovecot.org/latest/core/config/statistics.html for details\n+\n+##\n+## Example metrics\n+##\n+\n+#metric auth_success {\n+#  filter = (event=auth_request_finished AND success=yes)\n+#}\n+#\n+#metric auth_failure {\n+#  filter = (event=auth_request_finished AND NOT success=yes)\n+## See exporter config later in this file\n+## can be used to replace auth_verbose=yes\n+#  exporter = log\n+#}\n+#\n+#metric imap_command {\n+#  filter = event=imap_command_finished\n+#  group_by cmd_name {\n+#    method discrete {\n+#    }\n+#  }\n+#  group_by tagged_reply_state {\n+#    method discrete {\n+#    }\n+#  }\n+#}\n+#\n+#metric smtp_command {\n+#  filter = event=smtp_server_command_finished and protocol=submission\n+#  group_by cmd_name {\n+#     method discrete {\n+#    }\n+#  }\n+#  group_by status_code {\n+#     method discrete {\n+#    }\n+#  }\n+#  group_by duration {\n+#     method exponential {\n+#       base = 10\n+#       min_magnitude = 1\n+#       max_magnitude = 5\n+#    }\n+#  }\n+#}\n+#\n+#metric lmtp_command {\n+#  filter = event=smtp_server_command_finished and protocol=lmtp\n+#  group_by cmd_name {\n+#     method discrete {\n+#    }\n+#  }\n+#  group_by status_code {\n+#     method discrete {\n+#    }\n+#  }\n+#  group_by duration {\n+#     method exponential {\n+#       base = 10\n+#       min_magnitude = 1\n+#       max_magnitude = 5\n+#    }\n+#  }\n+#}\n+#\n+#metric mail_delivery {\n+#  filter = event=mail_delivery_finished\n+#  group_by duration {\n+#     method exponential {\n+#       base = 10\n+#       min_magnitude = 1\n+#       max_magnitude = 5\n+#     }\n+#  }\n+#}\n+\n+##\n+## Prometheus\n+##\n+\n+# To allow access to statistics with Prometheus, enable http listener\n+# on stats process. Stats will be available on /metrics path.\n+#\n+# See https://doc.dovecot.org/latest/core/config/statistics.html#openmetrics for more\n+# details.\n+\n+#service stats {\n+#  inet_listener http {\n+#    port = 9900\n+#  }\n+#}\n+\n+##\n+## Event exporting\n+##\n+\n+# You can also export individual events.\n+#\n+# See https://doc.dovecot.org/configuration_manual/event_export/ for more\n+# details.\n+\n+#event_exporter log {\n+#  format = json\n+#  time_format = rfc3339\n+#}\n+#\n+#metric imap_commands {\n+#  exporter = log\n+#  filter = event=imap_command_finished\n+#}\n',
        },
      ],
    },
    {
      name: 'apply after it',
      seconds: 10.6,
      faults: [],
      notes: ['51 settings in 12 files changed, 59 checks passed'],
      outages: [
        {
          port: 25,
          seconds: 1.5,
        },
        {
          port: 110,
          seconds: 6.2,
        },
        {
          port: 143,
          seconds: 6.2,
        },
        {
          port: 993,
          seconds: 6.2,
        },
        {
          port: 995,
          seconds: 6.2,
        },
      ],
      files: [
        {
          path: '/etc/dovecot/conf.d/10-auth.conf',
          mode: '0644',
          owner: 'root:root',
          diff: '--- /etc/dovecot/conf.d/10-auth.conf\n+++ /etc/dovecot/conf.d/10-auth.conf\n@@ -97,7 +97,7 @@\n #   plain login digest-md5 cram-md5 ntlm rpa apop anonymous gssapi otp\n #   gss-spnego\n # NOTE: See also disable_plaintext_auth setting.\n-auth_mechanisms = plain\n+auth_mechanisms = plain login\n \n ##\n ## Password and user databases\n@@ -125,3 +125,4 @@\n #!include auth-passwdfile.conf.ext\n #!include auth-checkpassword.conf.ext\n #!include auth-static.conf.ext\n+auth_allow_cleartext = no\n',
        },
        {
          path: '/etc/dovecot/conf.d/10-mail.conf',
          mode: '0644',
          owner: 'root:root',
          diff: '--- /etc/dovecot/conf.d/10-mail.conf\n+++ /etc/dovecot/conf.d/10-mail.conf\n@@ -27,7 +27,9 @@\n #\n # <doc/wiki/MailLocation.txt>\n #\n-mail_location = mbox:~/mail:INBOX=/var/mail/%u\n+mail_driver = mbox\n+mail_path = ~/mail\n+mail_inbox_path = /var/mail/%{user}\n \n # If you need to set multiple mailbox locations or want to change default\n # namespace settings, you can do it by defining namespace sections.\n',
        },
      ],
    },
    {
      name: 'verify after it',
      seconds: 1.2,
      faults: [],
      notes: [
        '59 checks passed',
        'works: mail by 25, send by 465, delivery of these mails, read by 143, read by 993, read by 110, read by 995',
      ],
      outages: [],
      files: [],
    },
    {
      name: 'with the files of the packages',
      seconds: 50,
      faults: [],
      notes: [
        'apt-get full-upgrade to trixie ended with 0',
        "pop3-login: Error: pop3-login(init): Fatal: Couldn't load required plugin /usr/lib/dovecot/modules/libssl_iostream_openssl.so: dlopen() failed: libssl.so.3: cannot open shared object file: No such file or directory",
        'pop3-login: Fatal: master: service(pop3-login): child returned error 89 (Fatal failure)',
        "imap-login: Error: imap-login(init): Fatal: Couldn't load required plugin /usr/lib/dovecot/modules/libssl_iostream_openssl.so: dlopen() failed: libssl.so.3: cannot open shared object file: No such file or directory",
        'imap-login: Fatal: master: service(imap-login): child returned error 89 (Fatal failure)',
        'doveconf: Fatal: Error in configuration file /etc/dovecot/dovecot.conf: protocols: Unknown protocol: $protocols',
        "in place of the host's own: /etc/dovecot/conf.d/10-auth.conf, /etc/dovecot/conf.d/10-logging.conf, /etc/dovecot/conf.d/10-mail.conf, /etc/dovecot/conf.d/10-master.conf, /etc/dovecot/conf.d/10-ssl.conf, /etc/dovecot/conf.d/15-lda.conf, /etc/dovecot/conf.d/20-imap.conf, /etc/dovecot/conf.d/20-pop3.conf, /etc/dovecot/conf.d/90-acl.conf, /etc/dovecot/conf.d/90-quota.conf, /etc/dovecot/conf.d/auth-deny.conf.ext, /etc/dovecot/conf.d/auth-master.conf.ext, /etc/dovecot/conf.d/auth-passwdfile.conf.ext, /etc/dovecot/conf.d/auth-sql.conf.ext, /etc/dovecot/conf.d/auth-static.conf.ext, /etc/dovecot/conf.d/auth-system.conf.ext, /etc/dovecot/dovecot.conf, /etc/ssh/sshd_config",
        'apply: 33 settings in 6 files changed, 59 checks passed',
      ],
      outages: [
        {
          port: 25,
          seconds: 1.7,
        },
        {
          port: 110,
          seconds: 31.9,
        },
        {
          port: 143,
          seconds: 31.9,
        },
        {
          port: 993,
          seconds: 32,
        },
        {
          port: 995,
          seconds: 32,
        },
      ],
      files: [],
    },
  ],
  sameDiff: true,
  unrehearsed: ['mail to and from other servers: the copy reaches no network'],
  upgradeTo: 'trixie',
  differences: ['/etc/aliases: what may be secret is replaced'],
};
