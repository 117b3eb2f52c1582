package cleanse

import "testing"

// Spellings that share a cache entry must mean the same number.
func FuzzSpellingsOfANumberMeanTheSame(f *testing.F) {
	for _, s := range []string{"0744 7123456", "+44 (0)7447 123456", "(0117) 496-0123", "030.901820", "+1 (212) 555-0100", "00 49 30 901820", "+", "--", "(+44) 7447123456", "1 800 555 0199"} {
		for _, region := range []string{"GB", "DE", "US", ""} {
			f.Add(s, region)
		}
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		switch region {
		case "GB", "DE", "US", "FR", "AU", "":
		default:
			return
		}
		plain := spelled(make([]byte, 0, maxPhone), text)
		if len(plain) == 0 {
			return
		}
		a, okA := e164(text, region)
		b, okB := e164(string(plain), region)
		if okA != okB || a != b {
			t.Errorf("%q reads as %v (%v), its digits %q as %v (%v)", text, a.S, okA, plain, b.S, okB)
		}
	})
}
