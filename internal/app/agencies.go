package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/mail"
	"strings"
	"text/tabwriter"
	"time"

	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/audit"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/jobs"
	"visavis/internal/staff"
	"visavis/internal/talk"
	"visavis/internal/vault"
)

// NewAgency says what CreateAgency is to make.
type NewAgency struct {
	Slug, Name, Phone, Hours, HoursEN, Host string
	Admin, AdminName                        string // of its first administrator
}

// AgencyChange says what is to be different; nil stays as it is.
type AgencyChange struct{ Name, Phone, Hours, HoursEN, Host *string }

// tools are what a command needs that changes agencies, beside servers that may be running.
type tools struct {
	c        *config.Config
	db       *db.DB
	agencies *agency.Store
	audit    *audit.Log
	staff    *staff.Service
	jobs     *jobs.Queue
}

// openTools opens the database, which must have the schema of this program.
func openTools(ctx context.Context, c *config.Config) (*tools, error) {
	ring, err := openKeys(c)
	if err != nil {
		return nil, err
	}
	d, err := openDatabase(ctx, c)
	if err != nil {
		return nil, err
	}
	has, newest, err := d.Schema(ctx)
	if err == nil && has != newest {
		err = fmt.Errorf("the database is at version %d, and this program needs %d; run visavis migrate of the newer one", has, newest) // to be read
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	o := &tools{c: c, db: d, agencies: agency.New(d, ring, c.TimeZone.Location, time.Now)}
	quiet := slog.New(slog.DiscardHandler) // what a command has to say is its error
	o.audit = audit.New(d, audit.Options{Ring: ring, Key: o.agencies.Keys().In, Clock: time.Now, Log: quiet})
	o.jobs = jobs.New(d, jobs.Options{Clock: time.Now, Log: quiet, Publish: func() {}}) // the server does them
	o.staff = staff.New(d, o.agencies, staff.Options{
		Clock: time.Now, Log: quiet, Nudge: func(string, string) {}, Ring: ring, Audit: o.audit, Jobs: o.jobs, URL: c.HTTP.URL.String(),
		Kept: appointment.Expecting,
	})
	o.staff.Tie(talk.Later(o.jobs))
	return o, nil
}

// withTools lets a command work in one.
func withTools(ctx context.Context, c *config.Config, work func(*tools) error) error {
	o, err := openTools(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(work(o), o.db.Close())
}

// ListAgencies prints the agencies of an installation, and where people reach them.
func ListAgencies(ctx context.Context, c *config.Config, out io.Writer) error {
	return withTools(ctx, c, func(o *tools) error {
		all, err := o.agencies.All(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, a := range all {
			base := a.URL(c.HTTP.URL.String())
			if _, err := fmt.Fprintf(table, "%s\t%s\t%s/t/%s\t%s/staff?agency=%s\n", a.Slug, a.Name, base, a.Slug, base, a.Slug); err != nil {
				return err
			}
		}
		return table.Flush()
	})
}

// CreateAgency makes an agency and the account of its first administrator, and prints a password that they should change.
func CreateAgency(ctx context.Context, c *config.Config, n NewAgency, out io.Writer) error {
	if err := n.check(c); err != nil {
		return err
	}
	password := vault.NewToken()
	return withTools(ctx, c, func(o *tools) error {
		var made agency.Agency
		err := o.db.Tx(ctx, func(tx *db.Tx) (err error) {
			made, err = o.agencies.Create(ctx, tx, agency.Agency{
				Slug: n.Slug, Name: n.Name, Phone: n.Phone, PhoneHours: hours(nil, &n.Hours, &n.HoursEN), Host: n.Host,
			})
			if err != nil {
				return err
			}
			if err := o.note(ctx, tx, made.ID, "created"); err != nil {
				return err
			}
			_, err = o.staff.Create(ctx, tx, staff.NewAccount{
				Agency: made.ID, Email: n.Admin, Name: n.AdminName, Password: password,
				Roles: []staff.Held{{Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: made.ID}},
			})
			return err
		})
		if db.IsUnique(err) {
			return errors.New("there is, or was, an agency of this name or host; choose another")
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s can sign in at %s/staff?agency=%s with the password %s\n",
			n.Admin, made.URL(c.HTTP.URL.String()), made.Slug, password)
		return err
	})
}

func (n NewAgency) check(c *config.Config) error {
	var mistakes []error
	if !agency.IsSlug(n.Slug) {
		mistakes = append(mistakes, errors.New("the name in links: a to z, 0 to 9 and hyphens, at most 40"))
	}
	for _, field := range []struct{ what, value string }{{"--name", n.Name}, {"--phone", n.Phone}, {"--admin-name", n.AdminName}} {
		if strings.TrimSpace(field.value) == "" {
			mistakes = append(mistakes, fmt.Errorf("%s: is empty", field.what)) // to be read
		}
	}
	if at, err := mail.ParseAddress(n.Admin); err != nil || at.Address != n.Admin {
		mistakes = append(mistakes, errors.New("--admin: is no e-mail address"))
	}
	if err := checkHost(c, n.Host); err != nil {
		mistakes = append(mistakes, err)
	}
	return errors.Join(mistakes...)
}

func checkHost(c *config.Config, host string) error {
	switch {
	case host == "":
		return nil
	case !agency.IsHost(host):
		return errors.New("--host: a host name in lower case, without a port: termin.beispielstadt.de")
	case host == c.HTTP.URL.Hostname():
		return errors.New("--host: is the installation's own, under which all agencies are reached")
	}
	return nil
}

// ChangeAgency gives an agency another name, telephone or host.
func ChangeAgency(ctx context.Context, c *config.Config, slug string, to AgencyChange, out io.Writer) error {
	if to.Host != nil {
		if err := checkHost(c, *to.Host); err != nil {
			return err
		}
	}
	return withTools(ctx, c, func(o *tools) error {
		a, err := chosen(ctx, o.agencies, slug)
		if err != nil {
			return err
		}
		to.apply(&a)
		err = o.db.Tx(ctx, func(tx *db.Tx) error {
			return errors.Join(o.agencies.Change(ctx, tx, a), o.note(ctx, tx, a.ID, "changed"))
		})
		if db.IsUnique(err) {
			return errors.New("--host: another agency has it")
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s: %s, %s, %s\n", a.Slug, a.Name, a.Phone, a.URL(c.HTTP.URL.String()))
		return err
	})
}

func (to AgencyChange) apply(a *agency.Agency) {
	for _, field := range []struct {
		from *string
		into *string
	}{{to.Name, &a.Name}, {to.Phone, &a.Phone}, {to.Host, &a.Host}} {
		if field.from != nil {
			*field.into = *field.from
		}
	}
	a.PhoneHours = hours(a.PhoneHours, to.Hours, to.HoursEN)
}

func hours(before agency.Text, german, english *string) agency.Text {
	after := maps.Clone(before)
	if after == nil {
		after = agency.Text{}
	}
	for language, text := range map[string]*string{"de": german, "en": english} {
		if text != nil {
			after[language] = *text
		}
	}
	return after
}

func (o *tools) note(ctx context.Context, tx *db.Tx, agencyID, what string) error {
	return o.audit.Append(ctx, tx, audit.Entry{
		Agency: agencyID, By: audit.System(), Act: audit.AgencyChanged, Object: agencyID, Detail: []audit.Code{audit.Is("what", what)},
	})
}
