package edge

import (
	"net/http"
	"slices"
)

// Mux is a ServeMux that tells which routes it has, so that a test can ask for each of them who may call it.
type Mux struct {
	*http.ServeMux
	routes []string
}

// NewMux returns a mux without routes.
func NewMux() *Mux { return &Mux{ServeMux: http.NewServeMux()} }

// Handle registers a handler for a pattern of http.ServeMux.
func (m *Mux) Handle(pattern string, handler http.Handler) {
	m.routes = append(m.routes, pattern)
	m.ServeMux.Handle(pattern, handler)
}

// HandleFunc is Handle for a function.
func (m *Mux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	m.Handle(pattern, http.HandlerFunc(handler))
}

// Routes are all patterns, in the order of the alphabet.
func (m *Mux) Routes() []string { return slices.Sorted(slices.Values(m.routes)) }
