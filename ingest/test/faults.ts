import { StoreError, type Store } from '@halfopen/store';
import type { DeadLetterOffice, RangeConsumer } from '@halfopen/stream';

/** The steps of storing a range, in their order. */
export const STEPS = [
  'look-up',
  'intend',
  'spans',
  'whole-letters',
  'dead-letters',
  'ledger',
  'commit',
] as const;
export type Step = (typeof STEPS)[number];

export type Fault =
  /** The step reports a failure, having had its effect or not. */
  | { readonly kind: 'failure'; readonly retryable: boolean; readonly landed: boolean }
  /** The process ends before the step, or behind it. */
  | { readonly kind: 'crash'; readonly landed: boolean };

/** Asked before each step. */
export type FaultPlan = (step: Step) => Fault | undefined;

export const FAULTS: readonly Fault[] = [false, true].flatMap((landed) => [
  { kind: 'failure', retryable: true, landed },
  { kind: 'failure', retryable: false, landed },
  { kind: 'crash', landed },
]);

/** The n-th call of each step meets the n-th fault of the list, the later ones none. */
export function planOf(faults: readonly { readonly step: string; readonly fault: Fault }[]): FaultPlan {
  const left = [...faults];
  return (step) => {
    const at = left.findIndex((planned) => planned.step === step);
    return at < 0 ? undefined : left.splice(at, 1)[0]?.fault;
  };
}

const STEP_OF_TABLE: Readonly<Record<string, Step>> = {
  otel_traces: 'spans',
  dead_letters: 'dead-letters',
  ingest_ledger: 'ledger',
};

/** Store, office and consumer that fail as planned. After a crash nothing of this process happens any more. */
export class FaultyProcess {
  readonly store: Store;
  readonly office: DeadLetterOffice;
  readonly consumer: RangeConsumer;
  /** Resolves at a planned crash. */
  readonly crashed: Promise<undefined>;
  #crash: (value: undefined) => void = () => undefined;

  constructor(store: Store, office: DeadLetterOffice, consumer: RangeConsumer, plan: FaultPlan) {
    this.crashed = new Promise((resolve) => (this.#crash = resolve));
    const run = <T>(step: Step, work: () => Promise<T>) => this.#withFault(step, plan(step), work);
    this.store = {
      insert: (batch, token, options) =>
        run(STEP_OF_TABLE[batch.table]!, () => store.insert(batch, token, options)),
      query: (sql, options) => run('look-up', () => store.query(sql, options)),
      command: (sql, options) => store.command(sql, options),
      close: () => store.close(),
    };
    this.office = { keep: (letters) => run('whole-letters', () => office.keep(letters)) };
    this.consumer = {
      next: (signal) => consumer.next(signal),
      intend: (range) => run('intend', () => consumer.intend(range)),
      commit: (range) => run('commit', () => consumer.commit(range)),
      lag: () => consumer.lag(),
    };
  }

  async #withFault<T>(step: Step, fault: Fault | undefined, work: () => Promise<T>): Promise<T> {
    if (fault === undefined) return work();
    if (fault.landed) await work();
    if (fault.kind === 'failure')
      throw new StoreError('unavailable', `planned failure of ${step}`, fault.retryable);
    this.#crash(undefined);
    return new Promise(() => undefined);
  }
}
