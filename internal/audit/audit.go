// Package audit keeps what happened, for whoever must be able to prove it: one entry for each act that matters to
// security or privacy, in the transaction of the act, in a chain that shows every later change
// (docs/decisions/0009-audit-chain.md).
//
// An entry has no free text, no name and no address. Who acted, and staff to whom something happened, stand in it by
// pseudonyms under a key of the agency. The main types are Entry, Log, Report and Filter. The package knows no other
// feature; each of them says what happened in words of the lists here.
package audit

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Act is something that happened.
type Act string

// The acts. Whoever adds one says in shapes what belongs to it.
const (
	SessionBegun     Act = "session.begun"
	SessionThrottled Act = "session.throttled" // so many wrong passwords that no more are looked at for a while
	SessionLeft      Act = "session.left"      // signed out
	SessionEnded     Act = "session.ended"     // without the person: too many, signed out elsewhere, the account disabled

	DevicePaired   Act = "device.paired"   // a session has let a device take sound and picture
	DeviceUnpaired Act = "device.unpaired" // before that session has ended

	AccountCreated  Act = "account.created"
	AccountDisabled Act = "account.disabled"
	IdentityBound   Act = "identity.bound" // the account can be used by somebody who signs in elsewhere
	RoleGiven       Act = "role.given"
	RoleTaken       Act = "role.taken"
	AccountChanged  Act = "account.changed" // another name or address, enabled again, or known to the directory
	AccountInvited  Act = "account.invited" // a link to set a password was sent
	PasswordAsked   Act = "password.asked"  // somebody has forgotten it: a link was sent
	PasswordSet     Act = "password.set"

	FactorOn       Act = "factor.on" // a second factor, from now on
	FactorOff      Act = "factor.off"
	FactorReset    Act = "factor.reset"  // by somebody who administers
	RecoveryMade   Act = "recovery.made" // new codes; those before are good no more
	RecoveryUsed   Act = "recovery.used" // one of them
	PasskeyAdded   Act = "passkey.added"
	PasskeyRemoved Act = "passkey.removed"
	PasskeyRefused Act = "passkey.refused" // its counter went back: there may be a copy of it

	DirectoryTokenMade    Act = "directory.token_made" // with it a directory changes accounts and roles
	DirectoryTokenDropped Act = "directory.token_dropped"
	DirectoryRuleMade     Act = "directory.rule_made" // which role a group of the directory gives
	DirectoryRuleDropped  Act = "directory.rule_dropped"
	DirectoryStopped      Act = "directory.stopped" // it would have removed too many
	DirectoryAllowed      Act = "directory.allowed" // to go on all the same
	DirectoryResumed      Act = "directory.resumed" // it has been put right, and is watched as before
	DirectoryShareSet     Act = "directory.share_set"

	PlaceChanged         Act = "place.changed" // also made, closed and opened again
	RuleDecided          Act = "rule.decided"
	RuleLeft             Act = "rule.left"    // to those above again
	FormDefined          Act = "form.defined" // to be filled in together in talks; what it asks stands nowhere here
	FormChanged          Act = "form.changed"
	FormDropped          Act = "form.dropped"
	OrganisationExported Act = "organisation.exported"
	AgencyChanged        Act = "agency.changed" // also made; by a command
	KeyExported          Act = "key.exported"   // for a backup of it; by a command
	KeyRestored          Act = "key.restored"   // from one; by a command

	JobRevived Act = "job.revived" // one that was given up is tried again; by a command
	JobDropped Act = "job.dropped" // what it was to do is not done; by a command

	ApprovalAsked   Act = "approval.asked" // for what needs a second person
	ApprovalAllowed Act = "approval.allowed"
	ApprovalRefused Act = "approval.refused"
	// ApprovalTakenBack is by who had asked; until there was this act, approval.refused stood for both.
	ApprovalTakenBack Act = "approval.taken_back"

	DecidedAgain Act = "decided.again" // the database was older than what people had decided, which counts again

	RetentionOver Act = "retention.over" // appointments or accounts were kept long enough, and are deleted

	AppointmentBooked    Act = "appointment.booked"
	AppointmentMoved     Act = "appointment.moved"
	AppointmentHanded    Act = "appointment.handed" // to a colleague, or to oneself
	AppointmentCancelled Act = "appointment.cancelled"
	AppointmentClosed    Act = "appointment.closed"
	LinkShown            Act = "link.shown"
	MessageSent          Act = "message.sent" // to the guest who waits; what it says is written nowhere

	CompanyInvited   Act = "company.invited" // somebody who accompanies the citizen, in which role; who that is stands nowhere
	CompanyWithdrawn Act = "company.withdrawn"
	CompanyAdmitted  Act = "company.admitted"

	TakeoverAsked   Act = "takeover.asked"
	TakeoverAllowed Act = "takeover.allowed"
	TakeoverRefused Act = "takeover.refused"

	NoticeShown    Act = "notice.shown"    // about the guest's data, when they came for the first time with it
	ConsentGiven   Act = "consent.given"   // by the guest, to this appointment by video
	ConsentRevoked Act = "consent.revoked" // by the guest

	TalkAdmitted Act = "talk.admitted"
	TalkJoined   Act = "talk.joined"   // by a colleague, who leads it from then on
	TalkReturned Act = "talk.returned" // the guest waits again
	TalkPassed   Act = "talk.passed"   // the same, as who led it may lead it no longer
	TalkEnded    Act = "talk.ended"
	FileScanned  Act = "file.scanned"  // for viruses; what it is, and what was found, stands nowhere
	DocumentSeen Act = "document.seen" // held into the guest's camera; what it is stands nowhere
	FormOpened   Act = "form.opened"   // by who leads the talk, to be filled in with the guest; which one stands nowhere
	// FormConfirmed is by the guest, as the page of who leads the talk says; what they confirmed stands nowhere.
	FormConfirmed Act = "form.confirmed"

	AlarmRaised   Act = "alarm.raised"   // who leads a talk calls the desk for help
	AlarmAnswered Act = "alarm.answered" // by who comes
	AlarmOver     Act = "alarm.over"     // taken back by who raised it

	GuestRemoved Act = "guest.removed" // put out of a talk by who leads it
	TalkLocked   Act = "talk.locked"   // to other devices of the guest
	TalkUnlocked Act = "talk.unlocked"

	TransferAsked    Act = "transfer.asked" // a colleague, or a desk, is to go on with a talk; the note stands nowhere
	TransferAccepted Act = "transfer.accepted"
	TransferDeclined Act = "transfer.declined" // also by who had accepted
	TransferOver     Act = "transfer.over"     // taken back by who leads the talk
	TransferDone     Act = "transfer.done"     // by who leads the talk from then on, at that desk

	AuditSearched Act = "audit.searched" // for a person
	AuditExported Act = "audit.exported"
	AuditCut      Act = "audit.cut"    // entries that were kept long enough are deleted
	AuditBroken   Act = "audit.broken" // found at the next entry: the head was changed from outside
)

