package scim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"visavis/internal/edge"
)

const (
	// requestTime is how long one may take: a group may have some thousand members.
	requestTime = 20 * time.Second
	// mostBytes are 10,000 members as the most talkative directories write them, each with address and name.
	mostBytes = 2 << 20
)

// Uploads are the requests that may have a larger body.
func Uploads() map[string]int64 {
	const groups = " /scim/v2/*/Groups"
	return map[string]int64{"POST" + groups: mostBytes, "PUT" + groups + "/*": mostBytes, "PATCH" + groups + "/*": mostBytes}
}

// call answers one kind of request of a directory; without a body, it answers 204.
type call func(ctx context.Context, c caller, r *http.Request, body []byte) (status int, answer any, err error)

// Routes registers what directories call. They stand beside the API of our pages: the protocol has its own media type,
// errors and way to sign in.
func (s *Service) Routes(mux *edge.Mux) {
	const base = "/scim/v2/{agency}"
	for route, f := range map[string]call{
		"GET " + base + "/ServiceProviderConfig": fixed(func(at string) any { return providerConfig(at) }),
		"GET " + base + "/ResourceTypes":         fixed(func(at string) any { return resourceTypes(at) }),
		"GET " + base + "/Schemas":               fixed(func(string) any { return schemas() }),
		"GET " + base + "/Users":                 s.getUsers,
		"POST " + base + "/Users":                s.postUser,
		"GET " + base + "/Users/{id}":            s.getUser,
		"PUT " + base + "/Users/{id}":            s.putUser,
		"PATCH " + base + "/Users/{id}":          s.patchUser,
		"DELETE " + base + "/Users/{id}":         s.dropUser,
		"GET " + base + "/Groups":                s.getGroups,
		"POST " + base + "/Groups":               s.postGroup,
		"GET " + base + "/Groups/{id}":           s.getGroup,
		"PUT " + base + "/Groups/{id}":           s.putGroup,
		"PATCH " + base + "/Groups/{id}":         s.patchGroup,
		"DELETE " + base + "/Groups/{id}":        s.dropGroup,
	} {
		mux.HandleFunc(route, s.handle(f))
	}
}

func (s *Service) handle(f call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		r = r.WithContext(ctx)
		c, err := s.identify(r)
		if err != nil {
			writeFault(w, s.asFault(r, err))
			return
		}
		body, err := io.ReadAll(r.Body) // bounded for every request
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			writeFault(w, refuse(http.StatusRequestEntityTooLarge, "", "the body is too large; send groups in several requests"))
			return
		}
		if err != nil {
			writeFault(w, badSyntax("the body did not come whole"))
			return
		}
		done, busy := s.wait(ctx, body)
		if busy != nil {
			writeFault(w, busy)
			return
		}
		defer done()
		status, answer, err := f(ctx, c, r, body)
		switch {
		case err != nil:
			writeFault(w, s.asFault(r, err))
		case answer == nil:
			w.WriteHeader(status)
		default:
			write(w, status, answer)
		}
	}
}

// wait lets one large body be understood at a time: it takes up some twenty times as much.
func (s *Service) wait(ctx context.Context, body []byte) (done func(), busy *fault) {
	if len(body) <= edge.MaxBody {
		return func() {}, nil
	}
	select {
	case s.large <- struct{}{}:
		return func() { <-s.large }, nil
	case <-ctx.Done():
		return nil, refuse(http.StatusServiceUnavailable, "", "several large requests at once; try again")
	}
}

func fixed(f func(base string) any) call {
	return func(_ context.Context, c caller, _ *http.Request, _ []byte) (int, any, error) {
		return http.StatusOK, f(c.base), nil
	}
}

// page reads which part of a list is asked for.
func page(r *http.Request) (name, value string, start, count int, f *fault) {
	query := r.URL.Query()
	start, count = 1, defaultCount
	for key, into := range map[string]*int{"startIndex": &start, "count": &count} {
		if text := query.Get(key); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				return "", "", 0, 0, badValue("%s must be a number", key)
			}
			*into = n
		}
	}
	start, count = min(max(start, 1), 10_000_000), min(max(count, 0), mostCount)
	if text := query.Get("filter"); text != "" {
		name, value, f = parseFilter(text)
	}
	return name, value, start, count, f
}

func (s *Service) getUsers(ctx context.Context, c caller, r *http.Request, _ []byte) (int, any, error) {
	name, value, start, count, f := page(r)
	if f != nil {
		return 0, nil, f
	}
	condition, argument, f := userFilter(name, value)
	if f != nil {
		return 0, nil, f
	}
	found, total, err := accountsOf(ctx, s.db.Read(), c.agency, condition, argument, start, count)
	users := make([]user, len(found))
	for i, a := range found {
		users[i] = s.userOf(c, a)
	}
	return http.StatusOK, listOf(total, start, users), err
}

