package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	prefix = "VISAVIS_"
	// maxFile bounds configuration and secret files; both are a few kilobytes at most.
	maxFile = 1 << 20
)

// Source is where values come from; the environment is passed in so that tests need not change their own.
type Source struct {
	// File is the path of the YAML file; empty: none.
	File string
	// Environ are the variables, as in os.Environ.
	Environ []string
}

// loader gathers values and mistakes.
type loader struct {
	fields   []field
	mistakes []error
	// credentials is the folder of systemd's; empty: none.
	credentials string
	// given holds the keys whose value or file somebody has named, by source, to refuse two answers to one question.
	given map[string]string
}

// Load reads defaults, then the file, then the environment, later ones winning, and checks the whole.
// The error joins all mistakes, one a line.
func Load(source Source) (*Config, error) {
	c := &Config{}
	l := &loader{fields: fields(c), given: map[string]string{}, credentials: lookup(source.Environ, "CREDENTIALS_DIRECTORY")}
	if err := l.preset(); err != nil {
		return nil, err
	}
	l.readCredentials()
	if source.File != "" {
		l.readFile(source.File)
	}
	l.readEnvironment(source.Environ)
	if len(l.mistakes) == 0 {
		l.mistakes = c.check()
	}
	if len(l.mistakes) > 0 {
		return nil, errors.Join(l.mistakes...)
	}
	c.complete()
	return c, nil
}

func (l *loader) preset() error {
	for _, f := range l.fields {
		if f.preset != "" {
			if err := f.set(f.preset); err != nil {
				return fmt.Errorf("default of %s %w", f.key, err)
			}
		}
	}
	return nil
}

// UnknownVariables lists variables with our prefix that name no key. They are no mistake, because others may set some
// (Kubernetes does for every service), but a typing error looks the same.
func UnknownVariables(environ []string) []string {
	known := []string{FileVariable}
	for _, f := range fields(&Config{}) {
		if f.isTable() {
			continue
		}
		known = append(known, f.env())
		if f.isSecret() {
			known = append(known, f.env()+"_FILE")
		}
	}
	var unknown []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, prefix) && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// FileVariable names the configuration file when no flag does.
const FileVariable = prefix + "CONFIG"

func lookup(environ []string, name string) string {
	for _, variable := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	return ""
}

// mistake notes one error; where is "line 3", or the name of a variable.
func (l *loader) mistake(where, key string, err error) {
	l.mistakes = append(l.mistakes, fmt.Errorf("%s: %s %w", where, key, err))
}

// readCredentials takes secrets that systemd put into files named as the keys.
func (l *loader) readCredentials() {
	for _, f := range l.fields {
		if f.isSecret() {
			l.readCredential(f, f.key)
		}
	}
}

func (l *loader) readCredential(f field, name string) {
	if l.credentials == "" {
		return
	}
	path := filepath.Join(l.credentials, name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return
	}
	l.setFromFile("CREDENTIALS_DIRECTORY", f, path)
}

func (l *loader) readFile(path string) {
	content, err := readBounded(path)
	if err != nil {
		l.mistakes = append(l.mistakes, fmt.Errorf("configuration file: %w", err))
		return
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		l.mistakes = append(l.mistakes, fmt.Errorf("configuration file: %w", err))
		return
	}
	if len(document.Content) > 0 {
		l.readMapping(document.Content[0], "")
	}
}

// readMapping sets the keys below section from a YAML mapping. A section without keys is fine: all may be commented out.
func (l *loader) readMapping(node *yaml.Node, section string) {
	if isNull(node) {
		return
	}
	if node.Kind != yaml.MappingNode {
		l.mistake(line(node), section, errors.New("must hold keys"))
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i].Value, node.Content[i+1]
		if section != "" {
			key = section + "." + key
		}
		l.readKey(node.Content[i], key, value)
	}
}

func (l *loader) readKey(at *yaml.Node, key string, value *yaml.Node) {
	if base, isFile := strings.CutSuffix(key, "_file"); isFile {
		if f, ok := l.find(base); ok && f.isSecret() {
			l.setFromFile(line(at), f, value.Value)
			return
		}
	}
	f, ok := l.find(key)
	switch {
	case !ok:
		l.mistake(line(at), key, errors.New("is no key that Visavis knows; see visavis config print"))
	case f.isSection():
		l.readMapping(value, key)
	case isNull(value):
		// An empty value means the default.
	case f.isTable():
		l.readTable(f, value)
	case value.Kind == yaml.SequenceNode && f.isList():
		parts := make([]string, len(value.Content))
		for i, item := range value.Content {
			parts[i] = item.Value
		}
		l.set(line(at), f, strings.Join(parts, ","))
	case value.Kind != yaml.ScalarNode:
		l.mistake(line(at), key, errors.New("must be a single value"))
	default:
		l.set(line(at), f, value.Value)
	}
}

// readTable sets a list whose items have keys of their own, each with its defaults.
func (l *loader) readTable(f field, node *yaml.Node) {
	if node.Kind != yaml.SequenceNode {
		l.mistake(line(node), f.key, errors.New("must be a list"))
		return
	}
	items := reflect.MakeSlice(f.value.Type(), len(node.Content), len(node.Content))
	for i, item := range node.Content {
		of := &loader{fields: f.ofItem(items.Index(i)), given: map[string]string{}, credentials: l.credentials}
		if err := of.preset(); err != nil {
			of.mistakes = append(of.mistakes, err)
		}
		of.readMapping(item, f.key)
		name := of.fields[0].text() // the first key names the item
		for _, secret := range of.fields {
			if secret.isSecret() && secret.value.IsZero() {
				of.readCredential(secret, f.key+"."+name+"."+secret.name())
			}
		}
		l.mistakes = append(l.mistakes, of.mistakes...)
	}
	f.value.Set(items)
}

func (l *loader) readEnvironment(environ []string) {
	clear(l.given) // the environment overrides the file, so only two variables can contradict each other
	for _, f := range l.fields {
		if f.isSection() || f.isTable() {
			continue
		}
		if text := lookup(environ, f.env()); text != "" {
			l.set(f.env(), f, text)
		}
		if path := lookup(environ, f.env()+"_FILE"); path != "" && f.isSecret() {
			l.setFromFile(f.env()+"_FILE", f, path)
		}
	}
}

func (l *loader) find(key string) (field, bool) {
	i := slices.IndexFunc(l.fields, func(f field) bool { return f.key == key })
	if i < 0 {
		return field{}, false
	}
	return l.fields[i], true
}

func (l *loader) set(where string, f field, text string) {
	if before, twice := l.given[f.key]; twice && f.isSecret() {
		l.mistake(where, f.key, fmt.Errorf("is given twice, also by %s", before))
		return
	}
	l.given[f.key] = where
	if err := f.set(text); err != nil {
		l.mistake(where, f.key, err)
	}
}

func (l *loader) setFromFile(where string, f field, path string) {
	content, err := readBounded(path)
	if err != nil {
		l.mistake(where, f.key, fmt.Errorf("cannot be read: %w", err))
		return
	}
	l.set(where, f, strings.TrimRight(string(content), "\r\n"))
	if where == "CREDENTIALS_DIRECTORY" {
		delete(l.given, f.key) // file and environment may override it
	}
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return os.ReadFile(path)
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }
func line(node *yaml.Node) string { return fmt.Sprintf("line %d", node.Line) }
