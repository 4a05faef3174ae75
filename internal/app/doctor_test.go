package app

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/demo"
	"visavis/internal/mailbox"
)

// atNoon is a zone in which it is about noon: the examples of the demonstration, which are of today, take all of the room
// there is just before midnight.
func atNoon() string { return fmt.Sprintf("Etc/GMT%+d", time.Now().UTC().Hour()-12) }

// configured is a configuration of a test's own folder and ports, with what is given instead.
func configured(t *testing.T, environ ...string) *config.Config {
	t.Helper()
	c, err := config.Load(config.Source{Environ: append([]string{
		"VISAVIS_DATA_DIR=" + t.TempDir(), "VISAVIS_HTTP_LISTEN=127.0.0.1:0", "VISAVIS_TIME_ZONE=" + atNoon(),
		"VISAVIS_RELAY_UDP=127.0.0.1:0", "VISAVIS_RELAY_TCP=127.0.0.1:0",
	}, environ...)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ask(t *testing.T, c *config.Config, checkup Checkup) (report string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = Doctor(t.Context(), c, checkup, &out)
	if (err != nil) != strings.Contains(out.String(), "WRONG") {
		t.Errorf("the doctor ends with %v after:\n%s", err, out.String())
	}
	return out.String(), err
}

// migrated saves a program that is to make a SQLite file the migrations, which take longer than most tests.
func migrated(t *testing.T, c *config.Config) *config.Config {
	t.Helper()
	path, lite := strings.CutPrefix(c.Database.URL.Reveal(), "sqlite:")
	if _, err := os.Stat(path); lite && errors.Is(err, fs.ErrNotExist) {
		dbtest.SQLiteAt(t, path)
	}
	return c
}

// demonstrated puts a demonstration's agency into a database.
func demonstrated(t *testing.T, c *config.Config) {
	t.Helper()
	seeded(t, c, inTests())
}

func seeded(t *testing.T, c *config.Config, o Options) {
	t.Helper()
	p, err := build(t.Context(), migrated(t, c), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.prepareDemo(t.Context(), nil), p.close()); err != nil {
		t.Fatal(err)
	}
}

// installed has been started once and has an agency in it, whose accounts have no password.
func installed(t *testing.T, environ ...string) *config.Config {
	t.Helper()
	c := configured(t, environ...)
	demonstrated(t, c)
	d, err := openDatabase(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(d.Tx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE staff SET password_hash = ''`)
		return err
	}), d.Close())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheDoctorIsContentWithWhatHasNotBegunAndWithWhatWorks(t *testing.T) {
	report, err := ask(t, configured(t), Checkup{Unknown: []string{"VISAVIS_HTTP_LISEN"}})
	if err != nil || !strings.Contains(report, "VISAVIS_HTTP_LISEN names no key") {
		t.Errorf("%v:\n%s", err, report)
	}
	report, err = ask(t, installed(t), Checkup{})
	if err != nil || !strings.Contains(report, "opens the data of all 1 agencies") || !strings.Contains(report, "is up to date") {
		t.Errorf("%v:\n%s", err, report)
	}
}

func TestTheDoctorChangesNothing(t *testing.T) {
	for name, c := range map[string]*config.Config{"new": configured(t), "installed": installed(t)} {
		before := filesOf(t, c.Data.Dir)
		if _, err := ask(t, c, Checkup{}); err != nil {
			t.Fatal(err)
		}
		if _, err := ask(t, c, Checkup{Relay: true}); name == "installed" && err != nil {
			t.Fatal(err)
		}
		if after := filesOf(t, c.Data.Dir); after != before {
			t.Errorf("%s: %q became %q", name, before, after)
		}
	}
}

// filesOf lists files; those that come and go with a connection to SQLite are left out.
func filesOf(t *testing.T, folder string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if !strings.HasSuffix(path, "-wal") && !strings.HasSuffix(path, "-shm") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}

// Each case breaks one thing of an installation that works (the test above), and the doctor must name it.
func TestTheDoctorNamesWhatIsBroken(t *testing.T) {
	sound := installed(t)
	otherKey := base64.RawURLEncoding.EncodeToString(random(t, 32))
	for name, with := range map[string]struct {
		key, says string
		environ   []string
		damage    func(t *testing.T, c *config.Config)
	}{
		"data.dir is a file": {"data.dir", "name a folder", nil, func(t *testing.T, c *config.Config) {
			c.Data.Dir = c.Keys.File
		}},
		"damaged key file": {"keys.file", "damaged", nil, func(t *testing.T, c *config.Config) { fill(t, c.Keys.File, "{") }},
		"key file for all to read": {"keys.file", "chmod 600", nil, func(t *testing.T, c *config.Config) {
			if err := os.Chmod(c.Keys.File, 0o644); err != nil {
				t.Fatal(err)
			}
		}},
		"lost key file": {"keys.file", "1 of 1 agencies", nil, func(t *testing.T, c *config.Config) {
			if err := os.Remove(c.Keys.File); err != nil {
				t.Fatal(err)
			}
		}},
		"another key file": {"keys.file", "1 of 1 agencies", nil, func(t *testing.T, c *config.Config) {
			c.Keys.File = filepath.Join(t.TempDir(), "keys")
			if _, err := openKeys(c); err != nil {
				t.Fatal(err)
			}
		}},
		"no database": {"database.url", "start the database", nil, func(t *testing.T, c *config.Config) {
			fill(t, filepath.Join(c.Data.Dir, "other.db"), "this is no database, whatever it is called")
			c.Database.URL = config.Secret("sqlite:" + filepath.Join(c.Data.Dir, "other.db"))
		}},
		"no PostgreSQL": {"database.url", "start the database", nil, func(_ *testing.T, c *config.Config) {
			c.Database.URL = "postgres://visavis:canary@127.0.0.1:1/visavis"
		}},
		"a newer database": {"database.url", "newer Visavis", nil, func(t *testing.T, c *config.Config) {
			d, err := openDatabase(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), `UPDATE goose_db_version SET version_id = 99999 WHERE version_id > 0`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}},
		"accounts of a demonstration": {"database.url", fmt.Sprintf("it holds %d accounts of the demonstration", len(demo.Everybody())), nil, func(t *testing.T, c *config.Config) {
			c.Database.URL = config.Secret("sqlite:" + filepath.Join(c.Data.Dir, "demo.db"))
			demonstrated(t, c)
		}},
		"web port taken": {"http.listen", "another program", nil, func(t *testing.T, c *config.Config) { c.HTTP.Listen = taken(t) }},
		"UDP port taken": {"relay.udp", "another program", nil, func(t *testing.T, c *config.Config) {
			l, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			c.Relay.UDP = l.LocalAddr().String()
		}},
		"TCP port taken":          {"relay.tcp", "another program", nil, func(t *testing.T, c *config.Config) { c.Relay.TCP = taken(t) }},
		"another machine's port":  {"http.listen", "has no address", nil, func(_ *testing.T, c *config.Config) { c.HTTP.Listen = "192.0.2.77:8080" }},
		"no certificate":          {"http.tls_cert", "belong together", secure(), func(*testing.T, *config.Config) {}},
		"certificate ended":       {"http.tls_cert", "renew it", secure(), certificate("termin.example.de", time.Now().Add(-400*24*time.Hour), 0o600)},
		"certificate not begun":   {"http.tls_cert", "clock", secure(), certificate("termin.example.de", time.Now().Add(48*time.Hour), 0o600)},
		"certificate of others":   {"http.tls_cert", "not for termin.example.de", secure(), certificate("example.org", time.Now(), 0o600)},
		"TLS key for all to read": {"http.tls_key", "chmod", secure(), certificate("termin.example.de", time.Now(), 0o644)},
		"nobody takes mail":       {"mail.host", "does not work", []string{"VISAVIS_MAIL_HOST=127.0.0.1", "VISAVIS_MAIL_PORT=1", "VISAVIS_MAIL_FROM=a@example.de"}, func(*testing.T, *config.Config) {}},
		"mail server without TLS": {"mail.host", "does not work", []string{"VISAVIS_MAIL_FROM=a@example.de"}, mailServer},
		"sender nobody can be":    {"mail.from", "refuse", []string{"VISAVIS_MAIL_TLS=off"}, mailServer},
		"no relay elsewhere":      {"relay.control", "start visavis relay", []string{"VISAVIS_RELAY_MODE=external", "VISAVIS_RELAY_CONTROL=127.0.0.1:1", "VISAVIS_RELAY_UDP=:20100", "VISAVIS_RELAY_TCP=:20100"}, func(*testing.T, *config.Config) {}},
		"relay with another key": {"relay.key", "another key", []string{"VISAVIS_RELAY_MODE=external", "VISAVIS_RELAY_UDP=:20100", "VISAVIS_RELAY_TCP=:20100"}, func(t *testing.T, c *config.Config) {
			elsewhere := configured(t, "VISAVIS_RELAY_CONTROL=127.0.0.1:0", "VISAVIS_RELAY_KEY="+otherKey)
			c.Relay.Control, _ = runRelay(t, elsewhere)
		}},
		"relay key cut off": {"relay.key", "as printed by", []string{"VISAVIS_RELAY_MODE=external", "VISAVIS_RELAY_UDP=:20100", "VISAVIS_RELAY_TCP=:20100", "VISAVIS_RELAY_KEY=abc"}, func(*testing.T, *config.Config) {}},
	} {
		t.Run(name, func(t *testing.T) {
			broken := configured(t, with.environ...)
			if err := os.CopyFS(broken.Data.Dir, os.DirFS(sound.Data.Dir)); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(broken.Keys.File, 0o600); err != nil { // copies are for all to read
				t.Fatal(err)
			}
			with.damage(t, broken)
			report, err := ask(t, broken, Checkup{})
			if err == nil || !strings.Contains(report, "WRONG  "+with.key+": ") || !strings.Contains(report, with.says) {
				t.Errorf("ends with %v after:\n%s", err, report)
			}
			if strings.Contains(report, "canary") {
				t.Errorf("a secret in:\n%s", report)
			}
			if strings.Count(report, "WRONG") != 1 {
				t.Errorf("more than one thing is wrong:\n%s", report)
			}
		})
	}
}

func secure() []string {
	return []string{"VISAVIS_HTTP_URL=https://termin.example.de", "VISAVIS_HTTP_TLS=files", "VISAVIS_HTTP_TLS_CERT=/nowhere", "VISAVIS_HTTP_TLS_KEY=/nowhere"}
}

func certificate(host string, from time.Time, mode os.FileMode) func(*testing.T, *config.Config) {
	return func(t *testing.T, c *config.Config) {
		t.Helper()
		text, err := makeSelfSigned([]string{host}, from)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "pair.pem")
		fill(t, path, string(text))
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		c.HTTP.TLSCert, c.HTTP.TLSKey = path, path
	}
}

// mailServer is a real one that offers no STARTTLS.
func mailServer(t *testing.T, c *config.Config) {
	t.Helper()
	box, err := mailbox.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- box.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := await(t, "end of the mail server", ended); err != nil {
			t.Error(err)
		}
	})
	c.Mail.Host, c.Mail.Port = box.Address()
}

func TestTheDoctorSignsInAtTheMailServerAndSendsNothing(t *testing.T) {
	c := configured(t, "VISAVIS_MAIL_TLS=off", "VISAVIS_MAIL_FROM=a@example.de")
	said := listenToMail(t, c)
	report, err := ask(t, c, Checkup{})
	if err != nil || !strings.Contains(report, "ok     mail.host: "+c.Mail.Host+" answers without TLS") {
		t.Errorf("%v:\n%s", err, report)
	}
	if got := await(t, "farewell", said); !slices.Contains(got, "EHLO") || slices.Contains(got, "MAIL") || slices.Contains(got, "DATA") {
		t.Errorf("the doctor said %q", got)
	}
}

// listenToMail is a mail server that tells the commands of the first connection once that has ended.
func listenToMail(t *testing.T, c *config.Config) <-chan []string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c.Mail.Host, c.Mail.Port = "127.0.0.1", l.Addr().(*net.TCPAddr).Port
	said := make(chan []string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, _ = conn.Write([]byte("220 mail.example.de\r\n"))
		var commands []string
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			command, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
			commands = append(commands, command)
			if command == "QUIT" {
				_, _ = conn.Write([]byte("221 bye\r\n"))
				break
			}
			_, _ = conn.Write([]byte("250 fine\r\n"))
		}
		said <- commands
	}()
	return said
}

func TestTheDoctorKnowsARunningVisavisFromAnotherProgram(t *testing.T) {
	c := installed(t)
	at, port := serveHere(t, c)
	running := configured(t, "VISAVIS_DATA_DIR="+c.Data.Dir, "VISAVIS_HTTP_LISTEN="+at)
	running.Relay.UDP = net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port)))
	report, err := ask(t, running, Checkup{})
	if err != nil || !strings.Contains(report, "ok     relay.udp: "+running.Relay.UDP+" is in use, and a Visavis is running here") {
		t.Errorf("%v:\n%s", err, report)
	}
}

func TestTheDoctorOfARelayAsksForItsKeyAndPortsOnly(t *testing.T) {
	c := configured(t, "VISAVIS_RELAY_CONTROL=127.0.0.1:0")
	if report, err := ask(t, c, Checkup{Relay: true}); err == nil || !strings.Contains(report, "visavis relay --print-key") {
		t.Errorf("%v:\n%s", err, report)
	}
	c = configured(t, "VISAVIS_RELAY_CONTROL=127.0.0.1:0", "VISAVIS_RELAY_KEY="+base64.RawURLEncoding.EncodeToString(random(t, 32)),
		"VISAVIS_DATABASE_URL=postgres://visavis@127.0.0.1:1/visavis")
	if report, err := ask(t, c, Checkup{Relay: true}); err != nil {
		t.Errorf("%v:\n%s", err, report)
	}
	c.Relay.Control, _ = runRelay(t, c)
	if report, err := ask(t, c, Checkup{Relay: true}); err != nil || !strings.Contains(report, "the relay that is running here has it") {
		t.Errorf("%v:\n%s", err, report)
	}
}

func TestTheDoctorReadsBothDatabases(t *testing.T) {
	c := configured(t, "VISAVIS_DATABASE_URL="+dbtest.EmptyPostgresURL(t))
	report, err := ask(t, c, Checkup{})
	if err != nil || !strings.Contains(report, "postgres answers and is empty") {
		t.Errorf("%v:\n%s", err, report)
	}
	if err := Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	report, err = ask(t, c, Checkup{})
	if err != nil || !strings.Contains(report, "postgres answers and is up to date") {
		t.Errorf("%v:\n%s", err, report)
	}
}

func TestPrivateAddressesOfARelayAreWorthANoteOnlyWhereCitizensAreElsewhere(t *testing.T) {
	for _, with := range []struct {
		url, advertise string
		noted          bool
	}{
		{"https://termin.example.de", "10.0.0.5", true},
		{"https://termin.example.de", "203.0.113.7", false},
		{"https://termin.example.de", "10.0.0.5,2001:db8::7", false},
		{"http://localhost:8080", "127.0.0.1", false},
	} {
		c := configured(t, "VISAVIS_HTTP_URL="+with.url, "VISAVIS_RELAY_ADVERTISE="+with.advertise)
		report, err := ask(t, c, Checkup{})
		if err != nil || strings.Contains(report, "note   relay.advertise") != with.noted {
			t.Errorf("%+v: %v\n%s", with, err, report)
		}
	}
}

func taken(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func fill(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func random(t *testing.T, n int) []byte {
	t.Helper()
	out := make([]byte, n)
	rand.Read(out)
	return out
}

func TestOneAddressOfThisMachineIsToldToBrowsers(t *testing.T) {
	mask := func(addresses ...string) (list []net.Addr) {
		for _, address := range addresses {
			ip, network, err := net.ParseCIDR(address)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, &net.IPNet{IP: ip, Mask: network.Mask})
		}
		return list
	}
	for _, with := range []struct {
		interfaces []net.Addr
		want       string
	}{
		{mask("127.0.0.1/8", "::1/128"), ""},
		{mask("127.0.0.1/8", "fe80::1/64", "2001:db8::7/64", "192.0.2.5/24"), "192.0.2.5"},
		{mask("127.0.0.1/8", "fe80::1/64", "2001:db8::7/64", "2001:db8::8/64"), "2001:db8::7"},
		{mask("169.254.1.1/16"), ""},
	} {
		got, ok := firstOutward(with.interfaces)
		if ok != (with.want != "") || ok && got != netip.MustParseAddr(with.want) {
			t.Errorf("%v: %s", with.interfaces, got)
		}
	}
}
