// Reduces a TrueType font to the letters of Europe, without what lays them out: what a PDF needs of it.
import { readFileSync, writeFileSync } from "node:fs";
const [, , from, to] = process.argv;
const f = readFileSync(from);
const tables = {};
for (let i = 0; i < f.readUInt16BE(4); i++) {
  const o = 12 + 16 * i;
  tables[f.toString("latin1", o, o + 4)] = f.subarray(
    f.readUInt32BE(o + 8),
    f.readUInt32BE(o + 8) + f.readUInt32BE(o + 12),
  );
}
const { head, hhea, maxp, hmtx, loca, glyf, cmap } = tables;
console.log(
  from,
  Object.entries(tables)
    .map(([k, v]) => k + ":" + v.length)
    .join(" "),
);
const n = maxp.readUInt16BE(4),
  long = head.readInt16BE(50),
  nh = hhea.readUInt16BE(34);
const off = (g) =>
  long ? loca.readUInt32BE(4 * g) : 2 * loca.readUInt16BE(2 * g);
const glyph = (g) => glyf.subarray(off(g), off(g + 1));
const adv = (g) => hmtx.readUInt16BE(4 * Math.min(g, nh - 1));
const lsb = (g) =>
  g < nh
    ? hmtx.readInt16BE(4 * g + 2)
    : hmtx.readInt16BE(4 * nh + 2 * (g - nh));
// cmap
const map = new Map();
for (let i = 0; i < cmap.readUInt16BE(2); i++) {
  const o = cmap.readUInt32BE(8 + 8 * i),
    fmt = cmap.readUInt16BE(o);
  if (fmt === 4 && map.size === 0) {
    const sc = cmap.readUInt16BE(o + 6) / 2;
    for (let s = 0; s < sc; s++) {
      const e = cmap.readUInt16BE(o + 14 + 2 * s),
        b = cmap.readUInt16BE(o + 16 + 2 * sc + 2 * s),
        d = cmap.readInt16BE(o + 16 + 4 * sc + 2 * s),
        ro = o + 16 + 6 * sc + 2 * s,
        r = cmap.readUInt16BE(ro);
      for (let c = b; c <= e && c < 0xffff; c++) {
        let g =
          r === 0 ? (c + d) & 0xffff : cmap.readUInt16BE(ro + r + 2 * (c - b));
        if (r !== 0 && g) g = (g + d) & 0xffff;
        if (g) map.set(c, g);
      }
    }
  }
}
const ranges = [
  [0x20, 0x7e],
  [0xa0, 0x24f],
  [0x259, 0x259],
  [0x2bb, 0x2bc],
  [0x2c6, 0x2dd],
  [0x300, 0x304],
  [0x306, 0x308],
  [0x30c, 0x30c],
  [0x370, 0x3ff],
  [0x400, 0x52f],
  [0x1e00, 0x1eff],
  [0x2010, 0x2027],
  [0x2030, 0x203a],
  [0x2044, 0x2044],
  [0x2070, 0x209c],
  [0x20a0, 0x20bf],
  [0x2116, 0x2116],
  [0x2122, 0x2122],
  [0x2150, 0x215f],
  [0x2190, 0x2199],
  [0x2202, 0x2265],
  [0x25a0, 0x25cf],
  [0x2713, 0x2717],
];
const kept = [...map]
  .filter(([c]) => ranges.some(([a, b]) => c >= a && c <= b))
  .sort((a, b) => a[0] - b[0]);
const parts = (g) => {
  const d = glyph(g);
  if (d.length === 0 || d.readInt16BE(0) >= 0) return [];
  const out = [];
  let p = 10;
  for (;;) {
    const fl = d.readUInt16BE(p);
    out.push([p + 2, d.readUInt16BE(p + 2)]);
    p +=
      4 + (fl & 1 ? 4 : 2) + (fl & 8 ? 2 : fl & 0x40 ? 4 : fl & 0x80 ? 8 : 0);
    if (!(fl & 0x20)) return out;
  }
};
const order = [0];
const seen = new Set([0]);
const want = (g) => {
  if (!seen.has(g)) {
    seen.add(g);
    order.push(g);
  }
};
for (const [, g] of kept) want(g);
for (let i = 0; i < order.length; i++)
  for (const [, g] of parts(order[i])) want(g);
