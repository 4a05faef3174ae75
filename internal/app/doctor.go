package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/demo"
	"visavis/internal/notify"
	"visavis/internal/vault"
)

const (
	// examineWait bounds each single examination.
	examineWait = 15 * time.Second
	// answerWait bounds the question whether a Visavis is running here, which would answer at once.
	answerWait = 2 * time.Second
	// soon is when a certificate should have been renewed.
	soon = 21 * 24 * time.Hour
	// oldestPostgres is the first version with all that our SQL uses.
	oldestPostgres = 15_00_00
)

// doctor examines and changes nothing. Every finding is a sentence, and what is wrong is followed by what to do.
type doctor struct {
	c     *config.Config
	out   io.Writer
	now   time.Time
	wrong int
	// running: a Visavis answers here, so the ports in use are its own.
	running bool
	// relayAnswers: the relay elsewhere does, and has the same key.
	relayAnswers bool
	wait         time.Duration
	// ring is nil as long as there are no keys, or damaged ones.
	ring *vault.Keyring
	// current: the database has the schema of this program.
	current bool
	// demanding are the agencies that want a second factor of who has a password.
	demanding []string
}

// Checkup says what a doctor is to look at besides the configuration.
type Checkup struct {
	Relay   bool     // only what visavis relay needs
	Unknown []string // variables that name no key

	wait time.Duration // wayWait; shorter in tests
}

// Doctor tries what the configuration names, and fails if something is wrong.
func Doctor(ctx context.Context, c *config.Config, checkup Checkup, out io.Writer) error {
	d := &doctor{c: c, out: out, now: time.Now(), wait: cmp.Or(checkup.wait, wayWait)}
	d.ok("configuration", "all keys and values are understood")
	for _, name := range checkup.Unknown {
		d.note("configuration", "the variable %s names no key; if it was meant to, see visavis config print", name)
	}
	if os.Geteuid() == 0 {
		d.note("user", "this is root, who may read and use everything; ask as the user that Visavis runs as, too")
	}
	all := []func(context.Context){d.folder, d.storage, d.address, d.certificate, d.ports, d.relay, d.ways, d.mail, d.singleSignOn, d.virusScanner}
	if checkup.Relay {
		all = []func(context.Context){d.edge}
	}
	for _, examine := range all {
		within, cancel := context.WithTimeout(ctx, examineWait)
		examine(within)
		cancel()
	}
	switch d.wrong {
	case 0:
		return nil
	case 1:
		return errors.New("the doctor found 1 thing that is wrong")
	}
	return fmt.Errorf("the doctor found %d things that are wrong", d.wrong)
}

func (d *doctor) say(mark, what, format string, args ...any) {
	_, _ = fmt.Fprintf(d.out, "%-6s %s: %s\n", mark, what, fmt.Sprintf(format, args...)) // nobody may be reading
}

func (d *doctor) ok(what, format string, args ...any)   { d.say("ok", what, format, args...) }
func (d *doctor) note(what, format string, args ...any) { d.say("note", what, format, args...) }
func (d *doctor) bad(what, format string, args ...any) {
	d.wrong++
	d.say("WRONG", what, format, args...)
}

// folder tries whether this user may write where Visavis will.
func (d *doctor) folder(context.Context) {
	folder := d.c.Data.Dir
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.note("data.dir", "%s is not there yet; Visavis makes it when it starts", folder)
	case err != nil:
		d.bad("data.dir", "%v", err)
	case !info.IsDir():
		d.bad("data.dir", "%s is a file; name a folder", folder)
	default:
		if d.writes("data.dir", folder) {
			d.ok("data.dir", "%s can be written to", folder)
		}
	}
}

// writes tries whether this user may make files in a folder.
func (d *doctor) writes(key, folder string) bool {
	trial, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		d.bad(key, "this user may not write to %s; run chown on it, or name another folder", folder)
		return false
	}
	if err := errors.Join(trial.Close(), os.Remove(trial.Name())); err != nil {
		d.bad(key, "%v", err)
		return false
	}
	return true
}

