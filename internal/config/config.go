// Package config reads what an operator decides: a YAML file, environment variables, and files that hold secrets.
//
// The struct Config is the only description. Its tags say what each key means and what holds when nobody says anything;
// the sample file, `visavis config print` and the operator's manual are made from it. An empty file works. All mistakes
// are reported together. The package knows no other package of ours: the parts of the program get their own options.
package config

import (
	"log/slog"
	"net/netip"
	"time"
)

// Config is everything an operator can decide.
type Config struct {
	HTTP     HTTP     `key:"http" doc:"Where browsers reach Visavis."`
	Data     Data     `key:"data" doc:"What Visavis keeps on this machine."`
	Database Database `key:"database" doc:"Where appointments and seats are kept."`
	Keys     Keys     `key:"keys" doc:"The keys that seal personal data and sign links. Without this file the database cannot be read: keep a copy apart from it."`
	Relay    Relay    `key:"relay" doc:"Connects the two browsers of a talk. It forwards sound and picture without being able to see them."`
	Mail     Mail     `key:"mail" doc:"The server that takes our e-mail. Without a host no e-mail is sent; links are then given out on paper or by telephone."`
	Talk     Talk     `key:"talk" doc:"How talks begin."`
	Scanner  Scanner  `key:"scanner" doc:"The virus scanner that advisors can have files of guests looked at with, where the rule talk.scan is on (rules.md). See virus-scanner.md."`
	Audit    Audit    `key:"audit" doc:"The record of what happened, for auditor and data protection officer (audit.md)."`
	Decided  Decided  `key:"decided" doc:"The list of what was decided and a restored backup does not know: agencies given up, accounts disabled and enabled, rules on how long data is kept. It holds ids and dates, no names. See retention.md."`
	SSO      []SSO    `key:"sso" doc:"Where staff sign in with an account that they have already (OpenID Connect): a list, each with the keys below. In the file only; a secret can also be a credential with the name sso.ID.client_secret, as sso.keycloak.client_secret is. See single-sign-on.md."`
	TimeZone Location `key:"time_zone" default:"Europe/Berlin" doc:"The time zone of the offices: when a day begins, and the times that pages and e-mails tell."`
	Log      Log      `key:"log" doc:"What Visavis writes to its standard error. It holds no names, addresses or links at any level."`
}

// HTTP says how browsers reach this process.
type HTTP struct {
	Listen         string         `key:"listen" default:"127.0.0.1:8080" example:":443" doc:"The address Visavis listens on."`
	URL            URL            `key:"url" default:"http://localhost:8080" example:"https://termin.example.de" doc:"The address people type, as it stands in links. Browsers give camera and microphone only to https, or to localhost."`
	TLS            string         `key:"tls" default:"off" oneof:"off self-signed files" doc:"off: a proxy in front of Visavis does it, or it is a trial on this machine. self-signed: for trials in a local network; browsers warn. files: tls_cert and tls_key."`
	TLSCert        string         `key:"tls_cert" example:"/etc/visavis/cert.pem" doc:"The certificate with its chain. Read again when Visavis gets SIGHUP."`
	TLSKey         string         `key:"tls_key" example:"/etc/visavis/key.pem" doc:"The key of the certificate."`
	TrustedProxies []netip.Prefix `key:"trusted_proxies" example:"10.0.0.0/8" doc:"Proxies whose X-Forwarded-For is believed. Addresses are used to slow down guessing, and kept nowhere."`

	MaxConnections          int `key:"max_connections" default:"10000" doc:"How many connections may be open at a time. When there are more, the one unused for longest is closed; those with a request or a stream under way stay, and when all are such, newcomers are refused. Never more than three quarters of the files that the system allows the process."`
	MaxConnectionsPerSource int `key:"max_connections_per_source" default:"2000" doc:"How many of them from one IPv4 address or IPv6 /64 network: enough for an office of 300 people behind one address. When there are more, the longest unused one of the same source is closed, as above. Trusted proxies and this machine itself have no such limit."`
}

// Data says where files are kept.
type Data struct {
	Dir string `key:"dir" default:"./data" example:"/var/lib/visavis" doc:"The folder of the built-in database, the keys and a self-signed certificate. Made when missing."`
}

