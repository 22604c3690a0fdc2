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
    id: z.string().describe("entry of master.cf, or Dovecot's service and listener"),
    daemon: z.enum(MAIL_DAEMONS),
    program: z.string().describe('the program that answers'),
    behind: z.string().describe('`postscreen` if it is in front; else empty'),
    addresses: z.array(z.string()).describe('`*` is every address'),
    port: z.int().min(1).max(65535).nullable().describe('null if the name of the port is unknown'),
    ...placeShape(z),
    tls: z
      .enum(TLS_LEVELS)
      .describe('`optional`: STARTTLS is offered; `required`: nothing is accepted before it; `implicit`: TLS first'),
    auth: z
      .object({
        offered: z.enum(AUTH_OFFERS),
        exceptions: z.string().describe('networks to which AUTH is not offered'),
        type: z.string().describe('`dovecot` or `cyrus`'),
        path: z.string().describe('socket or service of the backend; for Dovecot its user databases'),
        mechanisms: z.array(z.string()).describe('empty if another program decides'),
      })
      .describe('whether clients may log in, and which backend checks the password'),
    proxy: z.string().describe('`haproxy` if a proxy must be in front; else empty'),
    filters: z.array(z.string()).describe('filters that mail passes, with their setting'),
    certificates: z.array(z.string()).describe('paths, with their setting'),
    decisions: z
      .array(
        z.object({
          client: z.enum(CLIENT_CLASSES),
          destination: z
            .enum(DESTINATIONS)
            .describe('`local`: a recipient of this host; `relay`: a recipient elsewhere'),
          verdict: z
            .enum(VERDICTS)
            .describe(
              '`accepted`: unless a check refuses; `checked`: refused unless a check permits; `no-login`: the class needs a login, and none is offered',
            ),
          checks: z.array(z.string()).describe('checks that run before the verdict, in order'),
          why: z.string().describe('the restriction that decides; for `unknown`, the part that is not understood'),
        }),
      )
      .describe('empty for a way in that takes no mail'),
  });

export const mapSchema = once((z) =>
  z
    .object({
      ways: z.array(wayIn(z)).describe('every listener that clients can reach'),
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
        .describe('sockets on which programs check passwords'),
      out: z
        .array(
          z.object({
            id: z.string(),
            program: z.string(),
            tls: z.string().describe("Postfix's name: `none`, `may`, `dane`, `encrypt`, …"),
            ...placeShape(z),
          }),
        )
        .describe('services that deliver mail to other hosts'),
      networks: z.string().describe('mynetworks of main.cf; empty if it is not set'),
      dangers: z
        .array(
          z.object({
            id: z.string().describe('its kind; `any-sender` is information only'),
            text: z.string(),
            ...placeShape(z),
            hint: z.string().describe('how to fix it'),
          }),
        )
        .describe('dangers in the present configuration'),
    })
    .meta({ id: 'map' }),
);

/** The map in a document. */
export type MapOfDocument = Frozen<z.output<ReturnType<typeof mapSchema>>>;