// storage examines the keys and the database, and whether they belong together.
func (d *doctor) storage(ctx context.Context) {
	ring, damaged := d.keys()
	database, version := d.database(ctx)
	if database == nil {
		return
	}
	defer func() {
		if err := database.Close(); err != nil {
			d.bad("database.url", "%v", err)
		}
	}()
	if version == 0 || damaged {
		return
	}
	all, opened, err := agency.Fit(ctx, database.Read(), ring)
	switch {
	case err != nil:
		d.bad("keys.file", "%v", err)
	case opened < all:
		d.bad("keys.file", "it does not open the data of %d of %d agencies in this database; "+
			"put the key file in its place that the database was made with", all-opened, all)
	case all == 0:
		d.note("database.url", "there is no agency in it yet")
	default:
		d.ok("keys.file", "it opens the data of all %d agencies", all)
	}
	if d.current {
		d.demonstration(ctx, database)
	}
	if d.demanding, err = agency.DemandingFactor(ctx, database.Read()); err != nil {
		d.bad("database.url", "%v", err)
	}
	if d.current && d.ring != nil && opened == all { // with other keys nothing of the list can be read
		d.decided(ctx, database)
	}
}

// demonstration looks for accounts with a known password.
func (d *doctor) demonstration(ctx context.Context, database *db.DB) {
	switch n, err := demo.Usable(ctx, database.Read()); {
	case err != nil:
		d.bad("database.url", "%v", err)
	case n > 0:
		d.bad("database.url", "it holds %d accounts of the demonstration, whose password is known; disable them, "+
			"or use a database in which no demonstration has run", n)
	}
}

// keys opens nothing when there are none yet.
func (d *doctor) keys() (ring *vault.Keyring, damaged bool) {
	path := d.c.Keys.File
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.note("keys.file", "%s is not there yet; Visavis makes it when it starts. Keep a copy of it then, apart from the database", path)
		return &vault.Keyring{}, false
	case err != nil:
		d.bad("keys.file", "%v", err)
		return nil, true
	}
	ring, err = vault.LoadKeyring(path, rand.Reader)
	if err != nil {
		d.bad("keys.file", "%v; put a copy of the key file in its place, a new one cannot open the database", err)
		return nil, true
	}
	if info.Mode().Perm()&0o077 != 0 {
		d.bad("keys.file", "others than its owner may read it; run chmod 600 %s", path)
		return ring, false
	}
	d.ok("keys.file", "%s can be read, by its owner only", path)
	d.ring = ring
	return ring, false
}

// database is nil when it cannot be asked; version is 0 as long as nothing is in it.
func (d *doctor) database(ctx context.Context) (database *db.DB, version int64) {
	url := d.c.Database.URL.Reveal()
	if path, lite := strings.CutPrefix(url, "sqlite:"); lite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			d.note("database.url", "%s is not there yet; Visavis makes it when it starts", path)
			return nil, 0
		}
	}
	database, err := db.Open(ctx, url)
	if err != nil {
		d.bad("database.url", "%v; start the database, or correct the address, the name and the password", err)
		return nil, 0
	}
	if !d.recent(ctx, database) {
		return database, 0
	}
	has, newest, err := database.Schema(ctx)
	switch {
	case err != nil:
		d.bad("database.url", "%v", err)
		return database, 0
	case has == 0:
		d.note("database.url", "%s answers and is empty; visavis migrate or serve fills it", database.Engine())
	case has < newest:
		d.note("database.url", "%s answers and is at version %d of %d; visavis migrate or serve brings it up to date", database.Engine(), has, newest)
	case has > newest:
		d.bad("database.url", "it was used by a newer Visavis (version %d, this one knows %d); install that one here, too", has, newest)
	default:
		d.current = true
		d.ok("database.url", "%s answers and is up to date (version %d)", database.Engine(), has)
	}
	return database, has
}

