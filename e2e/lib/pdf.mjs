// PDF files as somebody might send them (ISO 32000-1), written by hand: sound ones, and such as should do no harm.

// A file of these objects, the first of which is the catalogue.
function pdf(objects, trailer = '') {
  const parts = ['%PDF-1.7\n'];
  const at = [];
  let size = parts[0].length;
  objects.forEach((object, index) => {
    at.push(size);
    const part = `${index + 1} 0 obj\n${object}\nendobj\n`;
    parts.push(part);
    size += part.length;
  });
  const rows = at.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  parts.push(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${size}\n%%EOF\n`);
  return Buffer.from(parts.join(''), 'latin1');
}

const stream = (content, more = '') => `<< ${more} /Length ${content.length} >>\nstream\n${content}\nendstream`;

// A green square of 200 points whose middle is (200, 200) from the lower left of a page of A4, and a line of text.
const marked = (text) => `0 0.5 0 rg 100 100 200 200 re f\nBT 0 g /F1 24 Tf 72 700 Td (${text}) Tj ET`;

// Pages with a line of text each; `more` comes into the catalogue, `page` into each page, `extra` are further objects, the
// first of which is number 4 + 2 * texts.length.
export function pages(texts, { more = '', page = '', extra = [], trailer = '' } = {}) {
  const kids = texts.map((_, n) => `${4 + 2 * n} 0 R`).join(' ');
  return pdf([
    `<< /Type /Catalog /Pages 2 0 R ${more} >>`,
    `<< /Type /Pages /Kids [${kids}] /Count ${texts.length} /MediaBox [0 0 595 842] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...texts.flatMap((text, n) => [
      `<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * n} 0 R ${page} >>`,
      stream(marked(text)),
    ]),
    ...extra,
  ], trailer);
}

// All that a PDF can be asked to do by itself or by a click: scripts, addresses, programs, forms, files within it, and
// a stream whose content lies elsewhere.
export function greedy(address, texts) {
  const first = 4 + 2 * texts.length;
  const script = `app.launchURL('${address}/script'); fetch('${address}/fetch'); this.submitForm('${address}/form')`;
  const link = (action) => `<< /Type /Annot /Subtype /Link /Rect [0 0 595 842] /Border [0 0 0] /A << ${action} >> >>`;
  return pages(texts, {
    more: `/OpenAction << /S /JavaScript /JS (${script.replace(/[()\\]/g, '\\$&')}) >> /AA << /WC << /S /URI /URI (${address}/closed) >> >> /Names << /EmbeddedFiles << /Names [(x.exe) ${first} 0 R] >> /JavaScript << /Names [(a) << /S /JavaScript /JS (${script.replace(/[()\\]/g, '\\$&')}) >>] >> >>`,
    page: `/AA << /O << /S /URI /URI (${address}/opened) >> >> /Annots [${link(`/S /URI /URI (${address}/link)`)} ${link('/S /Launch /F (calc.exe)')} ${link(`/S /SubmitForm /F (${address}/submit)`)}] /Metadata ${first + 2} 0 R`,
    extra: [
      `<< /Type /Filespec /F (x.exe) /EF << /F ${first + 1} 0 R >> >>`,
      stream('MZ', '/Type /EmbeddedFile'),
      `<< /Type /Metadata /Subtype /XML /F << /FS /URL /F (${address}/elsewhere) >> /Length 0 >>\nstream\n\nendstream`,
    ],
  });
}

export const damaged = () => Buffer.from('%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\nnothing follows\n');

export const locked = () => pages(['geheim'], {
  trailer: `/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <${'5a'.repeat(32)}> /U <${'a5'.repeat(32)}> >>`,
});

// A form that says what it is in XFA only.
export const adobeForm = () => pages(['Please wait...'], { more: '/AcroForm << /Fields [] /XFA [(template) 6 0 R] >>', extra: [stream('<xdp/>')] });

