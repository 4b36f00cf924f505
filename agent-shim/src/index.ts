export type {
  Beliefs,
  Channel,
  ChannelIdentity,
  DescribeFrame,
  FrameDescription,
  ShimOptions,
  Undecodable,
} from './options.js';
export { instrumentWebSocketClient, type ClientOptions } from './transports/ws/client.js';
export {
  instrumentWebSocketServer,
  type InstrumentedServer,
  type ServerOptions,
} from './transports/ws/server.js';