// recent refuses servers that lack what our SQL uses.
func (d *doctor) recent(ctx context.Context, database *db.DB) bool {
	if database.Engine() != db.PostgreSQL {
		return true
	}
	var version int
	if err := database.Read().QueryRowContext(ctx, `SELECT CAST(current_setting('server_version_num') AS INTEGER)`).Scan(&version); err != nil {
		d.bad("database.url", "%v", err)
		return false
	}
	if version < oldestPostgres {
		d.bad("database.url", "this is PostgreSQL %d; Visavis needs %d or newer", version/10_000, oldestPostgres/10_000)
		return false
	}
	return true
}

// address says what does not fit together around http.url, each of which can be meant so.
func (d *doctor) address(context.Context) {
	h := d.c.HTTP
	d.ok("http.url", "people open %s", h.URL)
	if h.TLS == "off" && h.URL.Scheme == "https" && len(h.TrustedProxies) == 0 {
		d.note("http.trusted_proxies", "a proxy does TLS and is not named here, so all people seem to come from one address and slow each other down")
	}
}

// certificate examines what browsers will examine.
func (d *doctor) certificate(context.Context) {
	h := d.c.HTTP
	switch h.TLS {
	case "off":
		return
	case "self-signed":
		d.note("http.tls", "browsers warn of a self-signed certificate; use it for trials only")
		return
	}
	pair, err := tls.LoadX509KeyPair(h.TLSCert, h.TLSKey)
	if err != nil {
		d.bad("http.tls_cert", "%v; both files must be in PEM and belong together", err)
		return
	}
	leaf, host := pair.Leaf, h.URL.Hostname()
	switch {
	case d.now.After(leaf.NotAfter):
		d.bad("http.tls_cert", "it ended on %s; renew it", leaf.NotAfter.Format(time.DateOnly))
	case d.now.Before(leaf.NotBefore):
		d.bad("http.tls_cert", "it begins only on %s; is the clock of this machine right?", leaf.NotBefore.Format(time.DateOnly))
	case leaf.VerifyHostname(host) != nil:
		d.bad("http.tls_cert", "it is not for %s but for %s; get one for the host of http.url", host, strings.Join(leaf.DNSNames, ", "))
	case d.now.Add(soon).After(leaf.NotAfter):
		d.note("http.tls_cert", "it ends on %s; renew it and send Visavis SIGHUP", leaf.NotAfter.Format(time.DateOnly))
	default:
		d.ok("http.tls_cert", "it is for %s and good until %s", host, leaf.NotAfter.Format(time.DateOnly))
	}
	if info, err := os.Stat(h.TLSKey); err == nil && info.Mode().Perm()&0o007 != 0 {
		d.bad("http.tls_key", "everybody on this machine may read it; run chmod o= %s", filepath.Clean(h.TLSKey))
	}
}

// mail signs in at the mail server and sends nothing.
func (d *doctor) mail(ctx context.Context) {
	m := d.c.Mail
	if m.Host == "" {
		d.note("mail.host", "none is named: no e-mail is sent, links are given out on paper or by telephone")
		return
	}
	if from, err := mail.ParseAddress(m.From); err != nil || strings.HasSuffix(from.Address, "@localhost") {
		d.bad("mail.from", "mail servers refuse %s as a sender; name an address of yours", m.From)
	}
	server := notify.Server{Host: m.Host, Port: m.Port, TLS: m.TLS, User: m.User, Password: m.Password.Reveal()}
	if err := server.Reach(ctx); err != nil {
		d.bad("mail.host", "%s on port %d does not work with mail.tls %s: %v", m.Host, m.Port, m.TLS, err)
		return
	}
	secure := map[string]string{"off": "without TLS", "tls": "over TLS", "starttls": "over TLS (STARTTLS)"}[m.TLS]
	if m.User != "" {
		secure += " and takes the password"
	}
	d.ok("mail.host", "%s answers %s", m.Host, secure)
}

// answers asks whether a Visavis is running here.
func (d *doctor) answers(ctx context.Context, at string) bool {
	scheme := "http://"
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if d.c.HTTP.TLS != "off" {
		scheme = "https://"
		config.InsecureSkipVerify = true // nothing is told or believed but that somebody is there
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}, Timeout: answerWait}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+at+"/healthz", nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 16))
	return err == nil && response.StatusCode == http.StatusOK && string(body) == "ok\n"
}
