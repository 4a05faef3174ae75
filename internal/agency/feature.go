package agency

import "time"

// These can be switched on place by place, from a day on, so that an agency can begin with a few offices.
const (
	// TalkChat is whether the two sides of a talk can write to each other.
	TalkChat Rule = "talk.chat"
	// TalkScreen is whether either side of a talk can show its screen.
	TalkScreen Rule = "talk.screen"
	// TalkFiles is whether the two sides of a talk can send each other files.
	TalkFiles Rule = "talk.files"
	// TalkDocument is whether guests can show a document in a talk: one still of their camera, seen and not kept.
	TalkDocument Rule = "talk.document"
	// TalkForm is whether who leads a talk can fill in a form together with the guest.
	TalkForm Rule = "talk.form"
	// TalkCompany is whether more guests than the citizen can be invited to an appointment, and take part in its talk.
	TalkCompany Rule = "talk.company"
	// TalkScan is whether who leads a talk can have files of the guest looked at by the agency's virus scanner.
	TalkScan Rule = "talk.scan"
	// WaitingMessages is whether desks can write to who waits.
	WaitingMessages Rule = "waiting.messages"
	// SurveyAsked is whether guests are asked three questions after their talk, and SurveyLine whether they may write
	// something, too.
	SurveyAsked Rule = "survey.asked"
	SurveyLine  Rule = "survey.line"
)

// What a switch says in place of the day from which on it is on.
const (
	SwitchedOn  = "on"
	SwitchedOff = "off"
)

// On tells whether a feature is switched on, on a day by the office's clock.
func (r Rules) On(feature Rule, day time.Time) bool {
	switch from := r.Line(feature); from {
	case SwitchedOn:
		return true
	case SwitchedOff:
		return false
	default:
		return day.Format(time.DateOnly) >= from
	}
}
