package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"visavis/internal/db"
)

// The names that the standard has for what is sent.
const (
	mediaType     = "application/scim+json"
	schemaUser    = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaGroup   = "urn:ietf:params:scim:schemas:core:2.0:Group"
	messageList   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	messagePatch  = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	messageError  = "urn:ietf:params:scim:api:messages:2.0:Error"
	kindUser      = "User"
	kindGroup     = "Group"
	defaultCount  = 100
	mostCount     = 200
	mostNameChars = 254
)

// fault is an error as the standard has it. Its detail is for the log of whoever runs the directory, in English like all
// of the protocol, and names nobody.
type fault struct {
	status int
	kind   string // scimType
	detail string
}

func (f *fault) Error() string { return f.detail }

func refuse(status int, kind, detail string, args ...any) *fault {
	return &fault{status, kind, fmt.Sprintf(detail, args...)}
}

func badValue(detail string, args ...any) *fault {
	return refuse(http.StatusBadRequest, "invalidValue", detail, args...)
}

func badSyntax(detail string) *fault {
	return refuse(http.StatusBadRequest, "invalidSyntax", "%s", detail)
}

func notUnique(detail string) *fault {
	return refuse(http.StatusConflict, "uniqueness", "%s", detail)
}

func unknown() *fault { return refuse(http.StatusNotFound, "", "there is no such resource") }

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // plain values; whoever asked may have gone
}

func writeFault(w http.ResponseWriter, f *fault) {
	body := map[string]any{"schemas": []string{messageError}, "status": strconv.Itoa(f.status), "detail": f.detail}
	if f.kind != "" {
		body["scimType"] = f.kind
	}
	if f.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="scim"`)
	}
	write(w, f.status, body)
}

// asFault is the answer to an error; what is none of the directory's business is logged and hidden.
func (s *Service) asFault(r *http.Request, err error) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	if errors.Is(err, db.ErrConflict) || db.IsUnique(err) {
		return notUnique("somebody else has changed or made the same at this moment; try again")
	}
	if r.Context().Err() == nil {
		s.o.Log.ErrorContext(r.Context(), "answer directory", "route", r.Pattern, "error", err)
	}
	return refuse(http.StatusInternalServerError, "", "internal error")
}

type meta struct {
	Kind     string `json:"resourceType"`
	Created  string `json:"created"`
	Changed  string `json:"lastModified"`
	Location string `json:"location"`
	Version  string `json:"version"`
}

func metaOf(kind, location string, created, changed, version int64) meta {
	at := func(ms int64) string { return db.Time(ms).UTC().Format(time.RFC3339) }
	return meta{kind, at(created), at(changed), location, fmt.Sprintf(`W/"%d"`, version)}
}

type named struct {
	Formatted string `json:"formatted"`
}

type mailed struct {
	Value   string `json:"value"`
	Type    string `json:"type"`
	Primary bool   `json:"primary"`
}

// user is an account as directories see it.
type user struct {
	Schemas  []string `json:"schemas"`
	ID       string   `json:"id"`
	External string   `json:"externalId,omitempty"`
	Login    string   `json:"userName"`
	Name     named    `json:"name"`
	Display  string   `json:"displayName"`
	Mails    []mailed `json:"emails"`
	Active   bool     `json:"active"`
	Meta     meta     `json:"meta"`
}

type member struct {
	Value string `json:"value"`
	Ref   string `json:"$ref"`
	Kind  string `json:"type"`
}

type group struct {
	Schemas  []string `json:"schemas"`
	ID       string   `json:"id"`
	External string   `json:"externalId,omitempty"`
	Display  string   `json:"displayName"`
	Members  []member `json:"members,omitempty"`
	Meta     meta     `json:"meta"`
}

type list struct {
	Schemas   []string `json:"schemas"`
	Total     int      `json:"totalResults"`
	Start     int      `json:"startIndex"`
	Count     int      `json:"itemsPerPage"`
	Resources any      `json:"Resources"`
}

func listOf[T any](total, start int, resources []T) list {
	if resources == nil {
		resources = []T{}
	}
	return list{[]string{messageList}, total, start, len(resources), resources}
}
