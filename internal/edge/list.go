package edge

import "strings"

// splitList takes a comma-separated header value apart, empty parts left out, at
// most 32 parts from the end: nobody has more proxies.
func splitList(value string) []string {
	var out []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	if len(out) > 32 {
		out = out[len(out)-32:]
	}
	return out
}
