import type { ClientClass } from '../model/index.ts';

/** The properties of a client class that a restriction can see. */
export interface Client {
  readonly network: boolean;
  readonly login: 'none' | 'own' | 'foreign';
  /** smtpd_sender_login_maps gives the sender address to some user. */
  readonly localSender: boolean;
  /** Every check_sasl_access refuses this user. */
  readonly blocked: boolean;
}

const stranger: Client = { network: false, login: 'none', localSender: false, blocked: false };

export const CLIENTS: Readonly<Record<ClientClass, Client>> = {
  stranger,
  'stranger-local-sender': { ...stranger, localSender: true },
  network: { ...stranger, network: true },
  'network-local-sender': { ...stranger, network: true, localSender: true },
  user: { ...stranger, login: 'own', localSender: true },
  'user-foreign-sender': { ...stranger, login: 'foreign', localSender: true },
  'user-blocked': { ...stranger, login: 'own', localSender: true, blocked: true },
  'network-user': { ...stranger, network: true, login: 'own', localSender: true },
};

/** Each class as a noun phrase for messages. */
export const CLIENT_NAMES: Readonly<Record<ClientClass, string>> = {
  stranger: 'a stranger',
  'stranger-local-sender': "a stranger with one of this host's senders",
  network: 'a client in mynetworks',
  'network-local-sender': "a client in mynetworks with one of this host's senders",
  user: 'a user with an own sender',
  'user-foreign-sender': "a user with somebody else's sender",
  'user-blocked': 'a blocked user',
  'network-user': 'a user in mynetworks',
};
