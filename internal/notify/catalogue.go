package notify

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"visavis/locales"
)

// catalogue is the mail's part of one language.
type catalogue map[string]string

func readCatalogues(files fs.FS) (map[string]catalogue, error) {
	texts := map[string]catalogue{}
	for _, language := range locales.Languages() {
		content, err := fs.ReadFile(files, language+"/mail.json")
		if err != nil {
			return nil, fmt.Errorf("read texts of mails: %w", err)
		}
		var c catalogue
		if err := json.Unmarshal(content, &c); err != nil {
			return nil, fmt.Errorf("read texts of mails: %w", err)
		}
		texts[language] = c
	}
	return texts, nil
}

// t is a text with its arguments, names and values in turn. Values are not looked
// at again: a name may hold braces.
func (c catalogue) t(key string, arguments ...string) string {
	pairs := make([]string, 0, len(arguments))
	for i := 0; i+1 < len(arguments); i += 2 {
		pairs = append(pairs, "{"+arguments[i]+"}", arguments[i+1])
	}
	return strings.NewReplacer(pairs...).Replace(c[key])
}

// when writes date and time as people say them.
func (c catalogue) when(t time.Time) string {
	weekdays, months := strings.Split(c["mail.weekdays"], ","), strings.Split(c["mail.months"], ",")
	return c.t("mail.when", "weekday", weekdays[t.Weekday()], "day", strconv.Itoa(t.Day()), "month", months[t.Month()-1],
		"year", strconv.Itoa(t.Year()), "hour", fmt.Sprintf("%02d", t.Hour()), "minute", fmt.Sprintf("%02d", t.Minute()))
}
