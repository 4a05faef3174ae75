const step = 5 * 60_000; // as the server takes them
const most = 24; // two hours: who can wait for longer has no need to say so

/** The times that can be chosen from, each a clock's five minutes; what was said before is among them while it lies ahead. */
export function stayTimes(now: number, said?: number): number[] {
  const first = (Math.floor(now / step) + 1) * step;
  const times = Array.from({ length: most }, (_, i) => first + i * step);
  return said === undefined || said <= now || times.includes(said) ? times : [...times, said];
}
