/** How a host's ending is shown: in text, in the JSON document and on the HTML page. One view for each kind of ending. */
import type { ChalkInstance } from 'chalk';
import type { z, ZodObject } from 'zod';
import type { Change, Ending, HostResult } from '../model/index.ts';
import type { Markup } from './markup.ts';

export type Kind = Ending['kind'];
type Of<K extends Kind> = Extract<Ending, { kind: K }>;

/** A host's result with an ending of this kind. */
export type Ended<K extends Kind> = HostResult & { readonly ending: Of<K> };

/** zod itself, which is slow to load: only `report`, tests and the generated documents need it. */
export type Zod = typeof z;

export type DiffsOf = (changes: readonly Change[]) => Promise<readonly string[]>;

/** A type with all parts read-only. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

interface Description<K extends Kind, S extends ZodObject> {
  readonly kind: K;
  /** The host's word in the total of several hosts: `2 changed`. */
  readonly total: string;
  /** The same for an exit code other than 0; default `failed`. */
  readonly totalAtFault?: string;
  /** The last lines for a host in a terminal. */
  readonly lines: (result: Ended<K>, chalk: ChalkInstance) => string[];
  /** Lines above the findings. */
  readonly above?: (result: Ended<K>, chalk: ChalkInstance, diffsOf: DiffsOf) => Promise<string[]> | string[];
  /** Does --quiet print this although the exit code is 0? */
  readonly needsAttention?: (ending: Of<K>) => boolean;
  /** The fields of the JSON document that only this kind of ending has. */
  readonly schema: (zod: Zod) => S;
  readonly fields: (ending: Of<K>) => Frozen<z.input<S>>;
  /** Content of the host's unfolded part on the page. */
  readonly page?: (host: z.output<S>) => readonly Markup[];
  /** The summary in the page's row, in place of the number of changes and checks. */
  readonly gist?: (host: z.output<S>) => string;
}

/** A view with its types erased. */
export interface EndingView {
  readonly kind: Kind;
  /** The host's word in a total: `ok`, `changed`, `failed`. */
  readonly total: (exit: number) => string;
  readonly lines: (result: HostResult, chalk: ChalkInstance) => string[];
  readonly above: (result: HostResult, chalk: ChalkInstance, diffsOf: DiffsOf) => Promise<string[]>;
  readonly needsAttention: (ending: Ending) => boolean;
  readonly schema: (zod: Zod) => ZodObject;
  readonly fields: (ending: Ending) => object;
  readonly page: (host: unknown, zod: Zod) => readonly Markup[];
  readonly gist: (host: unknown, zod: Zod) => string | null;
}

export function endingView<K extends Kind, S extends ZodObject>(described: Description<K, S>): EndingView {
  const { kind, total, totalAtFault = 'failed', lines, above, needsAttention, schema, fields, page, gist } = described;
  const isOurs = (ending: Ending): ending is Of<K> => ending.kind === kind;
  const isEnded = (result: HostResult): result is Ended<K> => isOurs(result.ending);
  const wrong = (ending: Ending): Error => new Error(`the view of ${kind} got an ending ${ending.kind}`);
  return {
    kind,
    total: (exit) => (exit === 0 || kind === 'pending' ? total : totalAtFault),
    lines(result, chalk) {
      if (!isEnded(result)) throw wrong(result.ending);
      return lines(result, chalk);
    },
    async above(result, chalk, diffsOf) {
      if (!isEnded(result)) throw wrong(result.ending);
      return (await above?.(result, chalk, diffsOf)) ?? [];
    },
    needsAttention: (ending) => isOurs(ending) && needsAttention?.(ending) === true,
    schema,
    fields(ending) {
      if (!isOurs(ending)) throw wrong(ending);
      return fields(ending);
    },
    page: (host, zod) => page?.(schema(zod).parse(host)) ?? [],
    gist: (host, zod) => gist?.(schema(zod).parse(host)) ?? null,
  };
}

export type Views = ReadonlyMap<Kind, EndingView>;

export function viewsOf(views: readonly EndingView[]): Views {
  return new Map(views.map((view) => [view.kind, view]));
}

/** @throws Error for a kind that no command of this run ends with, which is a bug */
export function viewOf(views: Views, kind: Kind): EndingView {
  const view = views.get(kind);
  if (!view) throw new Error(`there is no view for the ending ${kind}`);
  return view;
}
