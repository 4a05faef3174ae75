/** "4:07" or "1:04:07" */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const rest = `${Math.floor(seconds / 60) % 60}`;
  return hours > 0 ? `${hours}:${two(Number(rest))}:${two(seconds % 60)}` : `${rest}:${two(seconds % 60)}`;
}
