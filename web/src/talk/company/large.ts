/** Who signs and who speaks: of three large pictures none is large. */
const most = 2;

/** Who is shown large once somebody asks for one to be so, or no longer: one too many takes the place of the first. */
export function turned(large: readonly string[], id: string): readonly string[] {
  return large.includes(id) ? large.filter((one) => one !== id) : [...large, id].slice(-most);
}
