package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// field is one key: its description, and the place in a Config where its value goes.
type field struct {
	key     string // "http.listen"
	doc     string
	preset  string
	example string
	oneOf   []string
	section *field // nil at the top level
	value   reflect.Value
}

// fields lists the keys of c in the order of the struct; sections stand before their keys.
func fields(c *Config) []field {
	return walk(reflect.ValueOf(c).Elem(), nil)
}

func walk(structure reflect.Value, section *field) []field {
	var found []field
	for i := range structure.NumField() {
		tag := structure.Type().Field(i).Tag
		f := field{
			key:     tag.Get("key"),
			doc:     tag.Get("doc"),
			preset:  tag.Get("default"),
			example: tag.Get("example"),
			oneOf:   strings.Fields(tag.Get("oneof")),
			section: section,
			value:   structure.Field(i),
		}
		if section != nil {
			f.key = section.key + "." + f.key
		}
		found = append(found, f)
		if f.isSection() {
			found = append(found, walk(f.value, &f)...)
		}
	}
	return found
}

func (f field) isSection() bool {
	if f.value.Kind() != reflect.Struct {
		return false
	}
	_, isText := reflect.TypeAssert[encoding.TextUnmarshaler](f.value.Addr())
	return !isText
}

func (f field) isSecret() bool { return f.value.Type() == reflect.TypeFor[Secret]() }
func (f field) isList() bool   { return f.value.Kind() == reflect.Slice && !f.isTable() }

// isTable tells of a list whose items have keys of their own.
func (f field) isTable() bool {
	if f.value.Kind() != reflect.Slice {
		return false
	}
	item := f.value.Type().Elem()
	return item.Kind() == reflect.Struct && !reflect.PointerTo(item).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// ofItem lists the keys of an item; without one those that each has.
func (f field) ofItem(item reflect.Value) []field {
	if !item.IsValid() {
		item = reflect.New(f.value.Type().Elem()).Elem()
	}
	return walk(item, &f)
}

// name is the last part of the key.
func (f field) name() string { return f.key[strings.LastIndexByte(f.key, '.')+1:] }

// env is the name of the environment variable.
func (f field) env() string { return Variable(f.key) }

// Variable is the name of the environment variable that sets a key.
func Variable(key string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// set parses text into the place of the field. Lists are separated by commas.
func (f field) set(text string) error {
	if len(f.oneOf) > 0 {
		if !slices.Contains(f.oneOf, text) {
			return fmt.Errorf("must be one of: %s", strings.Join(f.oneOf, ", "))
		}
		f.value.SetString(text)
		return nil
	}
	if !f.isList() {
		return parse(f.value, text)
	}
	list := reflect.MakeSlice(f.value.Type(), 0, 4)
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		item := reflect.New(f.value.Type().Elem()).Elem()
		if err := parse(item, part); err != nil {
			return err
		}
		list = reflect.Append(list, item)
	}
	f.value.Set(list)
	return nil
}

func parse(into reflect.Value, text string) error {
	switch v := into.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return readable(v.UnmarshalText([]byte(text)))
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("is no duration such as 3s or 500ms")
		}
		*v = d
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("must be true or false")
		}
		*v = b
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("is no whole number")
		}
		*v = n
	default:
		into.SetString(text) // string and Secret
	}
	return nil
}

// readable takes the name of the parsing function off errors of the standard library.
func readable(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if strings.HasPrefix(text, "netip.ParsePrefix") {
		return errors.New("is no network such as 10.0.0.0/8")
	}
	if strings.HasPrefix(text, "ParseAddr") {
		return errors.New("is no IP address")
	}
	return errors.New(strings.TrimPrefix(text, "slog: level string "))
}

// text is the value as it would stand in a file.
func (f field) text() string {
	if f.isList() {
		parts := make([]string, f.value.Len())
		for i := range parts {
			parts[i] = fmt.Sprint(f.value.Index(i).Interface())
		}
		return strings.Join(parts, ", ")
	}
	if f.value.Type() == reflect.TypeFor[time.Duration]() {
		return f.value.Interface().(time.Duration).String()
	}
	return fmt.Sprint(f.value.Interface())
}