// Kind is what the object of an act is.
type Kind string

// The kinds.
const (
	OfStaff       Kind = "staff"
	OfAppointment Kind = "appointment"
	OfAgency      Kind = "agency"
	OfPlace       Kind = "place"
)

// shape is what an entry of an act says: what its object is, and which details there may be.
type shape struct {
	object  Kind
	details []string
}

var shapes = map[Act]shape{
	SessionBegun:     {object: OfStaff},
	SessionThrottled: {object: OfStaff},
	SessionLeft:      {object: OfStaff},
	SessionEnded:     {object: OfStaff, details: []string{"why", "count"}},

	DevicePaired:   {object: OfStaff},
	DeviceUnpaired: {object: OfStaff, details: []string{"why"}},

	AccountCreated:  {object: OfStaff, details: []string{"source"}},
	AccountDisabled: {object: OfStaff, details: []string{"source"}},
	IdentityBound:   {object: OfStaff},
	RoleGiven:       {object: OfStaff, details: []string{"role", "place", "source", "from", "until"}},
	RoleTaken:       {object: OfStaff, details: []string{"role", "place", "source"}},

	AccountChanged: {object: OfStaff, details: []string{"what", "source"}},
	AccountInvited: {object: OfStaff},
	PasswordAsked:  {object: OfStaff},
	PasswordSet:    {object: OfStaff, details: []string{"why"}},

	FactorOn:              {object: OfStaff},
	FactorOff:             {object: OfStaff},
	FactorReset:           {object: OfStaff},
	RecoveryMade:          {object: OfStaff},
	RecoveryUsed:          {object: OfStaff},
	PasskeyAdded:          {object: OfStaff, details: []string{"passkey"}},
	PasskeyRemoved:        {object: OfStaff, details: []string{"passkey"}},
	PasskeyRefused:        {object: OfStaff, details: []string{"passkey"}},
	DirectoryTokenMade:    {object: OfAgency, details: []string{"token"}},
	DirectoryTokenDropped: {object: OfAgency, details: []string{"token", "source"}},
	DirectoryRuleMade:     {object: OfAgency, details: []string{"role", "place"}},
	DirectoryRuleDropped:  {object: OfAgency, details: []string{"role", "place"}},
	DirectoryStopped:      {object: OfAgency},
	DirectoryAllowed:      {object: OfAgency},
	DirectoryResumed:      {object: OfAgency},
	DirectoryShareSet:     {object: OfAgency, details: []string{"share"}},

	PlaceChanged:         {object: OfPlace, details: []string{"kind", "what"}},
	RuleDecided:          {object: OfPlace, details: []string{"rule", "value", "fixed"}},
	RuleLeft:             {object: OfPlace, details: []string{"rule"}},
	FormDefined:          {object: OfPlace, details: []string{"form"}},
	FormChanged:          {object: OfPlace, details: []string{"form"}},
	FormDropped:          {object: OfPlace, details: []string{"form"}},
	OrganisationExported: {object: OfAgency},
	AgencyChanged:        {object: OfAgency, details: []string{"what"}},
	KeyExported:          {object: OfAgency, details: []string{"approval"}},
	KeyRestored:          {object: OfAgency},

	JobRevived: {object: OfAgency, details: []string{"job", "count"}},
	JobDropped: {object: OfAgency, details: []string{"job", "count"}},

	ApprovalAsked:   {object: OfAgency, details: []string{"approval", "act", "rule", "place", "value", "fixed"}},
	ApprovalAllowed: {object: OfAgency, details: []string{"approval", "act", "rule", "place"}},
	ApprovalRefused: {object: OfAgency, details: []string{"approval", "act", "rule", "place"}},

	ApprovalTakenBack: {object: OfAgency, details: []string{"approval", "act", "rule", "place"}},

	DecidedAgain: {object: OfAgency, details: []string{"count"}},

	RetentionOver: {object: OfAgency, details: []string{"what", "count"}},

	AppointmentBooked:    {object: OfAppointment, details: []string{"desk", "at", "link"}},
	AppointmentMoved:     {object: OfAppointment, details: []string{"from", "to", "link"}},
	AppointmentHanded:    {object: OfAppointment, details: []string{"from", "to"}},
	AppointmentCancelled: {object: OfAppointment},
	AppointmentClosed:    {object: OfAppointment, details: []string{"outcome"}},
	LinkShown:            {object: OfAppointment},
	MessageSent:          {object: OfAppointment},

	CompanyInvited:   {object: OfAppointment, details: []string{"role"}},
	CompanyWithdrawn: {object: OfAppointment, details: []string{"role"}},
	CompanyAdmitted:  {object: OfAppointment, details: []string{"role", "talk"}},

	TakeoverAsked:   {object: OfAppointment},
	TakeoverAllowed: {object: OfAppointment, details: []string{"talk"}},
	TakeoverRefused: {object: OfAppointment, details: []string{"talk"}},

	NoticeShown:    {object: OfAppointment, details: []string{"version"}},
	ConsentGiven:   {object: OfAppointment, details: []string{"version", "count", "at"}},
	ConsentRevoked: {object: OfAppointment, details: []string{"version", "count", "at"}},

	TalkAdmitted: {object: OfAppointment, details: []string{"talk"}},
	TalkJoined:   {object: OfAppointment, details: []string{"talk", "from"}},
	TalkReturned: {object: OfAppointment, details: []string{"talk"}},
	TalkPassed:   {object: OfAppointment, details: []string{"talk", "from"}},
	TalkEnded:    {object: OfAppointment, details: []string{"talk"}},
	FileScanned:  {object: OfAppointment, details: []string{"role"}},
	DocumentSeen: {object: OfAppointment, details: []string{"role"}},
	FormOpened:   {object: OfAppointment, details: []string{"role"}},

	FormConfirmed: {object: OfAppointment, details: []string{"role"}},

	AlarmRaised:   {object: OfAppointment, details: []string{"talk"}},
	AlarmAnswered: {object: OfAppointment, details: []string{"talk"}},
	AlarmOver:     {object: OfAppointment, details: []string{"talk"}},

	GuestRemoved: {object: OfAppointment, details: []string{"talk"}},
	TalkLocked:   {object: OfAppointment, details: []string{"talk"}},
	TalkUnlocked: {object: OfAppointment, details: []string{"talk"}},

	TransferAsked:    {object: OfAppointment, details: []string{"talk", "desk", "to"}},
	TransferAccepted: {object: OfAppointment, details: []string{"talk"}},
	TransferDeclined: {object: OfAppointment, details: []string{"talk", "why"}},
	TransferOver:     {object: OfAppointment, details: []string{"talk"}},
	TransferDone:     {object: OfAppointment, details: []string{"talk", "from", "desk"}},

	AuditSearched: {object: OfStaff, details: []string{"from", "until", "act", "object", "number"}},
	AuditExported: {object: OfAgency, details: []string{"count", "from", "until", "act", "object", "number", "person"}},
	AuditCut:      {object: OfAgency, details: []string{"from", "to"}},
	AuditBroken:   {object: OfAgency},
}

