/** The location of a user's own mails, where a database has it in 2.3's words: `maildir:/srv/x:INDEX=/var/i/x` (2.3 documentation, "Mail location settings"). */
import { refuse, type Scope } from './conversion.ts';
import { convertLocation } from './mail-location.ts';
import { convertVariables } from './variables.ts';

/** The parts that a location of a user's own may have besides the format and the path. */
export const LOCATION_OPTIONS = {
  mail_index_path: 'INDEX',
  mail_control_path: 'CONTROL',
  mail_volatile_path: 'VOLATILEDIR',
} as const;

const REST = `([^:%]|:(${Object.values(LOCATION_OPTIONS).join('|')})=)*`;

/**
 * The format of a location. Of any other form the whole text stays, which is no format: 2.4 ends the session with an error, and never looks for mails in
 * another place. Without a format both releases look what is there. 2.4.1 replaces the whole text, so each pattern fits all of it.
 */
const FORMAT = [
  `regexp('^(maildir|mbox):${REST}$', '\\\\1')`,
  "regexp('^([sm]dbox):[^:%]*$', '\\\\1')",
  "regexp('^[/~][^:%]*$', 'auto')",
];

/**
 * The settings of 2.4 for the location in a field, such as `sql:old_mail`. In 2.3 a location replaces mail_location completely.
 * @param missing the location of users without the field; null if no user lacks it
 * @returns `name = value` lines, or a refusal where mail_location has a part that these lines cannot reset
 */
export function ownLocation(
  field: string,
  scope: Scope,
  missing: string | null = null,
): string[] | { readonly refuse: string } {
  const above = convertLocation(scope.global('mail_location') ?? '');
  const names = 'lines' in above ? above.lines.map((line) => line.replace(/ =.*/, '')) : [];
  const other = names.find((name) => !/^mail_(driver|path)$/.test(name) && !Object.hasOwn(LOCATION_OPTIONS, name));
  if (other !== undefined)
    return refuse(`return mail_driver and mail_path instead of mail: mail_location sets ${other}`);
  const first = missing === null ? field : `${field} | default('${missing}')`;
  const line = (name: string, filters: readonly string[]): string => `${name} = %{${[first, ...filters].join(' | ')}}`;
  return [
    line('mail_driver', FORMAT),
    line('mail_path', ["regexp('^([a-z]+:)?([^:]*)(:.*)?$', '\\\\2')"]),
    ...Object.entries(LOCATION_OPTIONS).map(([name, key]) =>
      line(name, [
        `regexp('^.*:${key}=([^:]*).*$', '=\\\\1')`,
        "regexp('^[^=].*$', '=')",
        "regexp('^=(.*)$', '\\\\1')",
      ]),
    ),
  ];
}

/** mail_location in 2.4's words as a text of SQL, for users whose column is NULL; null: it is not set, or such a text cannot have it. */
export function commonLocation({ global }: Scope): string | null {
  const value = (global('mail_location') ?? '').replace(/^(\w+:)%h(?=\/)/, '$1~');
  const now = convertVariables(value, 'mail_location');
  return typeof now !== 'string' || now === '' || /['"\\]|%%|%\{home/.test(now) ? null : now;
}
