package config

import (
	"bufio"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Write prints c as a file with an explanation of every key. What equals the default is commented out, so that with a
// nil c the output is the sample file. Secrets are never printed.
func Write(w io.Writer, c *Config) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "# Visavis. Every key may be left out; what is commented out is the default.\n"+
		"# Each can also be set by an environment variable: http.listen is VISAVIS_HTTP_LISTEN.\n"+
		"# Secrets can stand in files of their own: mail.password_file, VISAVIS_MAIL_PASSWORD_FILE,\n"+
		"# or a systemd credential with the name of the key.\n")
	preset, err := Load(Source{})
	if err != nil {
		return err
	}
	if c == nil {
		c = preset
	}
	presets := fields(preset)
	for i, f := range fields(c) {
		indent := ""
		if f.section != nil {
			indent = "  "
		}
		fmt.Fprintln(out)
		wrap(out, indent+"# ", explanation(f))
		switch {
		case f.isSection():
			fmt.Fprintf(out, "%s:\n", f.name())
		case f.isTable():
			writeTable(out, "", f)
		case f.isSecret():
			fmt.Fprintf(out, "%s# %s:\n", indent, f.name())
		case reflect.DeepEqual(f.text(), presets[i].text()):
			fmt.Fprintf(out, "%s# %s: %s\n", indent, f.name(), quoted(f))
		default:
			fmt.Fprintf(out, "%s%s: %s\n", indent, f.name(), quoted(f))
		}
	}
	return out.Flush()
}

// writeTable prints the items of a list, with the keys that they have.
func writeTable(out io.Writer, indent string, f field) {
	if f.value.Len() == 0 {
		fmt.Fprintf(out, "%s# %s: []\n", indent, f.name())
		return
	}
	fmt.Fprintf(out, "%s%s:\n", indent, f.name())
	for i := range f.value.Len() {
		begin := "- "
		for _, key := range f.ofItem(f.value.Index(i)) {
			switch {
			case key.isSecret():
				continue
			case key.isTable():
				writeTable(out, indent+"    ", key)
			default:
				fmt.Fprintf(out, "%s  %s%s: %s\n", indent, begin, key.name(), quoted(key))
			}
			begin = "  "
		}
	}
}

// WriteManual prints the operator's page about all keys, in Markdown.
func WriteManual(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, manualHead)
	for _, f := range fields(&Config{}) {
		if f.section == nil {
			fmt.Fprintf(out, "\n## %s\n\n%s\n", f.key, f.doc)
		} else {
			fmt.Fprintf(out, "\n### %s\n\n%s\n", f.key, f.doc)
		}
		switch {
		case f.isSection():
		case f.isTable():
			writeItemManual(out, f)
		default:
			facts := append(f.facts(), "Variable: `"+f.env()+"`.")
			if f.isSecret() {
				facts = append(facts, "A secret: also `"+f.key+"_file`, `"+f.env()+"_FILE` or the credential `"+f.key+"`.")
			}
			fmt.Fprintf(out, "\n%s\n", strings.Join(facts, " "))
		}
	}
	return out.Flush()
}

// writeItemManual tells the keys that each item of a list has.
func writeItemManual(out io.Writer, table field) {
	for _, f := range table.ofItem(reflect.Value{}) {
		fmt.Fprintf(out, "\n### %s\n\n%s\n", f.key, f.doc)
		facts := f.facts()
		if f.isSecret() {
			facts = append(facts, "A secret: also `"+f.key+"_file`.")
		}
		if len(facts) > 0 {
			fmt.Fprintf(out, "\n%s\n", strings.Join(facts, " "))
		}
		if f.isTable() {
			writeItemManual(out, f)
		}
	}
}

// facts are what a value can be.
func (f field) facts() (facts []string) {
	if len(f.oneOf) > 0 {
		facts = append(facts, "One of `"+strings.Join(f.oneOf, "`, `")+"`.")
	}
	if f.preset != "" {
		facts = append(facts, "Default: `"+f.preset+"`.")
	}
	if f.example != "" {
		facts = append(facts, "Example: `"+f.example+"`.")
	}
	return facts
}

const manualHead = `# Configuration

Visavis runs without any configuration. What you change, you change in one YAML file, named by ` + "`--config`" + ` or
` + "`VISAVIS_CONFIG`" + `, or by environment variables, which win over the file. ` + "`visavis config print`" + ` shows all keys with what
holds at present, in the form of such a file; ` + "`visavis doctor`" + ` tries whether it works. All mistakes are reported together,
and an unknown key is one of them.

Secrets need not stand in the file: each can be read from a file of its own, or from a systemd credential
(` + "`LoadCredential=mail.password:/etc/visavis/mail-password`" + `).

This page is made from the source by ` + "`visavis config manual`" + `; a test keeps both equal.
`

func explanation(f field) string {
	text := f.doc
	if len(f.oneOf) > 0 {
		text += " One of: " + strings.Join(f.oneOf, ", ") + "."
	}
	if f.example != "" {
		text += " Example: " + f.example
	}
	return text
}

// quoted is the value as YAML. Plain words, numbers and addresses need no quotes; everything else gets them.
func quoted(f field) string {
	text := f.text()
	switch {
	case f.isList():
		return "[" + quoteItems(text) + "]"
	case text == "", strings.ContainsAny(text, "#{}[],&*!|>'\"%@`\\<"), strings.HasPrefix(text, ":"), strings.HasSuffix(text, ":"),
		text == "off", text == "on", strings.Contains(text, ": "):
		return fmt.Sprintf("%q", text)
	}
	return text
}

func quoteItems(list string) string {
	if list == "" {
		return ""
	}
	items := strings.Split(list, ", ")
	for i := range items {
		items[i] = fmt.Sprintf("%q", items[i])
	}
	return strings.Join(items, ", ")
}

// wrap prints text in lines of at most 100 characters.
func wrap(out io.Writer, indent, text string) {
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line) > len(indent) && len(line)+len(word) > 100 {
			fmt.Fprintln(out, strings.TrimRight(line, " "))
			line = indent
		}
		line += word + " "
	}
	fmt.Fprintln(out, strings.TrimRight(line, " "))
}
