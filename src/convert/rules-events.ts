/** Statistics: events that are exported, and metrics (2.3 documentation, "Event export"; 2.4 documentation, "Event Exporting"). */
import { nested, refuse, set, type Converted, type OldSetting, type Rule } from './conversion.ts';
import { own } from './blocks.ts';

const EXPORT = 'Dovecot documentation, "Event Export"';
const METRICS = 'Dovecot documentation, "Statistics"';

/** Waiting for an answer took 2.3 no longer than this. */
const TIMEOUT = 'http_client_request_timeout';

function transport({ value, block }: OldSetting): Converted {
  if (!/^(drop|file|http-post|log|unix)$/.test(value)) return refuse(`choose a driver that 2.4 has: ${value} is none`);
  const waits = value === 'http-post' && own(block, 'transport_timeout') === null;
  return { lines: [`driver = ${value}`, ...(waits ? [`${TIMEOUT} = 250 ms`] : [])] };
}

/** The new names of each transport's arguments. Those of other transports have no effect. */
const TARGETS: Readonly<Record<string, string>> = {
  'http-post': 'http_post_url',
  file: 'file_path',
  unix: 'unix_path',
};
const TIMEOUTS: Readonly<Record<string, string>> = { 'http-post': TIMEOUT, unix: 'unix_connect_timeout' };

function forTransport(names: Readonly<Record<string, string>>) {
  return ({ value, block }: OldSetting): Converted => {
    const now = names[own(block, 'transport') ?? ''];
    return now === undefined || value === '' ? { drop: true } : { lines: [set(now, value)] };
  };
}

function formatArgs({ value }: OldSetting): Converted {
  const [, time] = /^time-(rfc3339|unix)$/.exec(value) ?? [];
  if (value === '') return { drop: true };
  return time === undefined ? refuse(`rewrite ${value} as time_format`) : { lines: [`time_format = ${time}`] };
}

/** `cmd_name duration:exponential:1:5:10` → a block for each field, in this order. */
function groupBy({ value }: OldSetting): Converted {
  const lines: string[] = [];
  for (const word of value.split(/\s+/).filter((one) => one !== '')) {
    const [field = '', method = 'discrete', ...numbers] = word.split(':');
    const names = METHODS[method];
    if (
      names === undefined ||
      (method !== 'discrete' && numbers.length !== names.length) ||
      numbers.some((one) => !/^\d+$/.test(one))
    )
      return refuse(`rewrite ${word} in 2.4 syntax: harden-mail cannot convert it`);
    const inner = names.map((name, n) => `${name} = ${numbers[n]}`);
    lines.push(...nested(`group_by ${field}`, method === 'discrete' ? [] : nested(`method ${method}`, inner)));
  }
  return lines.length === 0 ? { drop: true } : { lines };
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  discrete: [],
  exponential: ['exponential_min_magnitude', 'exponential_max_magnitude', 'exponential_base'],
  linear: ['linear_min', 'linear_max', 'linear_step'],
};

const exporter = (old: string, now: string, by: Rule['by'], why: string): Rule => {
  return { place: 'event_exporter', old, now, ...(by && { by }), why, source: EXPORT };
};

export const events: readonly Rule[] = [
  exporter('transport', 'driver', transport, 'Renamed.'),
  exporter('transport_args', 'http_post_url, file_path, unix_path', forTransport(TARGETS), 'Each driver has its own setting.'),
  exporter('transport_timeout', `${TIMEOUT}, unix_connect_timeout`, forTransport(TIMEOUTS), 'Each driver has its own setting.'),
  exporter('format_args', 'time_format', formatArgs, 'The only argument is the form of times.'),
  {
    place: 'metric',
    old: 'group_by',
    now: 'group_by FIELD { method }',
    by: groupBy,
    why: 'Each field is a block.',
    source: METRICS,
  },
]; // oxfmt-ignore
