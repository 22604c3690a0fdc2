/** `harden-mail map`: who can do what through which way in. It needs no plan, and therefore no mail domain. Nothing is written. */
import { connected, filesRead } from '../reading.ts';
import { each } from '../stages.ts';
import type { Flow, Step } from '../step.ts';
import { finish, type Begun } from '../visit.ts';
import { dangersThatCount, type ExposureMap } from '../../model/index.ts';
import { count } from '../../report/count.ts';
import { endingView } from '../../report/ending-view.ts';
import { FAILED } from '../../report/shared-endings.ts';
import { escape } from '../../report/escape.ts';
import { mapGist, mapInside } from '../../report/map-page.ts';
import { mapSchema } from '../../report/map-schema.ts';
import { mapLines } from '../../report/map-lines.ts';
import { headline } from '../../report/plan-lines.ts';

export const flow: Flow = (hosts, options, io) => each(hosts, readMap, options, io);

const readMap: Step<Begun, Begun> = async (from, options, say) => {
  const found = await filesRead(await connected(from, options, say), options, say);
  return finish(found, { kind: 'mapped', map: await options.compute(found.visit.name, 'map', found.snapshot) });
};

declare module '../../model/result.ts' {
  interface CommandEndings {
    readonly mapped: { readonly map: ExposureMap };
  }
}

const ending = endingView({
  kind: 'mapped',
  total: 'read',
  above: ({ host, facts, ending: { map } }, chalk) => [
    ...(facts ? [headline(host, facts, chalk)] : []),
    ...mapLines(map, chalk),
  ],
  lines({ host, ending: { map } }, chalk) {
    const dangers = dangersThatCount(map).length;
    const told = dangers === 0 ? chalk.green('no danger found') : chalk.red(count(dangers, 'danger'));
    const ways = count(map.ways.length, 'way') || 'no way';
    return [`${chalk.bold(escape(host))}  ${ways} in, ${told}. Nothing was written.`];
  },
  schema: (z) => z.object({ map: mapSchema(z).describe('who can do what through which way in') }),
  fields: ({ map }) => ({ map }),
  page: ({ map }) => mapInside(map),
  gist: ({ map }) => mapGist(map),
});

export const endings = [ending, FAILED];