// Acts are all acts, in the order of the alphabet.
func Acts() []Act {
	var all []Act
	for act := range shapes {
		all = append(all, act)
	}
	slices.Sort(all)
	return all
}

// Known tells whether there is such an act.
func (a Act) Known() bool { return shapes[a].object != "" }

// Details are what an entry of the act may say besides.
func (a Act) Details() []string { return slices.Clone(shapes[a].details) }

// ActorKind is who acted, without saying who.
type ActorKind string

// The kinds of actors.
const (
	ByStaff  ActorKind = "staff"
	ByGuest  ActorKind = "guest"
	BySystem ActorKind = "system" // nobody in person: a timer, an import, whoever had not signed in
)

// Actor is who acted. The zero value is nobody, and refused.
type Actor struct {
	kind  ActorKind
	staff string
}

// Staff is a member of staff, by its id; without one, nobody in person.
func Staff(id string) Actor {
	if id == "" {
		return System()
	}
	return Actor{kind: ByStaff, staff: id}
}

// Guest is the guest of the appointment that the entry names.
func Guest() Actor { return Actor{kind: ByGuest} }

// System is nobody in person.
func System() Actor { return Actor{kind: BySystem} }

// Code is one detail: a word for what it is, and a word of a list, a number or an id.
type Code struct {
	key, value string
	person     bool
}

