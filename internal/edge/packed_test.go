package edge_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

func TestAStreamIsSentAsGzipToWhoTakesItEachPieceAtOnceAndWithAnEnd(t *testing.T) {
	each(t, func(t *testing.T, http2 bool) {
		c := newCounter()
		r := listen(t, bounded(t, c, http2), "Accept-Encoding", "br, gzip")
		if r.res.Header.Get("Content-Encoding") != "gzip" {
			t.Fatal(r.res.Header)
		}
		plain, err := gzip.NewReader(r.res.Body)
		if err != nil {
			t.Fatal(err)
		}
		var whole bytes.Buffer
		r.text = bufio.NewReader(io.TeeReader(plain, &whole))
		r.expect("hello {}", "snapshot 0")
		c.set(func() { c.n = 1 })
		r.expect("change 1")
		c.set(func() { c.bye = true })
		r.expect(`bye {"reason":"taken-over"}`)
		// A reader of gzip looks at the sum of all that came; after a break it would miss it.
		if rest, err := io.ReadAll(r.text); err != nil || len(rest) > 0 {
			t.Errorf("%q after the end, %v", rest, err)
		}
	})
}

func TestAStreamIsSentAsItIsToWhoWantsNoGzip(t *testing.T) {
	each(t, func(t *testing.T, http2 bool) {
		r := listen(t, bounded(t, newCounter(), http2), "Accept-Encoding", "gzip;q=0")
		if r.res.Header.Get("Content-Encoding") != "" {
			t.Fatal(r.res.Header)
		}
		r.expect("hello {}", "snapshot 0")
	})
}
