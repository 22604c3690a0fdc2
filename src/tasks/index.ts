import { certbot } from './certbot.ts';
import { dovecotSsl } from './dovecot-ssl.ts';
import { install } from './install.ts';
import { plaintext } from './plaintext.ts';
import { restart } from './restart.ts';
import { sasl } from './sasl.ts';
import { smtps } from './smtps.ts';
import { starttls } from './starttls.ts';
import type { Task } from './task.ts';

/** The recipe. The order matters: each task depends on those before it. */
export const RECIPE: readonly Task[] = [
  install, //    the programs
  certbot, //    a certificate, and daemons that load its renewals
  sasl, //       who may send: Postfix asks Dovecot
  starttls, //   SMTP over TLS on 25
  smtps, //      SMTP inside TLS on 465
  plaintext, //  no login without TLS
  dovecotSsl, // IMAPS and POP3S
  restart, //    the daemons load the changes
];