// A form that draws another one ten times, which draws another one ten times, and so on: more than anybody can wait for.
export function endless() {
  const depth = 12;
  const first = 6;
  const form = (n) => stream(n < depth - 1 ? '/X Do '.repeat(10) : '0 0 1 1 re f', `/Type /XObject /Subtype /Form /BBox [0 0 595 842] ${n < depth - 1 ? `/Resources << /XObject << /X ${first + n + 1} 0 R >> >>` : ''}`);
  return pdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [4 0 R] /Count 1 /MediaBox [0 0 595 842] >>',
    '<< >>',
    `<< /Type /Page /Parent 2 0 R /Resources << /XObject << /X ${first} 0 R >> >> /Contents 5 0 R >>`,
    stream('/X Do '.repeat(10)),
    ...Array.from({ length: depth }, (_, n) => form(n)),
  ]);
}

const literal = (text) => `(${text.replace(/[()\\]/g, '\\$&')})`;
const widget = (rest, top, height = 20) => `<< /Type /Annot /Subtype /Widget /P 4 0 R /F 4 /Rect [72 ${top - height} 400 ${top}] ${rest} >>`;

// An application for housing benefit as agencies have it (ISO 32000-1 §12.7): text, longer text, a date that a script of
// its own would check, a box, one of two, a list; the script at its opening would ask the address.
export function application(address = 'http://127.0.0.1:9') {
  const script = (code) => `<< /S /JavaScript /JS ${literal(code)} >>`;
  const first = 6;
  const fields = [
    widget('/FT /Tx /T (name) /TU (Vor- und Nachname) /Ff 2 /MaxLen 60', 680),
    widget(`/FT /Tx /T (geboren) /TU (Geburtsdatum) /AA << /K ${script('AFDate_KeystrokeEx("dd.mm.yyyy");')} /F ${script('AFDate_FormatEx("dd.mm.yyyy");')} >>`, 640),
    widget('/FT /Tx /T (grund) /TU (Warum ziehen Sie um?) /Ff 4096', 600, 60),
    widget('/FT /Btn /T (allein) /TU (Ich wohne allein) /AS /Off /V /Off /AP << /N << /Ja 14 0 R /Off 15 0 R >> >>', 520),
    '<< /FT /Btn /Ff 49152 /T (Art der Wohnung) /Kids [11 0 R 12 0 R] /V /Off >>',
    ...[['Miete', 480], ['Eigentum', 450]].map(([name, top]) => widget(`/Parent 10 0 R /AS /Off /AP << /N << /${name} 14 0 R /Off 15 0 R >> >>`, top)),
    widget(`/FT /Ch /Ff 131072 /T (land) /TU (Land) /Opt [[(DE) (Deutschland)] [(AT) (\\326sterreich)]]`, 410),
    stream('0 g 4 4 10 10 re f', '/Type /XObject /Subtype /Form /BBox [0 0 18 18]'),
    stream('', '/Type /XObject /Subtype /Form /BBox [0 0 18 18]'),
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    `<< /Fields [6 0 R 7 0 R 8 0 R 9 0 R 10 0 R 13 0 R] /DR << /Font << /Helv 16 0 R >> >> /DA (/Helv 11 Tf 0 g) >>`,
  ];
  return pages(['Antrag auf Wohngeld'], {
    more: `/AcroForm 17 0 R /OpenAction ${script(`app.launchURL("${address}/form")`)}`,
    page: `/Annots [${[0, 1, 2, 3, 5, 6, 7].map((n) => `${first + n} 0 R`).join(' ')}]`,
    extra: fields,
  });
}

// One with so many fields.
export const endlessForm = (count) => pages(['Fragen'], {
  more: `/AcroForm << /Fields [${Array.from({ length: count }, (_, n) => `${6 + n} 0 R`).join(' ')}] >>`,
  page: `/Annots [${Array.from({ length: count }, (_, n) => `${6 + n} 0 R`).join(' ')}]`,
  extra: Array.from({ length: count }, (_, n) => widget(`/FT /Tx /T (f${n})`, 700)),
});
