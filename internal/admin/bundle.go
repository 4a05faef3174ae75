package admin

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// MostBytes is the largest document, all its files together and unpacked. 10,000 staff, 3,000 desks and 1,000 locations
// need two megabytes.
const MostBytes = 20 << 20

// mostFiles of a folder or an archive; six would do.
const mostFiles = 20

// File is one that somebody gives.
type File struct {
	Name string
	Data []byte
}

// Read makes a document of files: one in JSON, one ZIP archive, or tables in CSV.
func Read(files []File) (*Document, *Mistakes) {
	m := &Mistakes{}
	d := newDocument()
	files = slices.DeleteFunc(slices.Clone(files), func(f File) bool { return ignored(f.Name) })
	if len(files) == 1 && extension(files[0].Name) == ".zip" && foreign(files[0]) == "" {
		files = unpack(files[0], m)
	}
	total := 0
	for _, f := range files {
		total += len(f.Data)
	}
	switch {
	case m.any():
	case total > MostBytes:
		m.add(files[0].Name, 0, "too_large", "most", MostBytes>>20)
	case len(files) > mostFiles:
		m.add(files[0].Name, 0, "too_many_files", "most", mostFiles)
	case len(files) == 0:
		m.add("", 0, "nothing")
	case len(files) == 1 && extension(files[0].Name) == ".json" && foreign(files[0]) == "":
		d = readJSON(files[0].Name, files[0].Data, m)
	default:
		for _, f := range files {
			d.table(f, m)
		}
	}
	return d, m
}

// table adds a file in CSV.
func (d *Document) table(f File, m *Mistakes) {
	if what := foreign(f); what != "" {
		m.add(f.Name, 0, what)
		return
	}
	if ending := extension(f.Name); ending == ".zip" || ending == ".json" { // alone, it was read before this
		m.add(f.Name, 0, "alone")
		return
	}
	kind, known := kindOf(f.Name)
	if !known || extension(f.Name) != ".csv" {
		m.add(f.Name, 0, "file_unknown")
		return
	}
	if other, twice := d.Files[kind]; twice {
		m.add(f.Name, 0, "file_twice", "other", other)
		return
	}
	d.Files[kind] = f.Name
	d.Rows[kind] = readCSV(f.Name, kind, f.Data, m)
}

func extension(name string) string { return strings.ToLower(path.Ext(name)) }

// kindOf reads what a table is about from the beginning of its name: browsers and people add to the end.
func kindOf(name string) (Kind, bool) {
	low := strings.ToLower(path.Base(name))
	for _, s := range sheets() {
		for _, begin := range append([]string{string(s.kind)}, s.german...) {
			rest, fits := strings.CutPrefix(low, begin)
			if fits && rest != "" && (rest[0] < 'a' || rest[0] > 'z') {
				return s.kind, true
			}
		}
	}
	return "", false
}

// ignored are the files that systems and Excel leave beside those that people mean.
func ignored(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "~$") || strings.HasPrefix(name, "__MACOSX/") ||
		strings.HasSuffix(name, "/") || strings.EqualFold(base, "thumbs.db") || strings.EqualFold(base, "desktop.ini")
}

func unpack(archive File, m *Mistakes) []File {
	z, err := zip.NewReader(bytes.NewReader(archive.Data), int64(len(archive.Data)))
	if err != nil {
		m.add(archive.Name, 0, "zip")
		return nil
	}
	var files []File
	left := int64(MostBytes)
	for _, entry := range z.File {
		if ignored(entry.Name) {
			continue
		}
		if len(files) == mostFiles {
			m.add(archive.Name, 0, "too_many_files", "most", mostFiles)
			return nil
		}
		data, err := unpackOne(entry, left)
		if errors.Is(err, errLarge) {
			m.add(archive.Name, 0, "too_large", "most", MostBytes>>20)
			return nil
		}
		if err != nil {
			m.add(archive.Name, 0, "zip")
			return nil
		}
		left -= int64(len(data))
		files = append(files, File{Name: path.Base(entry.Name), Data: data})
	}
	return files
}

var errLarge = errors.New("more than is read")

func unpackOne(entry *zip.File, most int64) ([]byte, error) {
	content, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return readMost(content, most)
}

func readMost(from io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && int64(len(data)) > most {
		err = errLarge
	}
	return data, err
}

// Open reads a file, or the files of a folder, as far as Read would take them.
func Open(name string) ([]File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	names := []string{name}
	if info.IsDir() {
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		names = nil
		for _, e := range entries {
			if !e.IsDir() && !ignored(e.Name()) {
				names = append(names, filepath.Join(name, e.Name()))
			}
		}
		if len(names) > mostFiles {
			return nil, fmt.Errorf("%s holds %d files; name a folder with only those that are to be imported", name, len(names))
		}
	}
	var files []File
	left := int64(MostBytes)
	for _, one := range names {
		data, err := openOne(one, left)
		if errors.Is(err, errLarge) {
			return nil, fmt.Errorf("%s is larger than the %d MB that are imported at a time; divide it", name, MostBytes>>20)
		}
		if err != nil {
			return nil, err
		}
		left -= int64(len(data))
		files = append(files, File{Name: filepath.Base(one), Data: data})
	}
	return files, nil
}

func openOne(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readMost(f, most)
}

// Format is how a document is written.
type Format string

// The formats. CSV is an archive with one table for each kind.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// Write gives a document as files, the same bytes for the same organisation.
func (d *Document) Write(format Format) []File {
	if format == JSON {
		return []File{{Name: "organisation.json", Data: writeJSON(d)}}
	}
	var files []File
	for _, s := range sheets() {
		files = append(files, File{Name: string(s.kind) + ".csv", Data: writeCSV(s, d.Rows[s.kind])})
	}
	return files
}

// Pack puts files into one archive.
func Pack(files []File) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.Name, err)
		}
		if _, err := w.Write(f.Data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.Name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack files: %w", err)
	}
	return b.Bytes(), nil
}
