package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A drawing is written anew, so that browsers see what was read here and nothing else: shapes, text and colours. What
// drawing programs add for themselves is left out; what acts, or comes from elsewhere, is refused.

const svgSpace = "http://www.w3.org/2000/svg"

const (
	deepest   = 40      // elements in each other
	mostDrawn = 5_000   // elements, each as often as it is drawn: a few lines can ask for billions
	oneMore   = 64      // bytes in an element count as one more: a path alone can have thousands of points
	mostStyle = 8 << 10 // bytes of all rules for style together: each is tried at each element
)

// drawable are the elements that there may be. No images, filters, links, animation and foreign content; and nothing that
// is drawn as often as only a browser knows: markers stand at each point of a line, patterns fill a surface with tiles.
func drawable() []string {
	return []string{
		"svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan",
		"title", "desc", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "style",
	}
}

// element is one that is kept, with those that it draws by reference.
type element struct {
	name   string
	said   []string // its attributes
	refs   []string
	inside []*element
	style  strings.Builder // what stands in a style element
	size   int             // bytes of its attributes and its text
	drawn  int             // how many elements that are; 0: not counted yet
}

// drawing is what was read of a file so far.
type drawing struct {
	out    bytes.Buffer
	open   []*element
	left   []string // names that are open inside something left out
	root   *element
	named  map[string]*element
	styles []*element

	width, height float64
}

func readSVG(content []byte) (Picture, error) {
	d := &drawing{named: map[string]*element{}}
	tokens := xml.NewDecoder(bytes.NewReader(content)) // knows no entities but those of XML itself, and UTF-8 only
	for {
		token, err := tokens.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Picture{}, noLogo("broken")
		}
		if err := d.take(token); err != nil {
			return Picture{}, err
		}
	}
	if d.root == nil || len(d.open) > 0 || len(d.left) > 0 {
		return Picture{}, noLogo("broken")
	}
	if err := d.check(); err != nil {
		return Picture{}, err
	}
	p := Picture{Kind: "svg", Content: d.out.Bytes()}
	if len(p.Content) > Most {
		return p, noLogo("too_large")
	}
	return p, p.fit(d.width, d.height, math.Inf(1))
}

func (d *drawing) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return d.begin(t)
	case xml.EndElement:
		return d.end(t)
	case xml.CharData:
		d.text(string(t))
	case xml.ProcInst:
		if t.Target != "xml" {
			return active(t.Target)
		}
	case xml.Directive:
		if bytes.ContainsAny(t, "[<") {
			return active("DOCTYPE")
		}
	}
	return nil
}

func active(what string) error {
	if !plainName.MatchString(what) {
		what = "?"
	}
	return &Error{Code: "active", What: what}
}

