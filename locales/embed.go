// Package locales holds every text a person reads, once for browsers and mails alike.
//
// One folder per language, one file per part of the product, flat keys that begin with the name of their file
// ("guest.landing.title"), values in a subset of ICU MessageFormat: {name}, plural and select. German is the source;
// every other language has the same keys with the same arguments. The package knows no format and no feature.
package locales

import "embed"

// Files are the catalogues, at de/common.json and so on.
//
//go:embed */*.json
var Files embed.FS