// Is is a detail. An empty value says nothing, and is left out.
func Is(key, value string) Code { return Code{key: key, value: value} }

// Number is a detail that counts, or a time in milliseconds.
func Number(key string, n int64) Code { return Code{key: key, value: strconv.FormatInt(n, 10)} }

// Person is a detail that names a member of staff, by its id: a pseudonym will stand there.
func Person(key, id string) Code { return Code{key: key, value: id, person: true} }

// Entry is one act, as a feature tells it.
type Entry struct {
	Agency string
	By     Actor
	Act    Act
	Object string // id of what the act is about
	Detail []Code
	// Once leaves the entry out when the same act on the same object is in the log since so long, for what strangers can
	// make happen: nobody may fill the log.
	Once time.Duration
}

// code is what a value may look like: nothing that anybody typed.
var code = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,39}$`)

// IsCode tells whether a text may be a detail.
func IsCode(text string) bool { return code.MatchString(text) }

// Check refuses what is not of the lists.
func (e Entry) Check() error {
	known := shapes[e.Act]
	switch {
	case e.Agency == "":
		return fmt.Errorf("audit %s: no agency", e.Act)
	case !e.Act.Known():
		return fmt.Errorf("audit: unknown act %q", string(e.Act))
	case e.By.kind == "":
		return fmt.Errorf("audit %s: nobody acted", e.Act)
	case !code.MatchString(e.Object):
		return fmt.Errorf("audit %s: the object is no id", e.Act)
	}
	for i, c := range e.Detail {
		switch {
		case !slices.Contains(known.details, c.key):
			return fmt.Errorf("audit %s: no detail %q", e.Act, c.key)
		case c.value != "" && !code.MatchString(c.value):
			return fmt.Errorf("audit %s: %s is no code", e.Act, c.key)
		case slices.ContainsFunc(e.Detail[:i], func(o Code) bool { return o.key == c.key }):
			return fmt.Errorf("audit %s: %s twice", e.Act, c.key)
		}
	}
	return nil
}

// Row is an entry as it is kept.
type Row struct {
	Agency     string
	Seq        int64
	At         int64 // milliseconds
	Actor      string
	ActorKind  ActorKind
	Act        Act
	ObjectKind Kind
	Object     string
	Detail     string
	Prev, Hash []byte
}

// Row puts an entry into its stored form but for its place in the chain.
func (e Entry) Row(now int64, pseudonym func(id string) string) Row {
	known := shapes[e.Act]
	r := Row{Agency: e.Agency, At: now, ActorKind: e.By.kind, Act: e.Act, ObjectKind: known.object, Object: e.Object}
	if e.By.staff != "" {
		r.Actor = pseudonym(e.By.staff)
	}
	if known.object == OfStaff {
		r.Object = pseudonym(e.Object)
	}
	details := slices.Clone(e.Detail)
	slices.SortStableFunc(details, func(a, b Code) int {
		return cmp.Compare(slices.Index(known.details, a.key), slices.Index(known.details, b.key))
	})
	var words []string
	for _, c := range details {
		switch {
		case c.value == "":
		case c.person:
			words = append(words, c.key+"="+pseudonym(c.value))
		default:
			words = append(words, c.key+"="+c.value)
		}
	}
	r.Detail = strings.Join(words, " ")
	return r
}
