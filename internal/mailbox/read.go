package mailbox

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// content is what people see of a mail.
type content struct {
	Subject, From string
	Text, HTML    string
	Files         []string
}

// maxParts bounds how deep and how many parts are looked at.
const maxParts = 20

func read(data []byte) content {
	var c content
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		c.Text = string(data)
		return c
	}
	decoder := new(mime.WordDecoder)
	c.Subject, c.From = m.Header.Get("Subject"), m.Header.Get("From")
	if s, err := decoder.DecodeHeader(c.Subject); err == nil {
		c.Subject = s
	}
	if s, err := decoder.DecodeHeader(c.From); err == nil {
		c.From = s
	}
	left := maxParts
	c.part(m.Header, m.Body, &left)
	return c
}

type header interface{ Get(string) string }

func (c *content) part(h header, body io.Reader, left *int) {
	if *left--; *left < 0 {
		return
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			c.part(p.Header, p, left)
		}
	}
	if _, file, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil && file["filename"] != "" {
		c.Files = append(c.Files, file["filename"])
		return
	}
	text, err := io.ReadAll(decoded(h.Get("Content-Transfer-Encoding"), body))
	if err != nil {
		return
	}
	switch kind {
	case "text/plain":
		c.Text += string(text)
	case "text/html":
		c.HTML += string(text)
	}
}

func decoded(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}
