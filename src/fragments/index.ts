import { dovecotSsl } from './dovecot-ssl.ts';
import type { Fragment } from './fragment.ts';
import { plaintext } from './plaintext.ts';
import { sasl } from './sasl.ts';
import { smtps } from './smtps.ts';
import { starttls } from './starttls.ts';

/** Every setting the tool knows, in the order of the recipe. */
export const FRAGMENTS: readonly Fragment[] = [...sasl, ...starttls, ...smtps, ...plaintext, ...dovecotSsl];
