package edge

import "net/http"

// SetCookie sets a session cookie bound to exactly this origin: the __Host- prefix
// makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis §4.1.3.2).
// Browsers treat http://localhost as trustworthy, so the demo works without TLS.
func SetCookie(w http.ResponseWriter, name, value string, sameSite http.SameSite) {
	http.SetCookie(w, HostCookie(name, value, sameSite))
}

// HostCookie is the cookie that SetCookie sets.
func HostCookie(name, value string, sameSite http.SameSite) *http.Cookie {
	return &http.Cookie{
		Name: "__Host-" + name, Value: value, Path: "/",
		Secure: true, HttpOnly: true, SameSite: sameSite,
	}
}

// DropCookie makes the browser forget a cookie.
func DropCookie(w http.ResponseWriter, name string, sameSite http.SameSite) {
	c := HostCookie(name, "", sameSite)
	c.MaxAge = -1
	http.SetCookie(w, c)
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
