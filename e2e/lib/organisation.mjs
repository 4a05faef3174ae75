// An agency as large as they come, as files for `visavis import`.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY } from './server.mjs';

const TOWNS = ['Ahornberg', 'Birkenau', 'Dornhausen', 'Eichstedt', 'Fichtenau', 'Grünwald', 'Haselbach', 'Kirchdorf', 'Lindenau', 'Mühlheim'];
const FIRST = ['Anna', 'Bülent', 'Clara', 'Dietmar', 'Ewa', 'Farid', 'Gülsüm', 'Hannah', 'Igor', 'Jana'];
const LAST = ['Arslan', 'Bergmann', 'Çelik', 'Dürr', 'Engel', 'Fuchs', 'Groß', 'Huber', 'Ivanova', 'Jung'];

const numbers = (n) => Array.from({ length: n }, (_, i) => i);
const padded = (i) => String(i).padStart(4, '0');
const town = (i) => `${TOWNS[i % 10]} ${Math.floor(i / 10) + 1}`;

export const personName = (i) => `${FIRST[i % 10]} ${LAST[Math.floor(i / 10) % 10]} ${Math.floor(i / 100) + 1}`;
export const personEmail = (i) => `person.${padded(i)}@example.org`;

export function tables({ locations = 1000, people = 10_000 } = {}) {
  const table = (head, lines) => [head, ...lines, ''].join('\n');
  return {
    'departments.csv': table('code;name', ['JUG;Jugendamt', 'WOH;Wohngeldstelle']),
    'locations.csv': table('code;name;city;phone', numbers(locations).map((i) => `L${padded(i)};Bürgerhaus ${town(i)};${town(i)};030 9${padded(i)}`)),
    'desks.csv': table('code;name;department;location', numbers(locations).map((i) => `T${padded(i)};${i % 2 ? 'Jugendamt' : 'Wohngeldstelle'} ${town(i)};${i % 2 ? 'JUG' : 'WOH'};L${padded(i)}`)),
    'services.csv': table('code;department;name_de;name_en;minutes', ['JUG-1;JUG;Beratung zur Kita;Advice on day care;30', 'WOH-1;WOH;Wohngeld beantragen;Apply for housing benefit;20']),
    'staff.csv': table('email;name', numbers(people).map((i) => `${personEmail(i)};${personName(i)}`)),
    'roles.csv': table('email;role;at;place', numbers(people).map((i) => `${personEmail(i)};${i % 10 ? 'advisor' : 'lead'};desk;T${padded(i % locations)}`)),
  };
}

// Into a running server's database; answers how long it took.
export function importFiles(server, files) {
  const folder = mkdtempSync(join(tmpdir(), 'visavis-import-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const begun = Date.now();
    execFileSync(BINARY, ['import', folder], { env: server.env, stdio: 'pipe' });
    return Date.now() - begun;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
