import { nested, refuse, type OldSetting, type Converted, type Rule, type Scope } from './conversion.ts';
import { convertArgs } from './databases.ts';
import { convertFields } from './fields.ts';
import { yes } from './old-values.ts';

const SOURCE = 'Dovecot documentation, "Upgrading from 2.3 to 2.4", section naming; passdb; userdb';

const DRIVERS = 'bsdauth imap ldap lua oauth2 pam passwd passwd-file prefetch sql static'.split(' ');

/** The block's header names the driver; a `driver` line follows if the block has another name. */
function driver({ value, block }: OldSetting, { nameOf }: Scope): Converted {
  if (!DRIVERS.includes(value)) {
    return refuse(`choose a driver that 2.4 has (${DRIVERS.join(', ')}): 2.4 has no driver ${value}`);
  }
  return { lines: value === nameOf(block) ? [] : [`driver = ${value}`] };
}

function fieldList(mark: string) {
  return ({ value, block }: OldSetting, scope: Scope): Converted => {
    const fields = convertFields(value, block.type, scope, mark);
    if (!Array.isArray(fields)) return fields;
    return fields.length === 0 ? { drop: true } : { lines: nested('fields', fields) };
  };
}

/** Settings that passdb and userdb share. */
const shared = (place: 'passdb' | 'userdb'): Rule[] => [
  {
    place,
    old: 'driver',
    now: `${place} DRIVER {`,
    by: driver,
    why: 'Blocks have names; the name is also the driver unless `driver` is set.',
    source: SOURCE,
  },
  {
    place,
    old: 'args',
    now: 'passwd_file_path, pam_service_name, static_password, sql_query, ldap_filter, …',
    by: convertArgs,
    why: 'Each argument is a separate setting; files such as dovecot-sql.conf.ext are included here. A passdb for tokens becomes `oauth2 { }`.',
    source: 'Dovecot documentation, authentication databases',
  },
  {
    place,
    old: 'default_fields',
    now: 'fields { NAME:default = … }',
    by: fieldList(':default'),
    why: 'One list for both kinds of fields.',
    source: SOURCE,
  },
  {
    place,
    old: 'override_fields',
    now: 'fields { NAME = … }',
    by: fieldList(''),
    why: 'One list for both kinds of fields.',
    source: SOURCE,
  },
  {
    place,
    old: 'auth_verbose',
    now: 'auth_verbose',
    by: ({ value }) => (value === 'default' ? { drop: true } : { lines: [`auth_verbose = ${value}`] }),
    why: '`default` meant the default, which needs no setting.',
    source: SOURCE,
  },
  {
    place,
    old: 'name',
    now: `${place} NAME {`,
    by: () => ({ lines: [] }),
    why: 'The block itself has the name.',
    source: SOURCE,
  },
];

export const auth: readonly Rule[] = [
  ...shared('passdb'),
  {
    place: 'passdb',
    old: 'pass',
    now: 'result_success = continue',
    by: ({ value }) => (yes(value) ? { lines: ['result_success = continue'] } : { drop: true }),
    why: 'After a master user the next passdbs are checked too.',
    source: 'Dovecot documentation, master users',
  },
  {
    place: 'passdb',
    old: 'mechanisms',
    now: 'mechanisms_filter',
    why: 'Renamed.',
    source: SOURCE,
  },
  ...shared('userdb'),
];
