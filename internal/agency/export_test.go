package agency

import (
	"context"

	"visavis/internal/db"
)

// Read does something once, after the next agency was read for its key and before that is opened.
func (k *Keys) Read(do func()) {
	read := k.in
	k.in = func(ctx context.Context, q db.Q, id string) (Agency, error) {
		k.in = read
		a, err := read(ctx, q, id)
		do()
		return a, err
	}
}

// Owned are the tables that Clear clears, in its order.
func Owned() []string { return owned() }

// Husk is a table of which Clear leaves empty rows.
type Husk struct {
	Table, Blank string
	Said, Stays  []string
}

// Husks are all of them.
func Husks() (list []Husk) {
	for _, h := range husks() {
		list = append(list, Husk{h.table, h.blank, h.said, h.stays})
	}
	return list
}

// ReadPicture is what becomes of a file: what is stored of it.
func ReadPicture(file []byte) (kind string, content []byte, err error) {
	p, err := readPicture(file)
	return p.kind, p.content, err
}
