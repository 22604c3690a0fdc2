import type { Rule } from './conversion.ts';
import { unlimited } from './old-values.ts';

const SOURCE = 'Dovecot documentation, "Upgrading from 2.3 to 2.4", converted settings';

/** Services that Dovecot 2.4 does not have: their settings have no effect. */
export const GONE_SERVICES: ReadonlySet<string> = new Set(
  'director ipc old-stats replicator aggregator tcpwrap ssl-params'.split(' '),
);

/** The value that 2.3 printed for no limit. */
const NO_LIMIT = /^18446744073709551615( B)?$/;

export const service: readonly Rule[] = [
  {
    place: 'service',
    old: 'service_count',
    now: 'restart_request_count',
    value: unlimited,
    why: 'Renamed; no limit is `unlimited` now.',
    source: SOURCE,
  },
  {
    place: 'service',
    old: 'idle_kill',
    now: 'idle_kill_interval',
    by: ({ value }) => (value === '0' ? { drop: true } : { lines: [`idle_kill_interval = ${value}`] }),
    why: 'Renamed; 0 meant the default.',
    source: SOURCE,
  },
  ...['process_limit', 'client_limit'].map((name): Rule => {
    return {
      place: 'service',
      old: name,
      now: name,
      by: ({ value }) => ({ lines: [`${name} = ${value === '0' ? `$SET:default_${name}` : value}`] }),
      why: '0 meant the default for all services; 2.4 refuses it.',
      source: `Dovecot documentation, service_${name}`,
    };
  }),
  {
    place: 'service',
    old: 'vsz_limit',
    now: 'vsz_limit',
    value: (value) => (NO_LIMIT.test(value) ? 'unlimited' : value),
    why: 'No limit is `unlimited` now.',
    source: 'Dovecot documentation, service_vsz_limit',
  },
  {
    place: 'listener',
    old: 'address',
    now: 'listen',
    why: 'The global setting has the same name.',
    source: SOURCE,
  },
  {
    place: 'listener',
    old: 'reuse_port',
    now: 'service { reuse_port } from 2.4.2 on',
    by: ({ value }, { version }) => {
      if (value === 'no') return { drop: true };
      if (/^2\.4\.[01]$/.test(version)) return { lines: [`reuse_port = ${value}`] };
      return { refuse: 'move it from the listener into its service' };
    },
    why: 'It has moved to the service.',
    source: 'Dovecot documentation, service_reuse_port',
  },
];