// Database says where rows are kept.
type Database struct {
	URL Secret `key:"url" example:"postgres://visavis@db.example.de/visavis?sslmode=verify-full" doc:"PostgreSQL 15 or newer, or sqlite: with a path. Empty: visavis.db in data.dir, enough for a small agency on one machine."`
}

// Keys says where the installation's keys are.
type Keys struct {
	File string `key:"file" example:"/etc/visavis/keys" doc:"Empty: the file keys in data.dir. Made when missing; all serve processes of an installation need the same one."`
}

// Relay says how the media of a talk travel.
type Relay struct {
	Mode      string       `key:"mode" default:"embedded" oneof:"embedded external" doc:"embedded: in this process. external: in a process of its own, started with visavis relay."`
	UDP       string       `key:"udp" default:":3478" doc:"Where the relay takes media over UDP, the best way. With an external relay serve needs it, too: it tells browsers the port."`
	TCP       string       `key:"tcp" default:":3478" doc:"Where it takes media over TCP, for networks that allow no UDP. As with relay.udp."`
	Advertise []netip.Addr `key:"advertise" example:"203.0.113.7, 2001:db8::7" doc:"The addresses of the relay that browsers are told. Empty: this machine's own at which the relay listens, which is right without address translation; among them 127.0.0.1 when http.url is on localhost. Needed by serve when the relay is on another machine."`
	TURN      bool         `key:"turn" default:"true" doc:"Answer TURN over TLS on the port of http.listen, for networks that let through nothing but HTTPS. Needs http.tls."`
	Control   string       `key:"control" default:"127.0.0.1:3479" doc:"Only external: where the relay process listens for the serve processes, and where they find it. Both prove to each other that they have relay.key, and nobody else can read along; let nobody else reach this port all the same."`
	Key       Secret       `key:"key" doc:"Only external: what serve and relay processes share, as printed by visavis relay --print-key. Empty: taken from keys.file, where that is."`
}

// Mail says how e-mail leaves.
type Mail struct {
	Host     string `key:"host" example:"smtp.example.de" doc:"The SMTP server."`
	Port     int    `key:"port" default:"587" doc:"Its port; usually 587 with starttls, 465 with tls, 25 in a closed network."`
	TLS      string `key:"tls" default:"starttls" oneof:"starttls tls off" doc:"starttls: required, not only tried. off: only in a closed network."`
	User     string `key:"user" doc:"The name to sign in with; empty: no sign-in."`
	Password Secret `key:"password" doc:"The password for it."`
	From     string `key:"from" default:"Videotermin <noreply@localhost>" example:"Videotermin <termin@example.de>" doc:"Sender of all e-mails."`
}

// Talk says how talks begin.
type Talk struct {
	HeadsUp time.Duration `key:"heads_up" default:"3s" doc:"How long a guest sees that the talk begins, and whether camera and sound are on, before the other side sees and hears them. 0s to 10s."`
	Ring    time.Duration `key:"ring" default:"60s" doc:"How long a guest is called whose page is not on the screen. After that the guest waits again, with the same place. 5s to 5m."`
}

// Scanner says who looks for viruses.
type Scanner struct {
	Clamd string `key:"clamd" example:"unix:/run/clamav/clamd.ctl" doc:"Where clamd of ClamAV listens: unix: with the path of its socket, or tcp: with host and port, in a network of your own, as files go there unencrypted. Empty: there is none."`
}

// Audit says how long the record of what happened is kept.
type Audit struct {
	KeepDays int `key:"keep_days" default:"365" doc:"How many days an entry is kept where the agency has not decided itself (kept.audit). A smaller number than before counts only for agencies that are made from then on. Older ones are deleted from the beginning, once a day; what is left can be verified as before. 30 to 3650."`
}

// Decided says where the list of decisions is kept beside the database, and how long.
type Decided struct {
	File     string `key:"file" example:"/var/log/visavis/decided" doc:"Empty: the file decided in data.dir. Each serve process writes its own, and puts it into its place anew with each decision, so its folder must be one that it may write to and that stays. Do not back it up with the database, and do not restore it with it."`
	KeepDays int    `key:"keep_days" default:"400" doc:"How many days a decision stays in the list: longer than your oldest backup. 30 to 3650."`
}

// Log says what is written.
type Log struct {
	Level  slog.Level `key:"level" default:"info" example:"debug" doc:"debug, info, warn or error."`
	Format string     `key:"format" default:"text" oneof:"text json" doc:"text for people, json for machines."`
}
