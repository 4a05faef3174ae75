package notify

import (
	"bytes"
	"embed"
	"fmt"
	html "html/template"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
	mail "github.com/wneessen/go-mail"

	"visavis/internal/agency"
)

//go:embed *.html *.txt
var layouts embed.FS

// view is what both layouts show.
type view struct {
	Language, Subject, Greeting, Text string
	Facts                             []fact
	OpenText, OpenLabel, Link         string
	Private                           string
	TestText, TestLabel, TestLink     string
	Call, Closing, Agency, NoReply    string
	Phone                             phone
}

// phone is the sentence Call in three parts, so that a touch on the number dials it.
type phone struct{ Before, Number, After, Dial string }

type fact struct{ Label, Value string }

func (s *Service) view(n Notice) view {
	c := s.texts[n.Language]
	when := c.when(n.Starts.In(s.o.TimeZone))
	key := "mail." + string(n.Kind)
	v := view{
		Language: n.Language,
		Subject:  c.t(key+".subject", "when", when),
		Greeting: c.t("mail.greeting", "name", n.Name.Reveal()),
		Text:     c.t(key + ".text"),
		Facts: []fact{
			{c.t("mail.when.label"), when},
			{c.t("mail.length.label"), c.t("mail.length", "minutes", strconv.Itoa(int(n.Ends.Sub(n.Starts)/time.Minute)))},
			{c.t("mail.with.label"), n.Agency + ", " + n.Location},
		},
		Call:    c.t(callText(n.Kind), "phone", reach(n)),
		Closing: c.t("mail.closing"), Agency: n.Agency, NoReply: c.t("mail.noreply"),
	}
	v.Phone.Number, v.Phone.Dial = shown(n.Phone), agency.Dial(n.Phone)
	v.Phone.Before, v.Phone.After, _ = strings.Cut(v.Call, v.Phone.Number)
	if n.Link != "" {
		v.OpenText, v.OpenLabel, v.Link, v.Private = c.t("mail.open.text"), c.t("mail.open.label"), n.Link, c.t("mail.open.private")
		v.TestText, v.TestLabel, v.TestLink = c.t("mail.test.text"), c.t("mail.test.label"), baseOf(n.Link)+"/test"
	}
	return v
}

// baseOf is the address that a link begins with: an agency may have a host of its own, and an installation a path. Neither
// a name in links nor a secret has a slash in it.
func baseOf(link string) string {
	if at := strings.LastIndex(link, "/t/"); at >= 0 {
		return link[:at]
	}
	return link
}

// callText says what one may call about: what is cancelled can no longer be moved or held by telephone, and who is reminded
// is told what the link is for, besides.
func callText(kind Kind) string {
	if kind == Cancelled || kind == Reminded {
		return "mail.call." + string(kind)
	}
	return "mail.call"
}

// reach is the telephone number, and when somebody answers there if that is known.
func reach(n Notice) string {
	if n.PhoneHours == "" {
		return shown(n.Phone)
	}
	return shown(n.Phone) + " (" + n.PhoneHours + ")"
}

// shown is a telephone number that no line breaks.
func shown(number string) string { return strings.ReplaceAll(number, " ", "\u00a0") }

// compose makes the mail. The subject names neither citizen nor topic: it is read
// on lock screens and stands in logs of mail servers.
func (s *Service) compose(n Notice) (*mail.Msg, error) {
	v := s.view(n)
	text, markup, err := render("mail", v)
	if err != nil {
		return nil, fmt.Errorf("render mail: %w", err)
	}
	m, err := s.envelope(n.Email.Reveal(), v.Subject, n.id(), n.Language)
	if err != nil {
		return nil, err
	}
	m.SetBodyString(mail.TypeTextPlain, text)
	m.AddAlternativeString(mail.TypeTextHTML, markup)
	if n.Kind == Reminded { // the calendar has it
		return m, nil
	}
	calendar, err := s.calendar(n)
	if err != nil {
		return nil, fmt.Errorf("make calendar file: %w", err)
	}
	err = m.AttachReader(s.texts[n.Language].t("mail.calendar.file"), bytes.NewReader(calendar),
		mail.WithFileContentType(mail.ContentType(`text/calendar; charset=utf-8; method=`+method(n))))
	return m, err
}

// id names a mail: should one be sent twice, since a process died between the two, mailboxes can tell.
func (n Notice) id() string {
	id := n.UID + "." + strconv.FormatInt(n.Sequence, 10) + "." + string(n.Kind)
	if n.Moment != "" {
		id += "." + n.Moment
	}
	return id
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// render fills both layouts of a name: as text, and as HTML in the frame that all mails share.
func render(name string, v any) (text, markup string, err error) {
	plain, err := template.ParseFS(layouts, name+".txt")
	if err != nil {
		return "", "", err
	}
	rich, err := html.ParseFS(layouts, name+".html", "frame.html")
	if err != nil {
		return "", "", err
	}
	var a, b strings.Builder
	if err := plain.Execute(&a, v); err != nil {
		return "", "", err
	}
	err = rich.Execute(&b, v)
	return a.String(), b.String(), err
}

func method(n Notice) string {
	if n.Kind == Cancelled {
		return "CANCEL"
	}
	return "PUBLISH"
}

// calendar is the file for the guest's calendar (RFC 5545). It names no topic and
// nobody: calendars are shared and shown on lock screens. Times are UTC, so that no
// time zone needs to be described.
func (s *Service) calendar(n Notice) ([]byte, error) {
	c := s.texts[n.Language]
	event := ical.NewEvent()
	event.Props.SetText(ical.PropUID, n.UID+"@"+domainOf(s.o.From.Address))
	event.Props.SetDateTime(ical.PropDateTimeStamp, s.o.Clock().UTC())
	event.Props.SetDateTime(ical.PropDateTimeStart, n.Starts.UTC())
	event.Props.SetDateTime(ical.PropDateTimeEnd, n.Ends.UTC())
	event.Props.SetText(ical.PropSummary, c.t("mail.calendar.title"))
	sequence := ical.NewProp(ical.PropSequence)
	sequence.Value = strconv.FormatInt(n.Sequence, 10)
	event.Props.Set(sequence)
	event.SetStatus(ical.EventConfirmed)
	if n.Kind == Cancelled {
		event.SetStatus(ical.EventCancelled)
	}
	if n.Link != "" {
		event.Props.SetText(ical.PropDescription, c.t("mail.calendar.text", "link", n.Link))
		link := ical.NewProp(ical.PropURL)
		link.Value = n.Link
		event.Props.Set(link)
	}
	file := ical.NewCalendar()
	file.Props.SetText(ical.PropVersion, "2.0")
	file.Props.SetText(ical.PropProductID, "-//Visavis//Videotermin//DE")
	file.Props.SetText(ical.PropMethod, method(n))
	file.Children = append(file.Children, event.Component)
	var out bytes.Buffer
	err := ical.NewEncoder(&out).Encode(file)
	return fold(out.Bytes()), err
}

// maxLine is in octets, without the line break (RFC 5545 §3.1).
const maxLine = 75

// fold breaks long lines, which the library leaves as they are; never inside a letter.
func fold(file []byte) []byte {
	var out []byte
	for line := range bytes.SplitAfterSeq(file, []byte("\r\n")) {
		room := maxLine
		for len(bytes.TrimSuffix(line, []byte("\r\n"))) > room {
			cut := room
			for cut > 0 && !utf8.RuneStart(line[cut]) {
				cut--
			}
			out = append(append(out, line[:cut]...), "\r\n "...)
			line, room = line[cut:], maxLine-1 // the space counts
		}
		out = append(out, line...)
	}
	return out
}
