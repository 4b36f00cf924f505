import type { Truth as LabTruth } from '@halfopen/lab';
import type { backtest } from '@halfopen/rules';

/** As the rules tell it, and as the lab knows it. */
export type Incident = Awaited<ReturnType<typeof backtest>>[number];
export type Truth = LabTruth;
