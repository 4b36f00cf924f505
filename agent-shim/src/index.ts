export {
  type FrameCodec,
  type FrameScanner,
  type FrameSink,
  type ScanBounds,
  type ScannedFrame,
} from './codecs/codec.js';
export type { Header, HeaderFormat, Malformed } from './codecs/header-scanner.js';
export { headerCodec, lengthPrefix, qtx1, varintPrefix } from './codecs/headers.js';
export { ndjson } from './codecs/ndjson.js';
export { describeJson, type JsonFields } from './describe/json.js';
export { describeJsonRpc } from './describe/json-rpc.js';
export { describeOcppJ } from './describe/ocpp-j.js';
export type { Kinds } from './describe/parse.js';
export type {
  Beliefs,
  Channel,
  ChannelIdentity,
  DescribeFrame,
  FrameDescription,
  ShimOptions,
  Undecodable,
} from './options.js';
export { instrumentStream } from './transports/stream/instrument.js';
export type { ByteStream, Introduction, StreamOptions, StreamPair } from './transports/stream/options.js';
export {
  instrumentStreamServer,
  type InstrumentedStreamServer,
  type StreamServerOptions,
} from './transports/stream/server.js';
export { instrumentWebSocketClient, type ClientOptions } from './transports/ws/client.js';
export {
  instrumentWebSocketServer,
  type InstrumentedServer,
  type ServerOptions,
} from './transports/ws/server.js';