var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,40}$`)

func full(n xml.Name) string { return n.Space + ":" + n.Local }

func (d *drawing) begin(t xml.StartElement) error {
	foreign := t.Name.Space != "" && t.Name.Space != "svg"
	if len(d.left) > 0 || d.root != nil && (foreign || t.Name.Local == "metadata") {
		d.left = append(d.left, full(t.Name))
		return nil
	}
	e := &element{name: t.Name.Local}
	switch {
	case d.root == nil && (foreign || e.name != "svg"):
		return noLogo("type")
	case d.root != nil && len(d.open) == 0 || len(d.open) == deepest: // a second root, or a well
		return noLogo("broken")
	case !slices.Contains(drawable(), e.name):
		return active(e.name)
	}
	d.out.WriteString("<" + e.name)
	if d.root == nil {
		d.out.WriteString(` xmlns="` + svgSpace + `"`)
		if err := d.size(t.Attr); err != nil {
			return err
		}
	}
	for _, a := range t.Attr {
		if err := d.attribute(e, a); err != nil {
			return err
		}
	}
	d.out.WriteString(">")
	if d.root == nil {
		d.root = e
	} else {
		above := d.open[len(d.open)-1]
		above.inside = append(above.inside, e)
	}
	d.open = append(d.open, e)
	if e.name == "style" {
		d.styles = append(d.styles, e)
	}
	return nil
}

// size reads how large the drawing is, and says so in the one way that lets browsers scale it.
func (d *drawing) size(attributes []xml.Attr) error {
	var box []float64
	for _, a := range attributes {
		if full(a.Name) != ":viewBox" {
			continue
		}
		for number := range strings.FieldsSeq(strings.ReplaceAll(a.Value, ",", " ")) {
			n, err := strconv.ParseFloat(number, 64)
			if err != nil {
				return noLogo("shape")
			}
			box = append(box, n)
		}
	}
	if box == nil {
		box = []float64{0, 0, lengthOf(attributes, ":width"), lengthOf(attributes, ":height")}
	}
	const far = 1e6
	if len(box) != 4 || slices.ContainsFunc(box, func(n float64) bool { return math.IsNaN(n) || math.Abs(n) > far }) || box[2] <= 0 || box[3] <= 0 {
		return noLogo("shape")
	}
	d.width, d.height = box[2], box[3]
	var numbers []string
	for _, n := range box {
		numbers = append(numbers, strconv.FormatFloat(n, 'f', -1, 64))
	}
	d.out.WriteString(` viewBox="` + strings.Join(numbers, " ") + `"`)
	return nil
}

func lengthOf(attributes []xml.Attr, name string) float64 {
	for _, a := range attributes {
		if n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(a.Value), "px"), 64); err == nil && full(a.Name) == name {
			return n
		}
	}
	return 0
}

// attribute writes one, or leaves it out if it is of a drawing program.
func (d *drawing) attribute(e *element, a xml.Attr) error {
	name := a.Name.Local
	link := name == "href" && (a.Name.Space == "" || a.Name.Space == "xlink")
	switch {
	case strings.HasPrefix(strings.ToLower(name), "on") && a.Name.Space == "":
		return active(name)
	case a.Name.Space != "" && !link || name == "xmlns" || !plainName.MatchString(name):
		return nil
	case d.root == nil && (name == "viewBox" || name == "width" || name == "height"):
		return nil
	case link && !strings.HasPrefix(a.Value, "#"):
		return active("href")
	case link:
		e.refs = append(e.refs, a.Value[1:])
	default:
		refs, err := styleRefs(a.Value)
		if err == nil {
			err = costly(name, a.Value)
		}
		if err != nil {
			return err
		}
		e.refs = append(e.refs, refs...)
	}
	if slices.Contains(e.said, name) { // href, with a prefix and without
		return nil
	}
	e.said = append(e.said, name)
	e.size += len(a.Value)
	if name == "id" && d.named[a.Value] == nil { // of several, browsers take the first
		d.named[a.Value] = e
	}
	d.out.WriteString(" " + name + `="`)
	_ = xml.EscapeText(&d.out, []byte(a.Value)) // a buffer takes everything
	d.out.WriteString(`"`)
	return nil
}

var (
	// loading are the ways in which a style brings something from elsewhere, or hides that it does: at-rules, escapes, and
	// functions that take addresses.
	loading = regexp.MustCompile(`(?i)[@\\]|(image|image-set|src|cross-fade|element|paint|attr)\s*\(`)
	address = regexp.MustCompile(`(?i)url\s*\(\s*(['"]?)([^'")]*)(['"]?)\s*\)`)
	began   = regexp.MustCompile(`(?i)url\s*\(`)
)

