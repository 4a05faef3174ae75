package picture_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"visavis/internal/agency/picture"
)

func pngOf(t testing.TB, width, height int) []byte {
	t.Helper()
	one := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		one.Set(x, x%height, color.RGBA{R: 200, G: uint8(x), A: 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, one); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func chunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// headed is a PNG that says how large it is, with whatever follows.
func headed(width, height uint32, chunks ...[]byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, 8, 6, 0, 0, 0))...)
	return append(append(out, bytes.Join(chunks, nil)...), chunk("IEND", nil)...)
}

// zeros are so many, packed.
func zeros(t testing.TB, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	return out.Bytes()
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 200 50">`

func drawn(inside string) []byte { return []byte(svg + inside + `</svg>`) }

// many is a drawing of a few lines that draws itself billions of times.
func many() []byte {
	var out strings.Builder
	out.WriteString(`<rect id="a0" width="1" height="1"/>`)
	for i := range 12 {
		id := string(rune('a' + i))
		out.WriteString(`<g id="` + id + `1">` + strings.Repeat(`<use href="#`+map[bool]string{true: "a0", false: string(rune('a'+i-1)) + "1"}[i == 0]+`"/>`, 10) + `</g>`)
	}
	return drawn(out.String())
}

// dotted is a line of many points with a marker at each, that is such a line with a marker at each, and so on.
func dotted() []byte {
	points := strings.Repeat("1 1 ", 1000)
	var out strings.Builder
	at := ""
	for _, id := range []string{"a", "b", "c", "d"} {
		out.WriteString(`<marker id="` + id + `"><polyline points="` + points + `"` + at + `/></marker>`)
		at = ` marker-mid="url(#` + id + `)"`
	}
	return drawn(out.String() + `<polyline points="` + points + `"` + at + `/>`)
}

// SEC: what is small and would keep a browser busy for longer than anybody waits is refused.
func TestALogoIsDrawnWithoutMuchWork(t *testing.T) {
	long := `<path id="p" d="M0 0` + strings.Repeat("l1 1", 8000) + `"/>`
	for name, c := range map[string]struct {
		file []byte
		what string
	}{
		"markers in markers":              {dotted(), "marker"},
		"tiny tiles":                      {drawn(`<pattern id="p" width="0.0001" height="0.0001"><rect/></pattern><rect fill="url(#p)"/>`), "pattern"},
		"a long path a thousand times":    {drawn(long + strings.Repeat(`<use href="#p"/>`, 1000)), "use"},
		"long text a thousand times":      {drawn(`<text id="p">` + strings.Repeat("a", 32_000) + `</text>` + strings.Repeat(`<use href="#p"/>`, 1000)), "use"},
		"a long path by its class":        {drawn(`<style>.a{d:path("M0 0l1 1")}</style><path class="a"/>`), "path"},
		"tiny dashes":                     {drawn(`<path d="M0 0H99" stroke-dasharray="0.00001"/>`), "stroke-dasharray"},
		"tiny dashes in a style":          {drawn(`<path style="stroke-dasharray:0.00001"/>`), "stroke-dasharray"},
		"tiny dashes by a class":          {drawn(`<style>.a{stroke-dasharray:none;}.b{STROKE-dasharray/**/:0.00001}</style>`), "stroke-dasharray"},
		"a blur":                          {drawn(`<rect filter="blur(999px)"/>`), "blur"},
		"a blur in a style":               {drawn(`<rect style="filter:Blur(999px)"/>`), "Blur"},
		"a value that names two others":   {drawn(`<style>*{--a:var(--b) var(--b)}</style>`), "var"},
		"a rule that looks at everything": {drawn(`<style>:has(* *){fill:red}</style>`), "has"},
		"rules in rules":                  {drawn(`<style>a{&amp; &amp;{&amp; &amp;{fill:red}}}</style>`), "style"},
		"rules for neighbours":            {drawn(`<style>*~*~*{fill:red}</style>`), "style"},
		"thousands of rules":              {drawn(`<style>` + strings.Repeat("a b{}", 2000) + `</style>`), "style"},
	} {
		if len(c.file) > 64<<10 {
			t.Errorf("%s is too large to tell", name)
		}
		_, err := picture.Read(c.file)
		if wrong, is := errors.AsType[*picture.Error](err); !is || wrong.Code != "active" || wrong.What != c.what {
			t.Errorf("%s: %v %+v, want %s", name, err, wrong, c.what)
		}
	}
	for name, file := range map[string][]byte{
		"a long path twice": drawn(long + `<use href="#p"/>`),
		"what programs write": drawn(`<style>.cls-1{fill:rgb(0,1,2);stroke-dasharray:none}.cls-2{fill:url(#g);transform:rotate(5deg)}</style>` +
			`<linearGradient id="g" gradientTransform="matrix(1 0 0 1 0 0)"/><g id="Logo(1)" data-name="Ebene(2)" aria-label="Amt(Bonn)">` +
			`<path class="cls-1" style="stroke-dasharray:none;fill:hsl(1,2%,3%)" stroke-dasharray="none" transform="translate(1)scale(2) skewX(3)"/></g>`),
	} {
		if _, err := picture.Read(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// SEC: what cannot be shown, or would act, is refused with a word that helps.
func TestAFileThatIsNoLogoIsRefusedAndSaysWhy(t *testing.T) {
	good := pngOf(t, 320, 80)
	broken := bytes.Clone(good)
	broken[len(broken)/2] ^= 0xff
	for name, c := range map[string]struct {
		file       []byte
		code, what string
	}{
		"nothing":                   {nil, "type", ""},
		"65 kB":                     {bytes.Repeat([]byte("a"), 65<<10), "too_large", ""},
		"a JPEG":                    {[]byte("\xff\xd8\xff\xe0 JFIF"), "type", ""},
		"a page":                    {[]byte("<!doctype html><html><svg></svg></html>"), "type", ""},
		"a PNG cut off":             {good[:len(good)/2], "broken", ""},
		"a PNG with a wrong bit":    {broken, "broken", ""},
		"a PNG without picture":     {headed(10, 10), "broken", ""},
		"a PNG of 100,000 a side":   {headed(100_000, 100_000, chunk("IDAT", zeros(t, 1000))), "shape", ""},
		"a PNG with 60 MB packed":   {headed(10, 10, chunk("IDAT", zeros(t, 60<<20))), "broken", ""},
		"one pixel":                 {pngOf(t, 1, 1), "shape", ""},
		"a line":                    {pngOf(t, 1000, 10), "shape", ""},
		"a script":                  {drawn(`<script>alert(1)</script>`), "active", "script"},
		"a script by its prefix":    {[]byte(`<s:svg xmlns:s="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></s:svg>`), "type", ""},
		"a hidden script":           {drawn(`<svg:script xmlns:svg="http://www.w3.org/2000/svg">1</svg:script>`), "active", "script"},
		"HTML":                      {drawn(`<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>`), "active", "foreignObject"},
		"a handler":                 {drawn(`<rect onclick="alert(1)"/>`), "active", "onclick"},
		"a handler in capitals":     {[]byte(`<svg ONLOAD="x" viewBox="0 0 9 9"/>`), "active", "ONLOAD"},
		"a picture from elsewhere":  {drawn(`<image href="https://evil.example/a.png"/>`), "active", "image"},
		"a shape from elsewhere":    {drawn(`<use xlink:href="https://evil.example/a.svg#a"/>`), "active", "href"},
		"an address of script":      {drawn(`<use href=" javascript:alert(1)"/>`), "active", "href"},
		"an address in a colour":    {drawn(`<rect fill="url(https://evil.example/#a)"/>`), "active", "url"},
		"an address in a style":     {drawn(`<rect style="fill:URL( 'https://evil.example/#a' )"/>`), "active", "url"},
		"an unfinished address":     {drawn(`<rect style="fill:url(https://evil.example/"/>`), "active", "style"},
		"an escape in a style":      {drawn(`<rect style="fill:\75rl(https://evil.example/)"/>`), "active", "style"},
		"a set of pictures":         {drawn(`<style>rect{fill:image-set("https://evil.example/a.png" 1x)}</style>`), "active", "style"},
		"a style from elsewhere":    {drawn(`<style>@import "https://evil.example/a.css";</style>`), "active", "style"},
		"a style in two parts":      {drawn(`<style>@imp<!-- -->ort "https://evil.example/a.css";</style>`), "active", "style"},
		"a style sheet":             {[]byte(`<?xml-stylesheet href="https://evil.example/a.css"?>` + string(drawn(""))), "active", "xml-stylesheet"},
		"entities":                  {[]byte(`<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + string(drawn("<text>&b;</text>"))), "active", "DOCTYPE"},
		"an entity":                 {drawn(`<text>&nbsp;</text>`), "broken", ""},
		"billions":                  {many(), "active", "use"},
		"itself":                    {drawn(`<g id="a"><use href="#a"/></g>`), "active", "use"},
		"itself by two":             {drawn(`<mask id="a"><rect mask="url(#b)"/></mask><mask id="b"><rect mask="url(#a)"/></mask>`), "active", "use"},
		"a mask by its class":       {drawn(`<style>.a{mask:url(#p)}</style><mask id="p"><rect class="a"/></mask>`), "active", "style"},
		"a well":                    {drawn(strings.Repeat("<g>", 1000) + strings.Repeat("</g>", 1000)), "broken", ""},
		"not closed":                {[]byte(svg + "<g>"), "broken", ""},
		"closed twice":              {drawn("</g>"), "broken", ""},
		"closed crosswise":          {drawn("<g><rect></g></rect>"), "broken", ""},
		"two roots":                 {append(drawn(""), drawn("")...), "broken", ""},
		"no size":                   {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "shape", ""},
		"no number":                 {[]byte(`<svg viewBox="0 0 NaN Inf"/>`), "shape", ""},
		"Latin-1":                   {[]byte(`<?xml version="1.0" encoding="ISO-8859-1"?>` + string(drawn("<text>\xe4</text>"))), "broken", ""},
		"a link":                    {drawn(`<a href="#x"><rect/></a>`), "active", "a"},
		"a film":                    {drawn(`<rect><animate attributeName="x"/></rect>`), "active", "animate"},
		"a name that would be told": {drawn(`<größe/>`), "active", "?"},
	} {
		_, err := picture.Read(c.file)
		wrong, is := errors.AsType[*picture.Error](err)
		if !is || wrong.Code != c.code || wrong.What != c.what {
			t.Errorf("%s: %v %+v, want %s %s", name, err, wrong, c.code, c.what)
		}
	}
}

func TestOfAPNGNothingIsKeptButThePicture(t *testing.T) {
	whole := pngOf(t, 320, 80)
	head, rest := whole[:8+25], whole[8+25:] // the signature, and a head of 13 bytes
	file := bytes.Join([][]byte{head, chunk("tEXt", []byte("Author\x00KANARIE")), chunk("eXIf", []byte("KANARIE")), rest, []byte("<script>KANARIE")}, nil)
	one, err := picture.Read(file)
	if err != nil || one.Kind != "png" || !bytes.Equal(one.Content, whole) {
		t.Errorf("%s %v, %d bytes of %d", one.Kind, err, len(one.Content), len(whole))
	}
}

func TestADrawingIsWrittenAnewWithoutWhatProgramsAddForThemselves(t *testing.T) {
	for in, want := range map[string]string{
		"\ufeff" + `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<!-- Inkscape --><svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/" width="200px" height="50" onx:y="1" inkscape:version="1">` +
			`<metadata><rdf:RDF><cc:Work>KANARIE</cc:Work></rdf:RDF></metadata><sodipodi:namedview><script/></sodipodi:namedview>` +
			`<title>Amt &amp; Co</title><g inkscape:label="x"><rect width="9" style="fill:url('#a')"/></g></svg>`: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 50">` +
			`<title>Amt &amp; Co</title><g><rect width="9" style="fill:url(&#39;#a&#39;)"></rect></g></svg>`,
		svg + `<style><![CDATA[.a{fill:url(#g)}.b>c{}]]></style><linearGradient id="g"><stop offset="1"/></linearGradient><use href="#g" xlink:href="#g"/></svg>`: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 50">` +
			`<style>.a{fill:url(#g)}.b&gt;c{}</style><linearGradient id="g"><stop offset="1"></stop></linearGradient><use href="#g"></use></svg>`,
		`<svg viewBox="-1,-1 20 10" xmlns="http://www.w3.org/1999/xhtml"><g xmlns="http://www.w3.org/1999/xhtml"/></svg>`: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 20 10"><g></g></svg>`,
	} {
		one, err := picture.Read([]byte(in))
		if err != nil || one.Kind != "svg" || string(one.Content) != want {
			t.Errorf("%v\n%s\nwant\n%s", err, one.Content, want)
		}
	}
}

func FuzzWhatIsKeptOfADrawingIsKeptAgain(f *testing.F) {
	f.Add(drawn(`<style>.a{fill:#fff}</style><g id="a" fill="url(#b)"><use href="#c"/></g>`))
	f.Add(drawn(`<metadata><a:b/></metadata><text x="1">&amp;&#x9;</text>`))
	f.Add(many())
	f.Fuzz(func(t *testing.T, file []byte) {
		one, err := picture.Read(file)
		if err != nil || one.Kind != "svg" {
			return
		}
		again, err := picture.Read(one.Content)
		if err != nil || again.Kind != one.Kind || !bytes.Equal(one.Content, again.Content) {
			t.Errorf("%v\n%s\nwas\n%s", err, again.Content, one.Content)
		}
		for _, word := range []string{"<script", "<foreignObject", "<image", "javascript:", "<!", "<?"} {
			if bytes.Contains(one.Content, []byte(word)) {
				t.Errorf("%s in %s", word, one.Content)
			}
		}
	})
}
