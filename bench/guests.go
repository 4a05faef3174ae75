//go:build linux

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// offer is what Chromium wrote once. The server reads it as any other.
	offerFile = "internal/relay/sdp/testdata/chromium-offer-early.sdp"
	advisor   = "aylin.demir@example.org"
	agency    = "demo"
	// together is how many come at the same time.
	together  = 8
	answerIn  = 20 * time.Second
	printedIn = 5 * time.Second
)

// output keeps what a program prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(text)
}

// after finds the word that follows a label. What greets a newcomer may be printed a moment after the server is ready.
func (o *output) after(ctx context.Context, label string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, printedIn)
	defer cancel()
	for {
		word, err := o.find(label)
		if err == nil {
			return word, nil
		}
		if pause(ctx, readyStep) != nil {
			return "", err
		}
	}
}

func (o *output) find(label string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, rest, found := strings.Cut(o.text.String(), label)
	words := strings.Fields(rest)
	if !found || len(words) == 0 {
		return "", fmt.Errorf("nothing is printed after %q", label)
	}
	return words[0], nil
}

// client is one browser: one cookie, and a new connection for each call, as those of a guest who waits have long been
// closed.
type client struct {
	at     string
	cookie string
}

type answer struct {
	status int
	body   []byte
}

func (c *client) call(ctx context.Context, method, path string, body any) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	text, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.at+path, bytes.NewReader(text))
	if err != nil {
		return answer{}, err
	}
	r.Close = true
	r.Header.Set("Content-Type", "application/json")
	if c.cookie != "" {
		r.Header.Set("Cookie", c.cookie)
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	if set := response.Header.Get("Set-Cookie"); set != "" {
		c.cookie, _, _ = strings.Cut(set, ";")
	}
	got, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, got}, err
}

// must posts what has to succeed.
func (c *client) must(ctx context.Context, path string, body, into any) error {
	got, err := c.call(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	if got.status >= 300 {
		return fmt.Errorf("%s answers %d: %s", path, got.status, got.body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(got.body, into)
}

type object = map[string]any

// bookAll has an advisor of the demo book an appointment for each guest, and returns the links.
func bookAll(ctx context.Context, folder string) (links []string, err error) {
	p, err := startServer(ctx, folder, "demo")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	password, err := p.out.after(ctx, "Password: ")
	if err != nil {
		return nil, err
	}
	staff := &client{at: p.at}
	var me struct {
		Desks    []struct{ ID, DepartmentID string }
		Services []struct{ ID, DepartmentID string }
	}
	err = staff.must(ctx, "/api/staff/session", object{"agency": "", "email": advisor, "password": password}, &me)
	if err != nil {
		return nil, err
	}
	if err := employ(ctx, folder); err != nil {
		return nil, err
	}
	appointment := object{
		"desk": me.Desks[0].ID, "startsAt": time.Now().Add(5 * time.Minute).UnixMilli(), "language": "de",
		"citizen": object{"name": "Helga Brandt"},
	}
	for _, service := range me.Services {
		if service.DepartmentID == me.Desks[0].DepartmentID {
			appointment["service"] = service.ID
		}
	}
	links = make([]string, early+guests)
	return links, inParallel(ctx, len(links), func(ctx context.Context, i int) error {
		var made struct{ Link string }
		err := (&client{at: p.at, cookie: staff.cookie}).must(ctx, "/api/staff/appointments", appointment, &made)
		_, links[i], _ = strings.Cut(made.Link, "#")
		return err
	})
}

// employ gives the desks of the demo as many people as there will be appointments at a time.
func employ(ctx context.Context, folder string) error {
	text, err := runProgram(ctx, folder, "", "export", "--format", "json")
	if err != nil {
		return err
	}
	var demo struct{ Desks []struct{ Code string } }
	if err := json.Unmarshal(text, &demo); err != nil {
		return err
	}
	people, roles := []object{}, []object{}
	for i := range early + guests {
		email := fmt.Sprintf("many-%d@example.org", i)
		people = append(people, object{"email": email, "name": fmt.Sprintf("Kollegin %d", i)})
		for _, desk := range demo.Desks {
			roles = append(roles, object{"email": email, "role": "advisor", "at": "desk", "place": desk.Code})
		}
	}
	if text, err = json.Marshal(object{"staff": people, "roles": roles}); err != nil {
		return err
	}
	file := filepath.Join(folder, "people.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	_, err = runProgram(ctx, folder, "", "import", file)
	return err
}

func inParallel(ctx context.Context, count int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(together)
	for i := range count {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

// waitingRoom are the open streams of those who wait.
type waitingRoom []net.Conn

func (w waitingRoom) leave() {
	for _, conn := range w {
		conn.Close()
	}
}

// arriveAll brings every guest from the link to the open stream.
func arriveAll(ctx context.Context, at string, links []string) (waitingRoom, error) {
	offer, err := os.ReadFile(offerFile)
	if err != nil {
		return nil, err
	}
	room := make(waitingRoom, len(links))
	return room, inParallel(ctx, len(links), func(ctx context.Context, i int) (err error) {
		room[i], err = arrive(ctx, at, links[i], fmt.Sprintf("page-%06d", i), string(offer))
		return err
	})
}

func arrive(ctx context.Context, at, secret, page, offer string) (net.Conn, error) {
	guest := &client{at: at}
	var view struct{ Seat, State string }
	if err := guest.must(ctx, "/api/guest/"+agency+"/open", object{"secret": secret}, &view); err != nil {
		return nil, err
	}
	seat := "/api/guest/" + agency + "/seats/" + view.Seat
	for _, result := range []string{"started", "ok"} {
		if err := guest.must(ctx, seat+"/check", object{"result": result}, nil); err != nil {
			return nil, err
		}
	}
	arrival := object{"page": page, "mode": "video", "commit": strings.Repeat("c", 43), "offer": offer, "takeover": false}
	if err := guest.must(ctx, seat+"/arrive", arrival, &view); err != nil {
		return nil, err
	}
	if view.State != "waiting" {
		return nil, fmt.Errorf("the guest is %s", view.State)
	}
	return guest.stream(ctx, seat+"/stream?page="+page)
}

// stream opens the event stream and returns it once the first picture has come.
func (c *client) stream(ctx context.Context, path string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.at)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(answerIn)) // without one only a hanging server would not be noticed
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nAccept-Encoding: gzip\r\nCookie: %s\r\n\r\n", path, c.at, c.cookie)
	if err == nil {
		err = untilPicture(conn)
	}
	if err == nil {
		return conn, conn.SetDeadline(time.Time{})
	}
	return nil, errors.Join(errors.New("the stream ends before its first picture"), err, conn.Close())
}

// untilPicture reads a packed stream as a browser does, as far as its first picture.
func untilPicture(conn io.Reader) error {
	response, err := http.ReadResponse(bufio.NewReader(conn), nil) //nolint:bodyclose // to close it is to read to its end, and the guest stays
	if err != nil {
		return err
	}
	if coding := response.Header.Get("Content-Encoding"); coding != "gzip" {
		return fmt.Errorf("status %d, packed as %q", response.StatusCode, coding)
	}
	text, err := gzip.NewReader(response.Body)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if lines.Text() == "event: snapshot" {
			return nil
		}
	}
	return errors.Join(io.ErrUnexpectedEOF, lines.Err())
}
