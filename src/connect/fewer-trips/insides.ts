/** The parts of ssh2's client that this folder uses (lib/client.js, lib/protocol/Protocol.js and lib/utils.js of 1.17). */
import type { Client, ParsedKey } from 'ssh2';

export type Sign = (data: Buffer, done: (signature: Buffer) => void) => void;

export interface SshProtocol {
  service(name: string): void;
  authPK(user: string, key: ParsedKey, algorithm?: string, sign?: Sign): void;
  session(channel: number, window: number, packetSize: number): void;
  exec(channel: number, command: string, wantsReply: boolean): void;
  readonly _handlers: Handlers;
  /** Undefined unless a key exchange is under way. */
  readonly _kexinit: object | undefined;
  readonly _cipher: { encrypt(packet: Buffer): void };
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(size: number): Buffer;
      finalize(packet: Buffer): Buffer;
    };
  };
}

/** Called for each message of the server. */
export interface Handlers {
  EXT_INFO: (protocol: SshProtocol, extensions: unknown) => void;
  SERVICE_ACCEPT: (protocol: SshProtocol, name: string) => void;
  USERAUTH_FAILURE: (protocol: SshProtocol, methods: string[], isPartial: boolean) => void;
  GLOBAL_REQUEST: (protocol: SshProtocol, name: string, wantsReply: boolean, data: unknown) => void;
  CHANNEL_OPEN_CONFIRMATION: (protocol: SshProtocol, about: { readonly recipient: number }) => void;
  CHANNEL_OPEN_FAILURE: (protocol: SshProtocol, recipient: number, reason: number, words: string) => void;
}

/** Our ends of channels, by their numbers. A function waits for the server's answer to the request that opens the channel. */
export interface Channels {
  add(opened: unknown): number;
  get(channel: number): unknown;
  update(channel: number, opened: unknown): void;
  remove(channel: number): void;
}

interface Insides {
  readonly _protocol: SshProtocol;
  readonly _chanMgr: Channels;
  /** The software in the server's identification, once that has come. */
  readonly _remoteVer: string | undefined;
}

/** @param client one that has begun to connect */
export const insides = (client: Client): Insides => client as unknown as Insides;
