import type { WebSocket } from 'ws';
import { ChannelEnd } from '../../channel-end.js';
import { Guard } from '../../guard.js';
import type { Beliefs, Channel, ChannelIdentity, ShimOptions } from '../../options.js';
import { claimsOf, WatchedSocket } from './socket.js';

export interface ClientOptions extends ShimOptions {
  readonly channel: ChannelIdentity;
  /** Asked at each report of the state. */
  readonly beliefs?: () => Beliefs;
}

/**
 * Watches an agent's `ws` client: its attempt to connect, its frames, its state, its close. Call it right after the
 * constructor, once for each new socket.
 *
 * @returns what the application may tell beyond that; never throws
 */
export function instrumentWebSocketClient(socket: WebSocket, options: ClientOptions): Channel {
  const channel = new ChannelEnd({
    end: 'agent',
    transport: 'websocket',
    identity: options.channel,
    options,
    beliefs: options.beliefs,
    claims: () => claimsOf(socket),
    ...addressOf(socket.url),
  });
  const settings = { end: 'agent', listenersHandle: options.handling !== 'explicit' } as const;
  channel.guard.run(() => new WatchedSocket(socket, channel, { ...settings, onClosed: () => undefined }));
  return channel;
}

function addressOf(url: string): { address?: { host: string; port: number } } {
  const parsed = new Guard().run(() => new URL(url));
  if (parsed === undefined) return {};
  const port = parsed.port === '' ? (parsed.protocol === 'wss:' ? 443 : 80) : Number(parsed.port);
  return { address: { host: parsed.hostname, port } };
}
