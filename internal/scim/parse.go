package scim

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	filter "github.com/scim2/filter-parser/v2"
)

// Directories write the same in many ways: attributes and operations in capitals or not, true as a word, an operation
// with a path or with an object of what changes. What is not kept here (telephones, titles, extensions of a schema) is
// passed over, as a directory sends it with everything else.

const (
	mostOperations = 1000
	mostPath       = 400 // characters, of a filter too
	mostAttributes = 200 // of one object
)

// object reads a body, or a value in it, with its names folded; two that are then the same say nothing for certain.
func object(value any) (map[string]any, *fault) {
	from, ok := value.(map[string]any)
	if !ok {
		return nil, badSyntax("an object is expected")
	}
	if len(from) > mostAttributes {
		return nil, badSyntax("there are more attributes than anybody has")
	}
	folded := make(map[string]any, len(from))
	for name, v := range from {
		key := strings.ToLower(name)
		if _, twice := folded[key]; twice {
			return nil, badSyntax("an attribute comes twice")
		}
		folded[key] = v
	}
	return folded, nil
}

func decode(body []byte) (map[string]any, *fault) {
	var value any
	if !utf8.Valid(body) || json.Unmarshal(body, &value) != nil {
		return nil, badSyntax("the body is no JSON")
	}
	return object(value)
}

// text is a value that people read, or a name of the directory: bounded, and without what cannot be seen.
func text(value any, what string) (string, *fault) {
	s, ok := value.(string)
	if value == nil {
		s, ok = "", true
	}
	s = strings.TrimSpace(s)
	if !ok || utf8.RuneCountInString(s) > mostNameChars || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }) {
		return "", badValue("%s must be a text of at most %d characters", what, mostNameChars)
	}
	return s, nil
}

// yes reads a truth value, which some directories write as a word.
func yes(value any) (bool, *fault) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return false, badValue("active must be true or false")
}

// userChange is what a request says of an account; nil: nothing.
type userChange struct {
	login, external, mail             *string
	display, formatted, given, family *string
	active                            *bool
}

// name is what somebody is called, by the best that was said; empty: nothing was.
func (c userChange) name() string {
	for _, s := range []*string{c.display, c.formatted} {
		if s != nil && *s != "" {
			return *s
		}
	}
	if c.given != nil && c.family != nil {
		return strings.TrimSpace(*c.given + " " + *c.family)
	}
	return ""
}

// whole reads an account from the body of POST or PUT, or from the value of an operation without a path.
func (c *userChange) whole(body map[string]any) *fault {
	for key, value := range body {
		if key == "schemas" || key == "id" || key == "meta" {
			continue
		}
		path, f := parsePath(key)
		if f != nil {
			continue // no attribute of ours
		}
		if f := c.set(path, value); f != nil {
			return f
		}
	}
	return nil
}

// path is where in a resource a change is: an attribute, one below it, and of several values those that a condition names.
type path struct {
	name, sub string
	by, equal string // the condition; empty: none
	foreign   bool   // of a schema that is none of ours
}

func parsePath(written string) (path, *fault) {
	bad := refuse(http.StatusBadRequest, "invalidPath", "the path is not understood")
	if len(written) > mostPath {
		return path{}, bad
	}
	parsed, err := filter.ParsePath([]byte(written))
	if err != nil {
		return path{}, bad
	}
	at := parsed.AttributePath
	p := path{name: strings.ToLower(at.AttributeName), sub: strings.ToLower(at.SubAttributeName() + parsed.SubAttributeName())}
	uri := strings.TrimSuffix(at.URI(), ":")
	p.foreign = uri != "" && !strings.EqualFold(uri, schemaUser) && !strings.EqualFold(uri, schemaGroup)
	if parsed.ValueExpression == nil {
		return p, nil
	}
	name, value, f := equality(parsed.ValueExpression)
	if f != nil {
		return path{}, bad
	}
	p.by, p.equal = name, value
	return p, nil
}