const now = new Map(order.map((g, i) => [g, i]));
// glyphs without instructions
const strip = (g) => {
  let d = Buffer.from(glyph(g));
  if (d.length === 0) return d;
  const c = d.readInt16BE(0);
  if (c < 0) {
    let p = 10;
    for (;;) {
      const fl = d.readUInt16BE(p);
      d.writeUInt16BE(now.get(d.readUInt16BE(p + 2)), p + 2);
      const next =
        p +
        4 +
        (fl & 1 ? 4 : 2) +
        (fl & 8 ? 2 : fl & 0x40 ? 4 : fl & 0x80 ? 8 : 0);
      d.writeUInt16BE(fl & ~0x100, p);
      p = next;
      if (!(fl & 0x20)) break;
    }
    return d.subarray(0, p);
  }
  const e = 10 + 2 * c,
    il = d.readUInt16BE(e);
  return Buffer.concat([
    d.subarray(0, e),
    Buffer.from([0, 0]),
    d.subarray(e + 2 + il),
  ]);
};
const glyphs = order.map((g) => {
  const s = strip(g);
  return s.length % 4
    ? Buffer.concat([s, Buffer.alloc(4 - (s.length % 4))])
    : s;
});
const newLoca = Buffer.alloc(4 * (order.length + 1));
let at = 0;
glyphs.forEach((g, i) => {
  newLoca.writeUInt32BE(at, 4 * i);
  at += g.length;
});
newLoca.writeUInt32BE(at, 4 * order.length);
const newHmtx = Buffer.alloc(4 * order.length);
order.forEach((g, i) => {
  newHmtx.writeUInt16BE(adv(g), 4 * i);
  newHmtx.writeInt16BE(lsb(g), 4 * i + 2);
});
const h2 = Buffer.from(head);
h2.writeInt16BE(1, 50);
h2.writeUInt32BE(0, 8);
const hh = Buffer.from(hhea);
hh.writeUInt16BE(order.length, 34);
const mp = Buffer.from(maxp);
mp.writeUInt16BE(order.length, 4);
// cmap 12, one group per run
const groups = [];
for (const [c, g] of kept) {
  const i = now.get(g),
    l = groups.at(-1);
  if (l && l[1] + 1 === c && l[2] + (c - l[0]) === i) l[1] = c;
  else groups.push([c, c, i]);
}
const cm = Buffer.alloc(12 + 16 + 12 * groups.length);
cm.writeUInt16BE(1, 2);
cm.writeUInt16BE(3, 4);
cm.writeUInt16BE(10, 6);
cm.writeUInt32BE(12, 8);
cm.writeUInt16BE(12, 12);
cm.writeUInt32BE(16 + 12 * groups.length, 16);
cm.writeUInt32BE(groups.length, 24);
groups.forEach((g, i) =>
  g.forEach((v, k) => cm.writeUInt32BE(v, 28 + 12 * i + 4 * k)),
);
const out = [
  ["cmap", cm],
  ["glyf", Buffer.concat(glyphs)],
  ["head", h2],
  ["hhea", hh],
  ["hmtx", newHmtx],
  ["loca", newLoca],
  ["maxp", mp],
  ["name", tables.name],
  ["OS/2", tables["OS/2"]],
].sort((a, b) => (a[0] < b[0] ? -1 : 1));
const sum = (b) => {
  let s = 0;
  const p = Buffer.concat([b, Buffer.alloc((4 - (b.length % 4)) % 4)]);
  for (let i = 0; i < p.length; i += 4) s = (s + p.readUInt32BE(i)) >>> 0;
  return s;
};
const dir = Buffer.alloc(12 + 16 * out.length);
dir.writeUInt32BE(0x10000, 0);
dir.writeUInt16BE(out.length, 4);
const pw = 2 ** Math.floor(Math.log2(out.length));
dir.writeUInt16BE(16 * pw, 6);
dir.writeUInt16BE(Math.log2(pw), 8);
dir.writeUInt16BE(16 * (out.length - pw), 10);
let pos = dir.length;
const bodies = [];
out.forEach(([k, b], i) => {
  const o = 12 + 16 * i;
  dir.write(k, o, "latin1");
  dir.writeUInt32BE(sum(b), o + 4);
  dir.writeUInt32BE(pos, o + 8);
  dir.writeUInt32BE(b.length, o + 12);
  const p = Buffer.concat([b, Buffer.alloc((4 - (b.length % 4)) % 4)]);
  bodies.push(p);
  pos += p.length;
});
const file = Buffer.concat([dir, ...bodies]);
const hp = dir.readUInt32BE(12 + 16 * out.findIndex(([k]) => k === "head") + 8);
file.writeUInt32BE((0xb1b0afba - sum(file)) >>> 0, hp + 8);
writeFileSync(to, file);
console.log(
  to,
  file.length,
  "glyphs",
  order.length,
  "letters",
  kept.length,
  groups.length,
);
