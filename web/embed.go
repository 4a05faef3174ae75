// Package web holds the built pages for browsers, so that the binary needs no files beside it.
//
// The folder dist is made by the web build and not kept in version control; before the first build it is empty but
// for a placeholder, and the package still compiles. The package knows nothing of HTTP.
package web

import "embed"

// Files are the built pages and their assets below dist/, each text also with .br and .gz beside it.
//
//go:embed all:dist
var Files embed.FS
