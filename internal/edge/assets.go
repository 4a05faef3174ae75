package edge

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Assets serves hashed files from below dir (for example "assets"): immutable, in
// the best precompressed form that lies beside them (.br, .gz).
func Assets(files fs.FS, dir string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Join(dir, path.Clean("/"+strings.TrimPrefix(r.URL.Path, "/"+dir)))
		body, coding, err := precompressed(files, name, r.Header.Get("Accept-Encoding"))
		if err != nil {
			WriteProblem(w, NewProblem(http.StatusNotFound, "not_found"))
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		WriteFile(w, name, coding, body)
	})
}

// WriteFile writes a body with the content type of its name.
func WriteFile(w http.ResponseWriter, name, coding string, body []byte) {
	h := w.Header()
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	h.Add("Vary", "Accept-Encoding")
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client may have gone
}

func precompressed(files fs.FS, name, accept string) (body []byte, coding string, err error) {
	for _, c := range []struct{ coding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !accepts(accept, c.coding) {
			continue
		}
		if body, err := fs.ReadFile(files, name+c.suffix); err == nil {
			return body, c.coding, nil
		}
	}
	body, err = fs.ReadFile(files, name)
	return body, "", err
}

// AcceptsGzip tells whether a body made for this request may be sent compressed.
func AcceptsGzip(r *http.Request) bool {
	return accepts(r.Header.Get("Accept-Encoding"), "gzip")
}

// Gzip compresses what is made anew for every request; files lie there compressed.
func Gzip(body []byte) []byte {
	var small bytes.Buffer
	w := gzip.NewWriter(&small)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	return small.Bytes()
}

// accepts reads Accept-Encoding (RFC 9110 §12.5.3): named, and not with q=0.
func accepts(header, coding string) bool {
	for _, part := range splitList(header) {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q, found := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(params, " ", "")), "q=")
		if !found {
			return true
		}
		weight, err := strconv.ParseFloat(q, 64)
		return err == nil && weight > 0
	}
	return false
}
