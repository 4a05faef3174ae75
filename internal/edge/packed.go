package edge

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"sync"
)

// compressors are shared by all streams, as each takes most of a megabyte.
type compressors struct{ pool sync.Pool }

// packed is a stream as gzip (RFC 1952), of which every piece is compressed by itself: between two pieces a guest who waits
// keeps nothing but a checksum.
type packed struct {
	sink
	by     *compressors
	begun  bool
	broken bool
	sum    uint32
	size   uint32
}

func (p *packed) send(text []byte) error {
	var out bytes.Buffer
	if !p.begun {
		p.begun = true
		out.WriteString("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff") // §2.3.1: deflate, no name, no time, no system
	}
	p.by.deflate(&out, text)
	p.sum = crc32.Update(p.sum, crc32.IEEETable, text)
	p.size += uint32(len(text)) // §2.3.1: modulo 2^32
	err := p.sink.send(out.Bytes())
	p.broken = err != nil
	return err
}

// close ends the last block, so that a reader can tell the end from a break.
func (p *packed) close() {
	if p.begun && !p.broken {
		end := []byte{0x03, 0x00} // RFC 1951 §3.2.6: a last block with nothing in it
		end = binary.LittleEndian.AppendUint32(end, p.sum)
		_ = p.sink.send(binary.LittleEndian.AppendUint32(end, p.size)) // the reader may have left
	}
	p.sink.close()
}

// deflate appends a text that can be read without what was before it. A Buffer does not fail, nor does what writes to one.
func (c *compressors) deflate(out *bytes.Buffer, text []byte) {
	w, known := c.pool.Get().(*flate.Writer)
	if known {
		w.Reset(out)
	} else {
		w, _ = flate.NewWriter(out, flate.DefaultCompression) // a level that there is
	}
	_, _ = w.Write(text)
	_ = w.Flush()
	c.pool.Put(w)
}
