package audit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"visavis/internal/audit"
)

// elsewhere names the tests of what cannot happen here, each by its room.
var elsewhere = map[audit.Act]string{
	audit.PlaceChanged:          "admin TestAUD02WhatChangesAnOrganisationLeavesOneEntryEach",
	audit.RuleDecided:           "admin TestAUD02EachDecisionOfARuleLeavesOneEntry",
	audit.RuleLeft:              "admin TestAUD02EachDecisionOfARuleLeavesOneEntry",
	audit.FormDefined:           "admin TestFormsOfAPlaceAreDefinedChangedAndDroppedAndEachLeavesOneEntry",
	audit.FormChanged:           "admin TestFormsOfAPlaceAreDefinedChangedAndDroppedAndEachLeavesOneEntry",
	audit.FormDropped:           "admin TestFormsOfAPlaceAreDefinedChangedAndDroppedAndEachLeavesOneEntry",
	audit.OrganisationExported:  "admin TestAUD02WhoDoesItInTheAdminPagesStandsInTheAudit",
	audit.AgencyChanged:         "app TestAnAgencyIsMadeListedAndChangedByCommand",
	audit.KeyExported:           "app TestTEN05AnAgencysKeyIsTakenOutOnceTwoOfItsPeopleHaveAgreedAndOnce",
	audit.KeyRestored:           "app TestTEN05WithACopyOfItsKeyAnAgencyIsReadAgainAfterTheKeyFileIsLost",
	audit.ApprovalAsked:         "admin TestTEN05ForHowLongSomethingIsKeptChangesOnlyWhenTwoPeopleWantIt",
	audit.ApprovalAllowed:       "admin TestTEN05ForHowLongSomethingIsKeptChangesOnlyWhenTwoPeopleWantIt",
	audit.ApprovalRefused:       "admin TestTEN05WhatNobodyAllowedDoesNotHappen",
	audit.ApprovalTakenBack:     "admin TestTEN05WhatWasTakenBackIsNoRefusal",
	audit.CompanyInvited:        "talk TestWhoAccompaniesACitizenHasASeatAndALinkOfTheirOwn",
	audit.CompanyAdmitted:       "talk TestWhoAccompaniesACitizenHasASeatAndALinkOfTheirOwn",
	audit.CompanyWithdrawn:      "talk TestAnInvitationIsTakenBackAndItsLinkSaysSo",
	audit.JobRevived:            "app TestAnOperatorLearnsOfJobsThatWereGivenUpAndDecidesAboutThem",
	audit.JobDropped:            "app TestAnOperatorLearnsOfJobsThatWereGivenUpAndDecidesAboutThem",
	audit.RetentionOver:         "retention TestMIN04NoTableKeepsARowOfACitizenAfterTheTime",
	audit.DecidedAgain:          "app TestMIN06WhatWasDecidedSinceABackupCountsAgainOnceItIsRestored",
	audit.AuditSearched:         "auditlog TestAUD02LookingForAPersonIsAnEntryAndItsPagesAreNot",
	audit.AuditExported:         "auditlog TestAUD02ACopyIsATableAndAnEntry",
	audit.AuditCut:              "audit TestAUD01OldEntriesGoFromTheBeginningOnlyAndTheChainStaysWhole",
	audit.AuditBroken:           "audit TestAUD01AfterAChangeFromOutsideAnEntrySaysSoAndTheChainGoesOn",
	audit.IdentityBound:         "staff TestACC07WhoHasNoAccountGetsOneAndItHasNoPassword",
	audit.AccountInvited:        "staff TestACC07AnInvitationSetsAPasswordOnceAndSignsIn",
	audit.PasswordAsked:         "staff TestWhoHasForgottenThePasswordGetsALinkForAnHourAndNobodyLearnsWhoHasAnAccount",
	audit.PasswordSet:           "staff TestACC07AnInvitationSetsAPasswordOnceAndSignsIn",
	audit.FactorOn:              "staff TestACC07ASecondFactorIsAskedForAndEachCodeIsTakenOnce",
	audit.FactorOff:             "staff TestACC07ASecondFactorIsAskedForAndEachCodeIsTakenOnce",
	audit.FactorReset:           "staff TestWhoAdministersResetsAFactorThatIsLost",
	audit.RecoveryMade:          "staff TestACC07ASecondFactorIsAskedForAndEachCodeIsTakenOnce",
	audit.RecoveryUsed:          "staff TestARecoveryCodeIsGoodOnceAndNewOnesTakeThePlaceOfOld",
	audit.DevicePaired:          "staff TestALinkMakesOneBrowserADeviceOnceAndForTwoMinutes",
	audit.DeviceUnpaired:        "staff TestTheDesktopEndsThePairingAndThePageHearsOfItAtOnce",
	audit.PasskeyAdded:          "staff TestACC07APasskeyStandsForPasswordAndSecondFactor",
	audit.PasskeyRemoved:        "staff TestACC07APasskeyStandsForPasswordAndSecondFactor",
	audit.PasskeyRefused:        "staff TestACounterThatGoesBackIsACopyAndStandsInTheAudit",
	audit.TalkPassed:            "talk TestACC08ATalkPassesToTheDeskWhenWhoLedItMayLeadItNoLonger",
	audit.AlarmRaised:           "today TestWhoLeadsATalkCallsColleaguesAndTheGuestLearnsNothingOfIt",
	audit.AlarmAnswered:         "today TestWhoLeadsATalkCallsColleaguesAndTheGuestLearnsNothingOfIt",
	audit.AlarmOver:             "today TestWhoLeadsATalkCallsColleaguesAndTheGuestLearnsNothingOfIt",
	audit.FileScanned:           "talk TestAFileOfTheGuestIsLookedAtByARealScannerAndOnlyThatIsNoted",
	audit.GuestRemoved:          "talk TestAGuestIsPutOutOfATalkAndTheLinkSaysToCall",
	audit.TalkLocked:            "talk TestALockedTalkIsAskedForByNoOtherDevice",
	audit.TalkUnlocked:          "talk TestALockedTalkIsAskedForByNoOtherDevice",
	audit.TransferAsked:         "today TestAColleagueOfTheDeskGoesOnWithATalkOnceTheyHaveAcceptedIt",
	audit.TransferAccepted:      "today TestAColleagueOfTheDeskGoesOnWithATalkOnceTheyHaveAcceptedIt",
	audit.TransferDone:          "today TestAColleagueOfTheDeskGoesOnWithATalkOnceTheyHaveAcceptedIt",
	audit.TransferDeclined:      "today TestATransferIsDeclinedAndTakenBackAndAskedForAnew",
	audit.TransferOver:          "today TestATransferIsDeclinedAndTakenBackAndAskedForAnew",
	audit.DirectoryTokenMade:    "scim TestOnlyATokenOfTheAgencyLetsADirectoryIn",
	audit.DirectoryTokenDropped: "scim TestOnlyATokenOfTheAgencyLetsADirectoryIn",
	audit.DirectoryRuleMade:     "scim TestGroupsGiveRolesByTheRulesAndTakeThemBack",
	audit.DirectoryRuleDropped:  "scim TestGroupsGiveRolesByTheRulesAndTakeThemBack",
	audit.DirectoryStopped:      "scim TestASyncThatRemovesTooManyStopsAndAsks",
	audit.DirectoryAllowed:      "scim TestASyncThatRemovesTooManyStopsAndAsks",
	audit.DirectoryResumed:      "scim TestADirectoryThatHasBeenPutRightIsWatchedAnew",
	audit.DirectoryShareSet:     "scim TestADirectoryThatHasBeenPutRightIsWatchedAnew",
	audit.NoticeShown:           "agency TestAUD02TheNoticeThatWasShownIsKeptWithTheSeatAndInTheAudit",
	audit.ConsentGiven:          "agency TestAUD05ConsentIsAskedForEachAppointmentAndCanBeTakenBack",
	audit.ConsentRevoked:        "agency TestAUD05ConsentIsAskedForEachAppointmentAndCanBeTakenBack",
}

