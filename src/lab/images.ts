/** The Debian releases that the lab can boot, and what each needs to be built and booted. */

export interface Release {
  /** apt suites that make it up; the first is the main one. The mirror is this machine's own. */
  readonly suites: readonly string[];
  readonly security: string | null;
  readonly aptOptions: readonly string[];
  /** Environment of systemd-nspawn. */
  readonly env: Readonly<Record<string, string>>;
}

/** systemd 256 and later boot on the unified cgroup hierarchy only; older machines must be told to give them one. */
const unified = { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' };

export const RELEASES = {
  // Its security pool is partly gone: what the index names can no longer be fetched.
  bullseye: { suites: ['bullseye'], security: null, aptOptions: ['Acquire::Check-Valid-Until "false"'], env: {} },
  bookworm: { suites: ['bookworm', 'bookworm-updates'], security: 'bookworm-security', aptOptions: [], env: {} },
  trixie: { suites: ['trixie', 'trixie-updates'], security: 'trixie-security', aptOptions: [], env: unified },
  forky: { suites: ['forky'], security: null, aptOptions: ['Acquire::Check-Valid-Until "false"'], env: unified },
} as const satisfies Record<string, Release>;

export type ReleaseName = keyof typeof RELEASES;