// styleRefs are the parts of the drawing that a style, or an attribute like fill, names.
func styleRefs(text string) (ids []string, err error) {
	found := address.FindAllStringSubmatch(text, -1)
	if loading.MatchString(text) || len(found) != len(began.FindAllString(text, -1)) {
		return nil, active("style")
	}
	for _, one := range found {
		id, here := strings.CutPrefix(strings.TrimSpace(one[2]), "#")
		if !here {
			return nil, active("url")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// What a style asks for costs as much as it says, at each element that it is for; but some of it costs more.
var (
	function = regexp.MustCompile(`([A-Za-z][A-Za-z0-9-]*)\(`)
	// cheap are functions of colours and places. Others blur, expand what they were given, or hold shapes of their own.
	cheap = regexp.MustCompile(`(?i)^(url|rgba?|hsla?|matrix|translate[xy]?|scale[xy]?|rotate|skew[xy]?)$`)
	// dashes may be so short that a line has millions.
	dashes   = regexp.MustCompile(`(?i)stroke-dasharray`)
	noDashes = regexp.MustCompile(`(?i)stroke-dasharray\s*:\s*none\s*(;|}|$)`)
	// nested rules look for each other, twice as long with each level; so do those for neighbours.
	nested = regexp.MustCompile(`~|\{[^}]*\{`)
)

// costly refuses what makes browsers work beyond what is counted, in an attribute or, under "style", in rules.
func costly(name, text string) error {
	low := strings.ToLower(name)
	switch {
	case low == "id", low == "class", strings.HasPrefix(low, "data-"), strings.HasPrefix(low, "aria-"):
		return nil // words
	case low == "stroke-dasharray" && !strings.EqualFold(strings.TrimSpace(text), "none"),
		len(dashes.FindAllString(text, -1)) != len(noDashes.FindAllString(text, -1)):
		return active("stroke-dasharray")
	}
	for _, called := range function.FindAllStringSubmatch(text, -1) {
		if !cheap.MatchString(called[1]) {
			return active(called[1])
		}
	}
	return nil
}

func (d *drawing) text(text string) {
	if len(d.left) > 0 || len(d.open) == 0 {
		return
	}
	e := d.open[len(d.open)-1]
	e.size += len(text)
	if e.name == "style" {
		e.style.WriteString(text)
	}
	var safe bytes.Buffer
	_ = xml.EscapeText(&safe, []byte(text)) // a buffer takes everything
	d.out.WriteString(strings.NewReplacer("&#xA;", "\n", "&#x9;", "\t").Replace(safe.String()))
}

func (d *drawing) end(t xml.EndElement) error {
	if n := len(d.left); n > 0 {
		if d.left[n-1] != full(t.Name) {
			return noLogo("broken")
		}
		d.left = d.left[:n-1]
		return nil
	}
	n := len(d.open)
	if n == 0 || d.open[n-1].name != t.Name.Local || t.Name.Space != "" && t.Name.Space != "svg" {
		return noLogo("broken")
	}
	d.open = d.open[:n-1]
	d.out.WriteString("</" + t.Name.Local + ">")
	return nil
}

// check looks at the whole: styles name colours only, and nothing is drawn too often.
func (d *drawing) check() error {
	size := 0
	for _, e := range d.styles {
		rules := e.style.String()
		refs, err := styleRefs(rules)
		if err == nil {
			err = costly("style", rules)
		}
		if err != nil {
			return err
		}
		if size += len(rules); size > mostStyle || nested.MatchString(rules) {
			return active("style")
		}
		for _, id := range refs {
			if to := d.named[id]; to != nil && to.name != "linearGradient" && to.name != "radialGradient" {
				return active("style") // how often it would be drawn, only a browser knows
			}
		}
	}
	if d.count(d.root) > mostDrawn {
		return active("use")
	}
	return nil
}

// count is how many elements are drawn by one, long ones as several, more than mostDrawn if they have no end.
func (d *drawing) count(e *element) int {
	if e.drawn != 0 {
		return e.drawn
	}
	e.drawn = mostDrawn + 1 // to whoever comes here again by a reference: it draws itself
	n := 1 + e.size/oneMore
	for _, one := range e.inside {
		n = min(n+d.count(one), mostDrawn+1)
	}
	for _, id := range e.refs {
		if to := d.named[id]; to != nil {
			n = min(n+d.count(to), mostDrawn+1)
		}
	}
	e.drawn = n
	return n
}
