import { TASKS } from '../model/index.ts';
import { dovecotSsl } from './dovecot-ssl.ts';
import type { Fragment } from './fragment.ts';
import { plaintext } from './plaintext.ts';
import { sasl } from './sasl.ts';
import { smtps } from './smtps.ts';
import { sniDovecot, sniPostfix } from './sni.ts';
import { starttls } from './starttls.ts';
import { strictDovecot } from './strict-dovecot.ts';
import { strictSmtp } from './strict-smtp.ts';
import { strictTls } from './strict-tls.ts';
import { submission } from './submission.ts';

/** What the recipe asks for, in its order. */
const STANDARD: readonly Fragment[] = [
  ...sasl,
  ...starttls,
  ...sniPostfix,
  ...smtps,
  ...plaintext,
  ...dovecotSsl,
  ...sniDovecot,
];

/** What goes on top of it, by the same tasks. */
const STRICT: readonly Fragment[] = [...strictSmtp, ...strictTls, ...submission, ...strictDovecot].sort(
  (one, other) => TASKS.indexOf(one.task) - TASKS.indexOf(other.task),
);

/** Every setting the tool knows. */
export const FRAGMENTS: readonly Fragment[] = [...STANDARD, ...STRICT];
