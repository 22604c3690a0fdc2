/** The common part of the two forms of Ansible's inventory. */
import type { Locate } from './parse-inventory.ts';

/** A group as the file has it; `all` is the parent of every group. */
export interface AnsibleGroup {
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly vars: Map<string, string>;
}

export interface AnsibleFile {
  readonly groups: Map<string, AnsibleGroup>;
  /** The variables of each host, in the order of the file. */
  readonly hosts: Map<string, Map<string, string>>;
  /** Names of variables and patterns that harden-mail does not read. */
  readonly unread: Set<string>;
  readonly locate: Locate;
}

export function newGroup(): AnsibleGroup {
  return { hosts: new Set(), children: new Set(), vars: new Map() };
}
