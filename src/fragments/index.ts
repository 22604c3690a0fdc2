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

/** The settings of the recipe, in its order. */
const STANDARD: readonly Fragment[] = [
  ...sasl,
  ...starttls,
  ...sniPostfix,
  ...smtps,
  ...plaintext,
  ...dovecotSsl,
  ...sniDovecot,
];

/** The additional settings of profile strict, in the order of their tasks. */
const STRICT: readonly Fragment[] = [...strictSmtp, ...strictTls, ...submission, ...strictDovecot].sort(
  (one, other) => TASKS.indexOf(one.task) - TASKS.indexOf(other.task),
);

/** Every setting that the tool knows. */
export const FRAGMENTS: readonly Fragment[] = [...STANDARD, ...STRICT];
