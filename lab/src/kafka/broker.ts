import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const FETCH_JARS = fileURLToPath(new URL('../../../../scripts/setup/kafka-broker.mjs', import.meta.url));

/** Any; a cluster has one. */
const CLUSTER_ID = 'halfopenhalfopenhalfop';
/** A busy machine takes a dozen seconds. */
const READY_MS_MAX = 120_000;
const STOP_MS_MAX = 30_000;

export interface KafkaBrokerOptions {
  /** An empty folder of its own; it goes with whoever made it. */
  readonly dir: string;
  /** What clients are told to connect to, instead of the broker itself: a proxy in between. */
  readonly advertisedPort?: number;
  /** `message.max.bytes` and whatever else a test is about. */
  readonly properties?: Readonly<Record<string, string | number>>;
  /**
   * Instead of our settings: variables as the container image apache/kafka takes them, for these ports. The image's own
   * code makes properties of them, and the data folder.
   */
  readonly environment?: (ports: BrokerPorts) => Readonly<Record<string, string>>;
}

export interface BrokerPorts {
  readonly clients: number;
  readonly controller: number;
}

/** A real Apache Kafka broker, alone in its cluster, on loopback. Settings as measured in shared/kafka.md. */
export class KafkaBroker {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly dir: string,
    private readonly classpath: string,
    readonly port: number,
  ) {}

  static async start(options: KafkaBrokerOptions): Promise<KafkaBroker> {
    endInOrder();
    const { dir } = options;
    const { stdout } = await run(process.execPath, [FETCH_JARS], { encoding: 'utf8' });
    const [port, controllerPort] = await freePorts();
    const classpath = `${stdout.trim()}/*`;
    const broker = new KafkaBroker(dir, classpath, port);
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'log4j2.properties'), LOG4J);
    if (options.environment === undefined) {
      await writeFile(join(dir, 'server.properties'), propertiesText(options, port, controllerPort));
      await run('java', [
        ...['-cp', classpath, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID],
        ...['-c', join(dir, 'server.properties'), '--standalone'],
      ]);
    } else {
      const environment = options.environment({ clients: port, controller: controllerPort });
      await setUpAsImage(dir, classpath, environment);
    }
    await broker.restart();
    return broker;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it again on its data; resolves when it takes connections. */
  async restart(): Promise<void> {
    if (this.#process !== undefined) throw new Error('the broker runs');
    const child = spawn(
      'java',
      [
        ...['-Xms128m', '-Xmx512m', '-XX:TieredStopAtLevel=1'],
        `-Dlog4j2.configurationFile=${join(this.dir, 'log4j2.properties')}`,
        ...['-cp', [this.classpath].join(delimiter), 'kafka.Kafka', join(this.dir, 'server.properties')],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on(
        'data',
        (text: Buffer) => void appendFile(join(this.dir, 'broker.log'), text).catch(() => undefined),
      );
    const goAlong = () => child.kill('SIGKILL');
    process.once('exit', goAlong);
    child.once('exit', () => {
      process.off('exit', goAlong);
      if (this.#process === child) this.#process = undefined;
    });
    const deadline = Date.now() + READY_MS_MAX;
    while (!(await takesConnections(this.port))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the broker ended: see broker.log in ${this.dir}`);
      if (Date.now() > deadline) throw new Error('the broker does not get ready');
      await sleep(100);
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(late);
  }
}

/** As the image's start script does: files of its own (here empty), what is mounted (nothing), and the environment. */
async function setUpAsImage(
  dir: string,
  classpath: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const image = join(dir, 'image');
  await mkdir(image);
  for (const file of ['server.properties', 'log4j2.yaml', 'tools-log4j2.yaml'])
    await writeFile(join(image, file), '');
  await run(
    'java',
    [
      ...['-cp', classpath, 'kafka.docker.KafkaDockerWrapper', 'setup'],
      ...['-D', image, '-M', image, '-F', dir],
    ],
    { env: { PATH: process.env['PATH'], ...environment } },
  );
}

/** What ends this process from outside (a runner's time-out) lets its exit handlers run, which take the broker along. */
function endInOrder(): void {
  if (process.listenerCount('SIGTERM') === 0) process.once('SIGTERM', () => process.exit(143));
}

const LOG4J = `appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
`;

function propertiesText(options: KafkaBrokerOptions, port: number, controllerPort: number): string {
  const { dir, advertisedPort = port, properties } = options;
  const all: Readonly<Record<string, string | number>> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${advertisedPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(dir, 'data'),
    // One broker: the defaults want three.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': 'false',
    // After a SIGKILL the next start waits for the session of the one before.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    ...properties,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  const [first, second] = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return [first ?? 0, second ?? 0];
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