// What is excused above is proven there: the test exists and names the act. (That it fails without the entry is for whoever
// writes it down here to see.)
func TestAUD02EachActThatHappensElsewhereIsNamedByItsTest(t *testing.T) {
	source, err := os.ReadFile("audit.go")
	if err != nil {
		t.Fatal(err)
	}
	for act, where := range elsewhere {
		name := regexp.MustCompile(`(\w+) +Act = "` + regexp.QuoteMeta(string(act)) + `"`).FindSubmatch(source)
		if name == nil {
			t.Errorf("there is no act %s", act)
			continue
		}
		says := regexp.MustCompile(fmt.Sprintf(`\baudit\.%s\b|[^\w.]%s[^\w.]`, name[1], regexp.QuoteMeta(string(act))))
		if room, test, _ := strings.Cut(where, " "); !says.MatchString(bodyOf(t, room, test)) {
			t.Errorf("%s: there is no %s that names it", act, where)
		}
	}
}

// bodyOf is what stands in a test of a room; nothing: there is no such test.
func bodyOf(t *testing.T, room, test string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", room, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, after, found := strings.Cut(string(text), "\nfunc "+test+"(t *testing.T) {\n"); found {
			body, _, _ := strings.Cut(after, "\n}\n")
			return body
		}
	}
	return ""
}
