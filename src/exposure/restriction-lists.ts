/** smtpd's restriction lists, in the order in which it evaluates them. */
export const LISTS = {
  client: 'smtpd_client_restrictions',
  helo: 'smtpd_helo_restrictions',
  sender: 'smtpd_sender_restrictions',
  relay: 'smtpd_relay_restrictions',
  recipient: 'smtpd_recipient_restrictions',
  data: 'smtpd_data_restrictions',
  endOfData: 'smtpd_end_of_data_restrictions',
} as const;
export type StageName = keyof typeof LISTS;
export const STAGES = Object.keys(LISTS) as StageName[];

/** Classes can stand in classes; this model follows them so deep. */
export const DEEPEST = 10;
