import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ChannelIdentity } from '@halfopen/agent-shim';
import type { LiveFaultName } from './faults.js';
import { TIMING, type AgentSettings, type Order, type ProcessSettings, type Report } from './protocol.js';

export interface LiveFleetOptions extends ProcessSettings {
  /** 1 to 100. */
  readonly agents: number;
  /** Before each `channel.id`, as `PREFIXagent-3`. @default none */
  readonly prefix?: string;
  /** A Python that has `lab/python/requirements.txt`: the last agent is one in Python. @default all run on Node */
  readonly python?: string;
}

const SITES = ['lyon', 'oslo', 'turin'];
const AGENTS_MAX = 100;
const STOP_MS_MAX = 5_000;
const PYTHON_AGENT = fileURLToPath(new URL('../../../python/agent.py', import.meta.url));

/** A gateway, a proxy before it, and agents, each a process of its own, over real sockets on loopback. */
export class LiveFleet {
  readonly channels: readonly string[];
  readonly #processes = new Map<string, ChildProcess>();
  #acknowledged = 0;

  private constructor(
    private readonly options: LiveFleetOptions,
    private readonly identities: readonly ChannelIdentity[],
  ) {
    this.channels = identities.map(({ id }) => id);
  }

  /**
   * Resolves once all processes run; agents connect by themselves.
   *
   * @throws RangeError when there are too few or too many agents
   */
  static async start(options: LiveFleetOptions): Promise<LiveFleet> {
    const { agents, prefix = '', collectorUrl, token } = options;
    if (!(Number.isInteger(agents) && agents >= 1 && agents <= AGENTS_MAX))
      throw new RangeError(`agents: expected 1 to ${AGENTS_MAX}, got ${agents}`);
    const identities = Array.from({ length: agents }, (_, index) =>
      identity(`${prefix}agent-${index}`, index),
    );
    const fleet = new LiveFleet(options, identities);
    try {
      const settings = { collectorUrl, ...(token === undefined ? {} : { token }) };
      const gatewayPort = await fleet.#listening('gateway', { ...settings, agents: identities });
      fleet.#url = `ws://127.0.0.1:${await fleet.#listening('proxy', { gatewayPort })}`;
      for (const agent of identities) await fleet.#startAgent(agent);
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  #url = '';

  /** Commands that all agents have acknowledged so far. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Breaks one channel, or mends it. */
  async set(fault: LiveFaultName, channel: string, broken: boolean): Promise<void> {
    const agent = this.identities.find(({ id }) => id === channel);
    if (agent === undefined) throw new RangeError(`${channel}: expected one of ${this.channels.join(', ')}`);
    switch (fault) {
      case 'agent-killed':
        if (broken) await this.#end(channel, 'SIGKILL');
        else await this.#startAgent(agent);
        return;
      case 'writer-stalled':
        this.#order('gateway', { fault, channel, broken });
        return;
      case 'frames-dropped':
        this.#order('proxy', { fault, channel, broken });
        return;
      case 'handler-dead':
      case 'handler-stuck':
      case 'heartbeat-not-started':
        this.#order(channel, { fault, broken });
    }
  }

  /** Agents first, so that their last words are heard. */
  async stop(): Promise<void> {
    await Promise.all(this.channels.map((channel) => this.#end(channel, 'SIGTERM')));
    for (const name of ['proxy', 'gateway']) await this.#end(name, 'SIGTERM');
  }

  async #startAgent(agent: ChannelIdentity): Promise<void> {
    const { collectorUrl, token, python } = this.options;
    const settings: AgentSettings = {
      collectorUrl,
      ...(token === undefined ? {} : { token }),
      identity: agent,
      url: this.#url,
    };
    if (python !== undefined && agent.id === this.channels.at(-1)) await this.#startPython(python, settings);
    else this.#start(agent.id, 'agent', settings);
  }

  /** It takes orders as lines on its standard input, and ends when that does. */
  async #startPython(interpreter: string, settings: AgentSettings): Promise<void> {
    const child = spawn(interpreter, [PYTHON_AGENT, JSON.stringify({ ...settings, timing: TIMING })], {
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' }, // nothing is left beside its sources
    });
    child.stdin.on('error', () => undefined); // it has ended
    await once(child, 'spawn');
    this.#processes.set(settings.identity.id, child);
  }

  #start(name: string, program: 'agent' | 'gateway' | 'proxy', settings: object): ChildProcess {
    const file = fileURLToPath(new URL(`./${program}-process.js`, import.meta.url));
    const child = fork(file, [JSON.stringify(settings)]);
    this.#processes.set(name, child);
    child.on('message', (told: Report) => {
      if (told.kind === 'acknowledged') this.#acknowledged = told.count;
    });
    return child;
  }

  async #listening(name: 'gateway' | 'proxy', settings: object): Promise<number> {
    const child = this.#start(name, name, settings);
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the ${name} ended with ${String(code)} before it listened`);
    });
    const [told] = (await Promise.race([once(child, 'message'), ended])) as [Report];
    ended.catch(() => undefined); // it ends some day
    if (told.kind !== 'listening') throw new Error(`the ${name} said ${told.kind} before it listened`);
    return told.port;
  }

  #order(name: string, order: Order): void {
    const child = this.#processes.get(name);
    if (child?.stdin) child.stdin.write(`${JSON.stringify(order)}\n`);
    else child?.send(order);
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.#processes.get(name);
    this.#processes.delete(name);
    if (child?.exitCode !== null || child.signalCode !== null) return; // it has ended, or never was
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await exited;
    clearTimeout(timer);
  }
}

function identity(id: string, index: number): ChannelIdentity {
  const site = SITES[index % SITES.length] ?? '';
  return { id, agentId: id, agentVersion: '1.4.0', site, gateway: `${site}-gw` };
}
