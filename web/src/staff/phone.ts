/** Where digits are cut without knowing the plan of every country: enough to read a number aloud, and to find a mistake. */
const oneDigit = /^\+[17]/;
const twoDigits = /^\+(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;
const shortArea = /^0(30|40|69|89)/;

/** "030 555 01 01": how a stored number, digits with a leading +, is shown. */
export function phoneText(stored: string): string {
  const country = oneDigit.exec(stored)?.[0] ?? twoDigits.exec(stored)?.[0];
  const head = stored.startsWith("+") ? (country?.length ?? 4) : shortArea.test(stored) ? 3 : 4;
  const rest = stored.slice(head);
  return [stored.slice(0, head), ...inThrees(rest)].filter(Boolean).join("\u00a0");
}

/** In threes from the left, and no digit alone at the end. */
function inThrees(digits: string): string[] {
  const groups: string[] = [];
  for (let at = 0; at < digits.length; at += groups.at(-1)?.length ?? 1) {
    const left = digits.length - at;
    groups.push(digits.slice(at, at + (left === 4 ? 2 : 3)));
  }
  return groups;
}
