package edge

import "net/http"

// HostCookie is a session cookie bound to exactly this origin: the __Host- prefix
// makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis §4.1.3.2).
// Browsers treat http://localhost as trustworthy, so the demo works without TLS.
func HostCookie(name, value string, sameSite http.SameSite) *http.Cookie {
	return &http.Cookie{
		Name: "__Host-" + name, Value: value, Path: "/",
		Secure: true, HttpOnly: true, SameSite: sameSite,
	}
}

const maxCookie = 128

// ReadCookie returns the value of a cookie, or "" if there is none that we could have set.
func ReadCookie(r *http.Request, name string) string {
	c, err := r.Cookie("__Host-" + name)
	if err != nil || len(c.Value) > maxCookie {
		return ""
	}
	return c.Value
}
