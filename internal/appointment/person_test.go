package appointment_test

import (
	"strings"
	"testing"

	"visavis/internal/appointment"
)

func TestPeopleAreCalledWhatTheyAreCalled(t *testing.T) {
	for text, want := range map[string]string{
		"Nguyễn Thị Minh": "", "Nguye\u0302\u0303n": "", "O’Brien": "", "O'Brien": "", "von der Leyen-Müller": "",
		"Dr. h. c. Åsa Þórsdóttir": "", "Łukasz Żółć": "", "محمد بن سلمان": "", "Светлана Ивановна": "", "Ελένη": "",
		"نعمت\u200cالله": "", "ක්\u200dරිෂ්ණ": "", "क्\u200dष": "", "王小明": "", "葛\U000e0100城": "", "김민준": "", "ரவி": "", "שָׁלוֹם": "",
		"Familie Müller (2 Personen)": "", "Anna & Max": "", "N. N.": "", "X Æ A-12": "",
		" Erika \u00a0 Beispiel\t": "Erika Beispiel", "Erika\nBeispiel": "Erika Beispiel",
	} {
		if want == "" {
			want = text
		}
		if got, ok := appointment.ProperName(text); !ok || got != want {
			t.Errorf("%q: %q %t", text, got, ok)
		}
	}
}

func TestANameShowsAllThatIsInIt(t *testing.T) {
	for why, text := range map[string]string{
		"nothing":                     " \u00a0\u3000 ",
		"a bell":                      "Erika\aBeispiel",
		"NUL":                         "Erika\x00",
		"delete":                      "Erika\x7f",
		"a control of the second set": "Erika\u0080",
		"right to left from here":     "Erika\u202elepsieB",
		"an isolate":                  "\u2066Erika\u2069",
		"a mark of direction":         "Erika\u200f",
		"no space that is no space":   "Erika\u200bBeispiel",
		"a byte order mark":           "\ufeffErika",
		"a soft hyphen":               "Eri\u00adka",
		"a word joiner":               "Eri\u2060ka",
		"only a filler":               "\u3164",
		"a filler":                    "Erika\u115f",
		"a blank of Braille":          "\u2800",
		"a joiner of graphemes":       "Eri\u034fka",
		"a variant of a Latin letter": "Erika\ufe0f",
		"a non-joiner in Latin":       "Eri\u200cka",
		"a joiner at the end":         "محمد\u200d",
		"half of a pair":              "Erika\ufffd",
		"no UTF-8":                    "Erika\xff",
		"half of a pair, in bytes":    "Erika\xed\xa0\x80",
		"a character that is not":     "Erika\u0378",
		"no character for ever":       "Erika\ufffe",
		"one of private use":          "Erika\ue000",
		"a tag":                       "Erika\U000e0041",
		"a line break of its own":     "Erika\u2028\u202dB",
		"an accent without letter":    "\u0301Erika",
		"a tower of accents":          "E" + strings.Repeat("\u0301", 7),
		"a page":                      strings.Repeat("n", 121),
	} {
		if got, ok := appointment.ProperName(text); ok {
			t.Errorf("%s: %q is accepted", why, got)
		}
	}
}

func TestAnAddressCanBeDeliveredTo(t *testing.T) {
	long := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 61)+".", 3)
	for _, text := range []string{
		"erika@example.org", "erika.beispiel+termin@mail.example.co.uk", "o'brien@example.de", "a@xn--mller-kva.example", "ERIKA@EXAMPLE.ORG",
		"1@2.example", long + "dex",
	} {
		if !appointment.Deliverable(text) {
			t.Errorf("%q is refused", text)
		}
	}
	for why, text := range map[string]string{
		"nothing": "@example.org", "no host": "erika@", "no at": "erika.example.org", "two": "a@b@example.org", "two in quotes": `"a@b"@example.org`,
		"quotes": `"erika"@example.org`, "quotes with a break": "\"a\r\nb\"@example.org", "a header": "a@example.org\r\nBcc: c@example.org",
		"a line feed": "a@example.org\n", "a name": "Erika <a@example.org>", "brackets": "<a@example.org>", "a comment": "a@example.org (x)",
		"several": "a@example.org,b@example.org", "a group": "x:a@example.org;", "NUL": "a\x00@example.org", "a space": "a b@example.org",
		"no dot": "a@localhost", "two dots": "a@example..org", "a dot at the end": "a@example.org.", "a dot before": "a@.example.org",
		"two dots before the at": "a..b@example.org", "a dot at the beginning": ".a@example.org", "a literal": "a@[192.0.2.1]", "an address": "a@192.0.2.1",
		"an underline": "a@ex_ample.org", "an exclamation": "a@example.org!x", "a percent": "a@example%.org", "hyphen first": "a@-example.org",
		"hyphen last": "a@example-.org", "letters with accents": "ä@example.org", "a domain with accents": "a@exämple.org",
		"65 before the at": strings.Repeat("a", 65) + "@example.org", "a long label": "a@" + strings.Repeat("b", 64) + ".org", "255": long + "dexx",
	} {
		if appointment.Deliverable(text) {
			t.Errorf("%s: %q is accepted", why, text)
		}
	}
}
