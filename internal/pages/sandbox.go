package pages

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
)

// sandboxScript starts, as a worker, what the page outside hands in, and gives it the way back to that page.
//
//go:embed sandbox.js
var sandboxScript string

// sandbox answers with the empty page in whose worker a talk's page has files of others read (web/src/talk/view). It is
// of no origin, so that it reaches no page and no data of ours, and its policy knows no address at all: what is run in it
// comes from the page outside, as a message, and nothing else comes in or goes out. Workers from blobs have the policy of
// who makes them (CSP 3, §4.2.2).
func sandbox() http.HandlerFunc {
	sum := sha256.Sum256([]byte(sandboxScript))
	policy := "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "' 'wasm-unsafe-eval'; " +
		"worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
	body := []byte("<!doctype html><meta charset=\"utf-8\"><title>Visavis</title><script>" + sandboxScript + "</script>\n")
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		_, _ = w.Write(body) // the client may have gone
	}
}
