import { BENIGN, type BenignName, FAULTS, type FaultName, Random, type Scenario } from '@halfopen/lab';

/** When disturbances begin, and how long a fleet is looked at, s. */
const FROM_S = 120;
export const UNTIL_S = 540;

/** Those that strike one channel, in their variants. */
const LONE_FAULTS: readonly Partial<Scenario['faults'][number]>[] = Object.entries(FAULTS)
  .filter(([, { strikes }]) => strikes === 'channel')
  .flatMap(([name, { options, variants = [] }]) => [
    { name: name as FaultName },
    ...variants.map((variant) => ({ name: name as FaultName, variant })),
    ...(options.includes('end') ? [{ name: name as FaultName, end: 'server' as const }] : []),
    ...(options.includes('direction') ? [{ name: name as FaultName, direction: 'to_server' as const }] : []),
    ...(options.includes('honest') ? [{ name: name as FaultName, honest: true }] : []),
  ]);

/** Those that strike many at once, and what is harmless. */
const WIDE_FAULTS = Object.entries(FAULTS).flatMap(([name, { strikes }]) =>
  strikes === 'channel' ? [] : [name as FaultName],
);
const HARMLESS = Object.keys(BENIGN) as BenignName[];

const OBSERVERS = [
  ['agent', 'server'],
  ['agent', 'server'],
  ['server'],
  ['agent'],
  ['server', 'relay'],
] as const;

/** A fleet on which almost everything goes wrong that can: each lone fault on a channel of its own, a wide one over all. */
export function troubledFleet(seed: number): Partial<Scenario> {
  const random = new Random(`troubled ${seed}`);
  const pick = <T>(options: readonly T[]): T => options[random.integer(0, options.length)]!;
  const moment = (): number => random.integer(FROM_S, FROM_S + 120) * 1000;
  const heartbeatIntervalMs = pick([10_000, 15_000, 30_000]);
  const wide = pick([undefined, ...WIDE_FAULTS]);
  const harmless = [pick(HARMLESS), pick(HARMLESS)];
  return {
    seed,
    channels: LONE_FAULTS.length + 10,
    durationMs: UNTIL_S * 1000,
    observers: pick(OBSERVERS),
    frameSpans: random.chance(0.8),
    transport: pick(['websocket', 'virtio-serial']),
    sweep: pick(['staggered', 'together']),
    commandIntervalMs: pick([2_000, 20_000, 100_000]),
    heartbeatIntervalMs,
    heartbeatTimeoutMs: 3 * heartbeatIntervalMs,
    stateIntervalMs: pick([10_000, 10_000, 15_000]),
    faults: [
      ...LONE_FAULTS.map((fault, index) => ({
        ...(fault as Scenario['faults'][number]),
        channels: [`agent-${index}`],
        atMs: moment(),
        ...(random.chance(0.3) ? { untilMs: 300_000 } : {}),
      })),
      ...(wide === undefined ? [] : [{ name: wide, atMs: 380_000, untilMs: 460_000 }]),
    ],
    benign: harmless.map((name) => ({ name, atMs: 300_000, untilMs: 420_000 })),
  };
}
