/** Cost and outcome of one script on a host. The script's text is left out: it contains values of the inventory. */
export interface RemoteCommand {
  readonly host: string;
  /** This program's name for the script: `gather`, `commit`, … */
  readonly name: string;
  readonly seconds: number;
  /** Size of the script and of its output, bytes. */
  readonly sent: number;
  readonly received: number;
  /** Exit status; null without an answer. */
  readonly code: number | null;
}
