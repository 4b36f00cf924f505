// An agent of the live fleet: dials out, says hello, beats, acknowledges commands and executes them one by one.
import { setTimeout as sleep } from 'node:timers/promises';
import { instrumentWebSocketClient, type Channel } from '@halfopen/agent-shim';
import { WebSocket } from 'ws';
import { endWithFleet, onOrder, settings as given, startTelemetry } from './process.js';
import { describeFrame, readFrame, TIMING, type AgentSettings, type Frame } from './protocol.js';

const settings = given() as AgentSettings;
const { identity } = settings;
const sdk = startTelemetry('demo-agent', identity.id, settings);
const broken = { 'handler-dead': false, 'handler-stuck': false, 'heartbeat-not-started': false };

let socket: WebSocket | undefined;
let beat: NodeJS.Timeout | undefined;
let sent = 0;
let ending = false;

let wakeWorker: () => void = () => undefined;
let unstick: () => void = () => undefined;

function connect(): void {
  const dialled = new WebSocket(`${settings.url}/agents/${identity.id}`, { handshakeTimeout: 10_000 });
  socket = dialled;
  const channel = instrumentWebSocketClient(dialled, {
    channel: identity,
    describeFrame,
    handling: 'explicit', // the listener only queues
    executorId: `${identity.id}-worker`,
    stateIntervalMs: TIMING.state,
    pendingAfterMs: TIMING.pendingAfter,
    beliefs: () => ({
      heartbeatActive: beat !== undefined,
      heartbeatIntervalMs: TIMING.heartbeat,
      heartbeatTimeoutMs: TIMING.heartbeatTimeout,
    }),
  });
  let heard_ms = Date.now();
  const hear = (): void => {
    heard_ms = Date.now();
  };
  const watch = setInterval(() => {
    if (Date.now() - heard_ms > TIMING.heartbeatTimeout) dialled.terminate();
  }, TIMING.ping);
  dialled.on('open', () => {
    send('hello', JSON.stringify({ version: identity.agentVersion }));
    if (!broken['heartbeat-not-started']) startBeating();
  });
  dialled.on('message', (data) => {
    hear();
    take(readFrame(data), channel);
  });
  dialled.on('ping', hear);
  dialled.on('error', () => undefined); // 'close' follows
  dialled.on('close', () => {
    clearInterval(watch);
    clearInterval(beat);
    beat = undefined;
    if (!ending) setTimeout(connect, TIMING.reconnect);
  });
}

function startBeating(): void {
  send('heartbeat');
  beat = setInterval(() => {
    send('heartbeat');
  }, TIMING.heartbeat);
}

function send(kind: Frame['kind'], body?: string, replyTo?: string): void {
  const id = `${kind}-${identity.id}-${++sent}-${process.pid}`;
  const frame: Frame = {
    id,
    kind,
    ...(body === undefined ? {} : { body }),
    ...(replyTo === undefined ? {} : { replyTo }),
  };
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame), () => undefined);
}

interface Work {
  readonly frame: Frame;
  readonly channel: Channel;
}
const work: Work[] = [];

function take(frame: Frame, channel: Channel): void {
  work.push({ frame, channel });
  wakeWorker();
}

/** Takes frames one by one. When it dies, the listener goes on queueing for nobody. */
async function runWorker(): Promise<void> {
  while (!broken['handler-dead']) {
    const next = work.shift();
    if (next === undefined) {
      await new Promise<void>((resolve) => (wakeWorker = resolve));
      continue;
    }
    const { frame, channel } = next;
    if (frame.kind === 'command') send('ack', undefined, frame.id);
    await channel.execute(frame.id, () => execute(frame));
  }
}

async function execute(frame: Frame): Promise<void> {
  if (frame.kind !== 'command') return;
  await sleep(5);
  if (broken['handler-stuck']) await new Promise<void>((resolve) => (unstick = resolve));
  send('result', 'up 3 days', frame.id);
}

onOrder(({ fault, broken: now }) => {
  if (fault === 'writer-stalled' || fault === 'frames-dropped') return;
  broken[fault] = now;
  if (fault === 'heartbeat-not-started') socket?.close(1012, 'restart'); // comes back without its timer, or with it
  if (now) return;
  unstick();
  if (fault === 'handler-dead') void runWorker();
});

void runWorker();
connect();
endWithFleet(() => {
  ending = true;
  socket?.close(1001, 'going away');
}, sdk);