// equality takes the only kind of condition apart that is understood: an attribute equals a value.
func equality(e filter.Expression) (name, value string, f *fault) {
	bad := refuse(http.StatusBadRequest, "invalidFilter", "only an attribute eq a value is understood")
	compared, ok := e.(*filter.AttributeExpression)
	if !ok || !strings.EqualFold(string(compared.Operator), string(filter.EQ)) {
		return "", "", bad
	}
	name = strings.ToLower(compared.AttributePath.AttributeName)
	if sub := compared.AttributePath.SubAttributeName(); sub != "" {
		name += "." + strings.ToLower(sub)
	}
	switch v := compared.CompareValue.(type) {
	case string:
		return name, v, nil
	case bool:
		return name, map[bool]string{true: "true", false: "false"}[v], nil
	}
	return "", "", bad
}

// parseFilter reads which resources a list is to have.
func parseFilter(written string) (name, value string, f *fault) {
	bad := refuse(http.StatusBadRequest, "invalidFilter", "the filter is not understood")
	if len(written) > mostPath {
		return "", "", bad
	}
	e, err := filter.ParseFilter([]byte(written))
	if err != nil {
		return "", "", bad
	}
	return equality(e)
}

// set notes one attribute.
func (c *userChange) set(p path, value any) (f *fault) {
	if p.foreign {
		return nil
	}
	switch p.name {
	case "username":
		return setText(&c.login, value, "userName")
	case "externalid":
		return setText(&c.external, value, "externalId")
	case "displayname":
		return setText(&c.display, value, "displayName")
	case "active":
		on, f := yes(value)
		if f == nil {
			c.active = &on
		}
		return f
	case "name":
		return c.setName(p.sub, value)
	case "emails":
		return c.setMails(p, value)
	}
	return nil
}

func setText(into **string, value any, what string) *fault {
	s, f := text(value, what)
	if f == nil {
		*into = &s
	}
	return f
}

func (c *userChange) setName(sub string, value any) *fault {
	parts := map[string]any{sub: value}
	if sub == "" {
		if value == nil {
			return nil
		}
		var f *fault
		if parts, f = object(value); f != nil {
			return f
		}
	}
	for part, into := range map[string]**string{"formatted": &c.formatted, "givenname": &c.given, "familyname": &c.family} {
		if said, ok := parts[part]; ok {
			if f := setText(into, said, "name"); f != nil {
				return f
			}
		}
	}
	return nil
}

// setMails takes the address of somebody's work: of several the first one, else that for work, else whichever comes first.
func (c *userChange) setMails(p path, value any) *fault {
	if p.by == "type" && !strings.EqualFold(p.equal, "work") || value == nil {
		return nil
	}
	if p.sub != "" && p.sub != "value" {
		return nil
	}
	if s, ok := value.(string); ok {
		return setText(&c.mail, s, "emails")
	}
	many, ok := value.([]any)
	if !ok {
		many = []any{value}
	}
	best, found := 0, ""
	for _, one := range many {
		mail, f := object(one)
		if f != nil {
			return f
		}
		s, f := text(mail["value"], "emails")
		if f != nil {
			return f
		}
		rank := 1
		if kind, _ := mail["type"].(string); strings.EqualFold(kind, "work") {
			rank = 2
		}
		if primary, f := yes(mail["primary"]); f == nil && primary {
			rank = 3
		}
		if s != "" && rank > best {
			best, found = rank, s
		}
	}
	if best > 0 {
		c.mail = &found
	}
	return nil
}

// operation is one of a PATCH.
type operation struct {
	do    string // add, remove, replace
	path  string // empty: the value says of each attribute what it is to be
	value any
}

func parsePatch(body []byte) ([]operation, *fault) {
	whole, f := decode(body)
	if f != nil {
		return nil, f
	}
	list, ok := whole["operations"].([]any)
	if !ok || len(list) == 0 || len(list) > mostOperations {
		return nil, badSyntax("Operations must be a list of 1 to 1000")
	}
	operations := make([]operation, 0, len(list))
	for _, one := range list {
		said, f := object(one)
		if f != nil {
			return nil, f
		}
		do, _ := said["op"].(string)
		do = strings.ToLower(do)
		if !slices.Contains([]string{"add", "remove", "replace"}, do) {
			return nil, badSyntax("op must be add, remove or replace")
		}
		at, ok := said["path"].(string)
		if _, there := said["path"]; there && !ok {
			return nil, refuse(http.StatusBadRequest, "invalidPath", "path must be a text")
		}
		if do == "remove" && at == "" {
			return nil, refuse(http.StatusBadRequest, "noTarget", "remove needs a path")
		}
		operations = append(operations, operation{do, at, said["value"]})
	}
	return operations, nil
}

