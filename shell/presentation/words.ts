/** A number of bytes as people read it, in steps of 1000 as in the Library: `470 kB`, `4.40 GB`. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** A duration as people read it: `0.3 s`, `42 s`, `5 min`, `1 h 1 min`. What is begun isn't counted. */
export function secondsInWords(seconds: number): string {
  if (seconds < 10 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A number with its digits in threes: `1,200`. */
export function countInWords(number: number): string {
  return number.toLocaleString("en");
}

/** How many of something: `1 entry`, `2,000 entries`. */
export function amountInWords(number: number, one: string, many: string): string {
  return `${countInWords(number)} ${number === 1 ? one : many}`;
}
