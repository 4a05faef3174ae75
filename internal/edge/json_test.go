package edge

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestABodyMayNestNoDeeperThanAnythingNeeds(t *testing.T) {
	nested := func(n int) []byte {
		return []byte(strings.Repeat(`{"a":[`, n/2) + strings.Repeat("]}", n/2))
	}
	var into any
	if err := unmarshal(nested(mostNested), &into); err != nil {
		t.Errorf("%d deep: %v", mostNested, err)
	}
	for _, n := range []int{mostNested + 2, 1 << 20} {
		if err := unmarshal(nested(n), &into); err == nil {
			t.Errorf("%d deep was read", n)
		}
	}
}

func TestANameComesOnceInItsOwnObjectOnly(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"a":1,"b":{"a":1,"c":[{"a":1},{"a":1}]}}`: true,
		`{"a":"a","b":"a"}`:                         true,
		`["a","a"]`:                                 true,
		`{"a":{"b":1},"a":2}`:                       false,
		`{"x":[1,{"a":1,"b":[{}],"a":1}]}`:          false,
		`{"a":{},"a":{}}`:                           false,
	} {
		var into any
		if err := unmarshal([]byte(text), &into); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What is accepted means one thing: written anew without what it may hold besides, it is as long as it was, so that no
// name was there twice, and reads the same.
func FuzzABodyThatIsReadHasOneMeaning(f *testing.F) {
	for _, seed := range []string{
		`{"phone":"0711 5550123"}`, `{"a":1,"a":2}`, `{"a":{"b":[1,{"c":null}]}}`, `[[[[]]]]`, `{"\u0061":1,"a":2}`, "{\"\xff\":1}", `1e400`, `{"a":1}{"b":2}`, ` `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var read any
		if unmarshal(data, &read) != nil {
			return
		}
		again, err := json.Marshal(read)
		if err != nil {
			t.Fatal(err)
		}
		var same any
		if err := unmarshal(again, &same); err != nil {
			t.Fatalf("%q is written as %q, which is not read: %v", data, again, err)
		}
		if names(t, data) != names(t, again) {
			t.Fatalf("%q holds names that %q does not", data, again)
		}
	})
}

// names counts the names in all objects of a text.
func names(t *testing.T, text []byte) int {
	t.Helper()
	var count func(json.RawMessage) int
	count = func(part json.RawMessage) int {
		switch part = bytes.TrimSpace(part); part[0] {
		case '[':
			var values []json.RawMessage
			if err := json.Unmarshal(part, &values); err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, value := range values {
				n += count(value)
			}
			return n
		case '{':
			return members(t, part, count)
		}
		return 0
	}
	return count(text)
}

// members counts the names of one object, also those that come twice, and those inside its values.
func members(t *testing.T, object json.RawMessage, count func(json.RawMessage) int) int {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for decoder.More() {
		var value json.RawMessage
		if _, err := decoder.Token(); err != nil {
			t.Fatal(err)
		}
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
		n += 1 + count(value)
	}
	return n
}

func TestATextWithoutMeaningToADatabaseIsNoText(t *testing.T) {
	for _, text := range []string{`{"a":"\u0000"}`, `{"a":[{"b":"x\u0000y"}]}`, `{"\u0000":1}`} {
		var into any
		if err := unmarshal([]byte(text), &into); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}
