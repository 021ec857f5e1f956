/** Median, and the quartiles as the measure of noise. */
export interface Summary {
  median: number;
  /** First and third quartile. */
  quartiles: [number, number];
  count: number;
}

/** The `q`-quantile, 0 to 1, of values in any order (linear between neighbours). */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError("Cannot take a quantile of no values");
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at % 1);
}

/** The summary of one series. */
export function summarize(values: readonly number[]): Summary {
  return {
    median: quantile(values, 0.5),
    quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
    count: values.length,
  };
}

/**
 * How many times as much `ours` is as `theirs`: the ratio of the medians, with the quartiles of the
 * ratios of each round, as both were measured one right after the other.
 */
export function compare(ours: readonly number[], theirs: readonly number[]): Summary {
  const rounds = ours.map((value, round) => value / theirs[round]!);
  return { ...summarize(rounds), median: quantile(ours, 0.5) / quantile(theirs, 0.5) };
}
