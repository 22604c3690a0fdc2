/** What one script on a host took. The script itself is not told: values of the inventory stand in it. */
export interface RemoteCommand {
  readonly host: string;
  /** As the script is called here: `gather`, `commit`, … */
  readonly name: string;
  readonly seconds: number;
  /** Bytes of the script, and of what it answered. */
  readonly sent: number;
  readonly received: number;
  /** Exit status; null where no answer came. */
  readonly code: number | null;
}