func (s *Service) postUser(ctx context.Context, c caller, _ *http.Request, body []byte) (int, any, error) {
	u, err := s.createUser(ctx, c, body)
	return http.StatusCreated, u, err
}

func (s *Service) getUser(ctx context.Context, c caller, r *http.Request, _ []byte) (int, any, error) {
	a, err := accountByID(ctx, s.db.Read(), c.agency, r.PathValue("id"))
	return http.StatusOK, s.userOf(c, a), err
}

func (s *Service) putUser(ctx context.Context, c caller, r *http.Request, body []byte) (int, any, error) {
	said, f := decode(body)
	var ch userChange
	if f == nil {
		f = ch.whole(said)
	}
	if f == nil && ch.login == nil {
		f = badValue("userName is needed")
	}
	if f != nil {
		return 0, nil, f
	}
	u, err := s.changeUser(ctx, c, r.PathValue("id"), ch)
	return http.StatusOK, u, err
}

func (s *Service) patchUser(ctx context.Context, c caller, r *http.Request, body []byte) (int, any, error) {
	operations, f := parsePatch(body)
	var ch userChange
	if f == nil {
		f = ch.patch(operations)
	}
	if f != nil {
		return 0, nil, f
	}
	u, err := s.changeUser(ctx, c, r.PathValue("id"), ch)
	return http.StatusOK, u, err
}

func (s *Service) dropUser(ctx context.Context, c caller, r *http.Request, _ []byte) (int, any, error) {
	return http.StatusNoContent, nil, s.deleteUser(ctx, c, r.PathValue("id"))
}

// slim tells that members are not wanted: of a large group they are most of the answer.
func slim(r *http.Request) bool {
	return strings.Contains(strings.ToLower(r.URL.Query().Get("excludedAttributes")), "members")
}

func (s *Service) getGroups(ctx context.Context, c caller, r *http.Request, _ []byte) (int, any, error) {
	name, value, start, count, f := page(r)
	if f != nil {
		return 0, nil, f
	}
	condition, argument, f := groupFilter(name, value)
	if f != nil {
		return 0, nil, f
	}
	found, total, err := groupsOf(ctx, s.db.Read(), c.agency, condition, argument, start, count)
	if err != nil {
		return 0, nil, err
	}
	all, listed := []group{}, 0
	for _, g := range found {
		var members []string
		if !slim(r) {
			if members, err = membersOf(ctx, s.db.Read(), c.agency, g.id); err != nil {
				return 0, nil, err
			}
		}
		if listed += len(members); listed > s.o.listed() && len(all) > 0 {
			break // the directory asks on from there (RFC 7644 §3.4.2.4)
		}
		all = append(all, s.groupOf(c, g, members))
	}
	return http.StatusOK, listOf(total, start, all), nil
}

func (s *Service) postGroup(ctx context.Context, c caller, _ *http.Request, body []byte) (int, any, error) {
	g, err := s.createGroup(ctx, c, body)
	return http.StatusCreated, g, err
}

func (s *Service) getGroup(ctx context.Context, c caller, r *http.Request, _ []byte) (int, any, error) {
	g, err := groupByID(ctx, s.db.Read(), c.agency, r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	var members []string
	if !slim(r) {
		members, err = membersOf(ctx, s.db.Read(), c.agency, g.id)
	}
	return http.StatusOK, s.groupOf(c, g, members), err
}

func (s *Service) putGroup(ctx context.Context, c caller, r *http.Request, body []byte) (int, any, error) {
	said, f := decode(body)
	var ch groupChange
	if f == nil {
		f = ch.whole(said, "replace")
	}
	if f == nil && ch.title == nil {
		f = badValue("displayName is needed")
	}
	if f != nil {
		return 0, nil, f
	}
	if _, told := said["members"]; !told { // all of it is said: it has none
		ch.members = append(ch.members, memberChange{all: true})
	}
	g, err := s.changeGroup(ctx, c, r.PathValue("id"), ch)
	return http.StatusOK, g, err
}

// patchGroup answers without the group: directories change one member of thousands.
func (s *Service) patchGroup(ctx context.Context, c caller, r *http.Request, body []byte) (int, any, error) {
	operations, f := parsePatch(body)
	var ch groupChange
	if f == nil {
		f = ch.patch(operations)
	}
	if f != nil {
		return 0, nil, f
	}
	_, err := s.changeGroup(ctx, c, r.PathValue("id"), ch)
	return http.StatusNoContent, nil, err
}

func (s *Service) dropGroup(ctx context.Context, c caller, r *http.Request, _ []byte) (int, any, error) {
	return http.StatusNoContent, nil, s.deleteGroup(ctx, c, r.PathValue("id"))
}
