package edge

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

var errJSON = errors.New("body is not JSON with one meaning")

const mostNested = 16

// unmarshal reads a body that has one meaning, whoever reads it: text in UTF-8, one value, each name once in its object.
// Which names there may be is checked against the schema.
func unmarshal(data []byte, into any) error {
	if !utf8.Valid(data) || !oneMeaning(data) {
		return errJSON
	}
	return json.Unmarshal(data, into)
}

// oneMeaning looks for names that come twice: of two values some programs take the first, and we would the last.
// Whether the rest is well-formed json.Unmarshal says.
func oneMeaning(data []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var open []scope
	for {
		token, err := decoder.Token()
		if err != nil {
			return true // the end, or what the next reader stumbles over
		}
		if text, is := token.(string); is && strings.ContainsRune(text, 0) {
			return false // which no text has, and no database takes
		}
		delim, isDelim := token.(json.Delim)
		if isDelim && (delim == '}' || delim == ']') {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 && !open[len(open)-1].take(token) {
			return false
		}
		if isDelim {
			open = append(open, newScope(delim))
		}
		if len(open) > mostNested {
			return false
		}
	}
}

// scope is an object or array that is being read.
type scope struct {
	names map[string]bool // of an object; nil: an array
	value bool            // a name has come, its value is next
}

func newScope(delim json.Delim) scope {
	if delim == '{' {
		return scope{names: map[string]bool{}}
	}
	return scope{}
}

// take notes the next name or value; false when the name was there before.
func (s *scope) take(token json.Token) bool {
	if s.names == nil {
		return true
	}
	s.value = !s.value
	name, isName := token.(string)
	if !s.value || !isName {
		return true
	}
	known := s.names[name]
	s.names[name] = true
	return !known
}

// onlyJSON refuses bodies that do not say that they are JSON, or say something else besides: a form of another page can
// be sent as any of the others without the browser asking us first.
func onlyJSON(c huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(c)
	if r.ContentLength != 0 && !saysJSON(r.Header) {
		WriteProblem(w, NewProblem(http.StatusUnsupportedMediaType, "request.content_type"))
		return
	}
	next(c)
}

func saysJSON(h http.Header) bool {
	said := h.Values("Content-Type")
	if len(said) != 1 || h.Get("Content-Encoding") != "" {
		return false
	}
	kind, params, err := mime.ParseMediaType(said[0])
	if err != nil || kind != "application/json" {
		return false
	}
	charset, named := params["charset"]
	return !named || strings.EqualFold(charset, "utf-8")
}
