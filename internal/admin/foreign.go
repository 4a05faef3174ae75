package admin

import (
	"bytes"
	"slices"
)

// headBytes are enough to know what a file is.
const headBytes = 4 << 10

// foreign tells of a file that is no table, no document and no archive of them what it is, as the code of a mistake: people
// choose the workbook instead of what they have saved from it, or rename it. Empty: nothing speaks against it.
func foreign(f File) string {
	head := f.Data[:min(len(f.Data), headBytes)]
	begins := func(marks ...string) bool {
		return slices.ContainsFunc(marks, func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) })
	}
	holds := func(marks ...string) bool {
		return slices.ContainsFunc(marks, func(mark string) bool { return bytes.Contains(head, []byte(mark)) })
	}
	first, _, _ := bytes.Cut(head, []byte("\n"))
	switch {
	case slices.Contains([]string{".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers"}, extension(f.Name)),
		begins("PK") && holds("[Content_Types].xml", "xl/", "mimetypeapplication/vnd.oasis"),
		begins("\xd0\xcf\x11\xe0"): // what Excel wrote before 2007
		return "workbook"
	case begins("PK\x03\x04") && extension(f.Name) != ".zip":
		return "zip_name"
	case begins("\xff\xfe", "\xfe\xff"): // text in UTF-16, which has NUL in it
		return ""
	case extension(f.Name) != ".zip" && (begins("%PDF", "\x89PNG", "\xff\xd8\xff", "GIF8", "\x1f\x8b", "7z\xbc\xaf", "Rar!") || bytes.IndexByte(first, 0) >= 0):
		return "binary"
	}
	return ""
}
