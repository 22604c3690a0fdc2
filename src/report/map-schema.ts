/** The exposure map in the JSON document. */
import type { z } from 'zod';
import {
  AUTH_OFFERS,
  CLIENT_CLASSES,
  DESTINATIONS,
  MAIL_DAEMONS,
  SOCKET_KINDS,
  TLS_LEVELS,
  VERDICTS,
} from '../model/index.ts';
import type { Frozen, Zod } from './ending-view.ts';
import { once } from './schema-parts.ts';

const placeShape = (z: Zod) => ({
  file: z.string(),
  line: z.int().min(0),
});

const wayIn = (z: Zod) =>
  z.object({
    id: z.string().describe('entry of master.cf, or service and listener of Dovecot'),
    daemon: z.enum(MAIL_DAEMONS),
    program: z.string().describe('what answers'),
    behind: z.string().describe('`postscreen` where that stands in front; else empty'),
    addresses: z.array(z.string()).describe('`*` is every address'),
    port: z.int().min(1).max(65535).nullable().describe('null where the name of the port is not known'),
    ...placeShape(z),
    tls: z
      .enum(TLS_LEVELS)
      .describe('`optional`: STARTTLS is offered; `required`: nothing is accepted before it; `implicit`: TLS first'),
    auth: z
      .object({
        offered: z.enum(AUTH_OFFERS),
        exceptions: z.string().describe('networks to which it is not offered'),
        type: z.string().describe('`dovecot` or `cyrus`'),
        path: z.string().describe('socket or service of the backend; of Dovecot its user databases'),
        mechanisms: z.array(z.string()).describe('empty where another program decides'),
      })
      .describe('where clients may log in, and who decides about their password'),
    proxy: z.string().describe('`haproxy` where a proxy must be in front; else empty'),
    filters: z.array(z.string()).describe('filters that mail passes, with their setting'),
    certificates: z.array(z.string()).describe('paths, with their setting'),
    decisions: z
      .array(
        z.object({
          client: z.enum(CLIENT_CLASSES),
          destination: z.enum(DESTINATIONS).describe('`local`: a recipient of this host; `relay`: somebody elsewhere'),
          verdict: z
            .enum(VERDICTS)
            .describe(
              '`accepted`: unless a check refuses; `checked`: refused unless a check permits; `no-login`: the class needs a login, and none is offered',
            ),
          checks: z.array(z.string()).describe('asked before the verdict, in order'),
          why: z.string().describe('what decides; of `unknown` what is not understood'),
        }),
      )
      .describe('empty for a way in that takes no mail'),
  });

export const mapSchema = once((z) =>
  z
    .object({
      ways: z.array(wayIn(z)).describe('every listener that clients reach'),
      sockets: z
        .array(
          z.object({
            path: z.string(),
            kind: z.enum(SOCKET_KINDS),
            mode: z.string().describe('octal, four digits; empty for `inet`'),
            user: z.string(),
            group: z.string(),
            ...placeShape(z),
          }),
        )
        .describe('sockets that say whether a password is right'),
      out: z
        .array(
          z.object({
            id: z.string(),
            program: z.string(),
            tls: z.string().describe("Postfix's word: `none`, `may`, `dane`, `encrypt`, …"),
            ...placeShape(z),
          }),
        )
        .describe('services that hand mail on to other hosts'),
      networks: z.string().describe('mynetworks of main.cf; empty where it is not set'),
      dangers: z
        .array(
          z.object({
            id: z.string().describe('`any-sender` is information only'),
            text: z.string(),
            ...placeShape(z),
            hint: z.string().describe('what to do about it'),
          }),
        )
        .describe('what is dangerous as it stands'),
    })
    .meta({ id: 'map' }),
);

/** A map as a document holds it. */
export type MapOfDocument = Frozen<z.output<ReturnType<typeof mapSchema>>>;