func (c *userChange) patch(operations []operation) *fault {
	for _, o := range operations {
		if o.path == "" {
			said, f := object(o.value)
			if f == nil {
				f = c.whole(said)
			}
			if f != nil {
				return f
			}
			continue
		}
		p, f := parsePath(o.path)
		if f != nil {
			return f
		}
		if o.do == "remove" {
			if p.name == "username" || p.name == "active" {
				return refuse(http.StatusBadRequest, "mutability", "%s cannot be removed", p.name)
			}
			o.value = nil
		}
		if f := c.set(p, o.value); f != nil {
			return f
		}
	}
	return nil
}

// groupChange is what a request says of a group.
type groupChange struct {
	title, external *string
	members         []memberChange
}

// memberChange is one step: who is to be in or out, or, with all, nobody else than these.
type memberChange struct {
	ids []string
	in  bool
	all bool
}

// after is who is in a group when all steps are done.
func (c groupChange) after(before []string) []string {
	now := set(before)
	for _, step := range c.members {
		if step.all {
			clear(now)
		}
		for _, id := range step.ids {
			if step.in {
				now[id] = true
			} else {
				delete(now, id)
			}
		}
	}
	return slices.Sorted(maps.Keys(now))
}

// set makes one of a list: either may have tens of thousands.
func set(list []string) map[string]bool {
	in := make(map[string]bool, len(list))
	for _, one := range list {
		in[one] = true
	}
	return in
}

func (c *groupChange) whole(body map[string]any, do string) *fault {
	for key, value := range body {
		p, f := parsePath(key)
		if f != nil {
			continue // no attribute of ours
		}
		if f := c.set(p, do, value); f != nil {
			return f
		}
	}
	return nil
}

func (c *groupChange) patch(operations []operation) *fault {
	for _, o := range operations {
		if o.path == "" {
			said, f := object(o.value)
			if f == nil {
				f = c.whole(said, o.do)
			}
			if f != nil {
				return f
			}
			continue
		}
		p, f := parsePath(o.path)
		if f != nil {
			return f
		}
		if o.do == "remove" && p.name == "displayname" {
			return refuse(http.StatusBadRequest, "mutability", "displayName cannot be removed")
		}
		if f := c.set(p, o.do, o.value); f != nil {
			return f
		}
	}
	return nil
}

func (c *groupChange) set(p path, do string, value any) *fault {
	switch {
	case p.foreign:
	case p.name == "displayname":
		return setText(&c.title, value, "displayName")
	case p.name == "externalid":
		return setText(&c.external, value, "externalId")
	case p.name == "members":
		return c.setMembers(p, do, value)
	}
	return nil
}

func (c *groupChange) setMembers(p path, do string, value any) *fault {
	if p.by != "" { // members[value eq "…"]
		if p.by != "value" || do != "remove" {
			return refuse(http.StatusBadRequest, "invalidPath", "of members, a condition can only remove one by its value")
		}
		c.members = append(c.members, memberChange{ids: []string{p.equal}})
		return nil
	}
	var ids []string
	many, ok := value.([]any)
	if !ok && value != nil {
		many = []any{value}
	}
	for _, one := range many {
		id, isText := one.(string)
		if !isText {
			said, f := object(one)
			if f != nil {
				return f
			}
			id, _ = said["value"].(string)
		}
		if id == "" || len(id) > 64 || strings.ContainsRune(id, 0) {
			return badValue("a member is named by its id in value")
		}
		ids = append(ids, id)
	}
	c.members = append(c.members, memberChange{ids: ids, in: do != "remove", all: do == "replace" || do == "remove" && value == nil})
	return nil
}
