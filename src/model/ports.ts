/** The names that master.cf uses for the mail ports (services(5), Postfix known_tcp_ports), each once. */
export const PORT_NAMES: Readonly<Record<number, readonly string[]>> = {
  25: ['smtp', '25'],
  465: ['465', 'smtps', 'submissions', 'ssmtp', 'urd'],
  587: ['587', 'submission'],
};
