package totp_test

import (
	"testing"
	"time"

	"visavis/internal/staff/totp"
)

// The values of RFC 6238, appendix B, for SHA-1; the last six of their eight digits.
func TestCodesAreThoseOfRFC6238(t *testing.T) {
	secret := []byte("12345678901234567890")
	for seconds, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totp.Code(secret, totp.StepAt(time.Unix(seconds, 0))); got != want {
			t.Errorf("%d: %s, want %s", seconds, got, want)
		}
	}
}

func TestACodeIsGoodForAClockThatIsALittleWrongAndOnlyOnce(t *testing.T) {
	secret, now := totp.NewSecret(), time.Unix(1_800_000_000, 0)
	for off, good := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		step, ok := totp.Match(secret, totp.Code(secret, totp.StepAt(now)+off), now, 0)
		if ok != good || ok && step != totp.StepAt(now)+off {
			t.Errorf("%d steps off: %v %d", off, ok, step)
		}
	}
	if _, ok := totp.Match(secret, totp.Code(secret, totp.StepAt(now)), now, totp.StepAt(now)); ok {
		t.Error("taken twice")
	}
}

func TestAQRCodeIsASquareWithItsFinders(t *testing.T) {
	s, err := totp.For(totp.NewSecret(), "Amt für Lindenau", "erika.sommer@amt.example")
	if err != nil || s.QR.Size < 30 || len(s.QR.Path) < 1000 || len(s.Secret) != 39 {
		t.Errorf("%+v %v", s, err)
	}
	if want := "otpauth://totp/Amt%20f%C3%BCr%20Lindenau:erika.sommer@amt.example?issuer=Amt%20f%C3%BCr%20Lindenau&secret="; s.URI[:len(want)] != want {
		t.Error(s.URI)
	}
}
