package api

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		`{"name":"Jo Öz","age":41,"vip":true,"x":null,"mail":"jo@example.com"}`: `{"name":"xx xx","age":99,"vip":true,"x":null,"mail":"xx@xxxxxxx.xxx"}`,
		`{"born" : "1985-02-30"}`:           `{"born" : "9999-99-99"}`,
		`{"jo@example.com":1}`:              `{"xx@xxxxxxx.xxx":9}`,
		`{"a":["Jo","x"],"b":{"c":"y\"z"}}`: `{"a":["xx","x"],"b":{"c":"x\"x"}}`,
		`Jo,Smith,"12 High St"`:             `xx,xxxxx,"99 xxxx xx"`,
		`{"name":"Jo`:                       `{"name":"xx`,
		`{"name":Jo}`:                       `{"name":xx}`,
		"true":                              "true",
		"trueman":                           "xxxxxxx",
		"nulLa null":                        "xxxxx null",
		"":                                  "",
		"\xff\xfe":                          "xx",
		`{"a":"b","Jo":"c"}`:                `{"a":"x","Jo":"x"}`,
		`["Jo":1]`:                          `["xx":9]`,
	} {
		if got := string(mask([]byte(in))); got != want {
			t.Errorf("mask(%q) = %q, want %q", in, got, want)
		}
	}
	if got := mask(bytes.Repeat([]byte("Jo"), maskLimit)); len(got) > maskLimit+3 {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzMask(f *testing.F) {
	f.Add(`{"name":"Jo Öz","age":41}`, "Jo Smith-Öz 41")
	f.Add(`"\`, "")
	f.Add(`{"a`, "true")
	f.Fuzz(func(t *testing.T, raw, value string) {
		out := mask([]byte(raw))
		if utf8.ValidString(raw) && !utf8.Valid(out) {
			t.Fatalf("mask(%q) = %q", raw, out)
		}
		quoted, err := appendJSON(nil, value)
		if err != nil || len(quoted) > maskLimit/2 {
			return
		}
		// What a value says is gone: of its letters and digits only x and 9 are left.
		shown := string(mask([]byte(`{"k":` + string(quoted) + `}`)))
		inside := strings.TrimSuffix(strings.TrimPrefix(shown, `{"k":`), "}")
		if i := strings.IndexFunc(inside, func(r rune) bool { return (unicode.IsLetter(r) || unicode.IsDigit(r)) && r != 'x' && r != '9' }); i >= 0 {
			t.Fatalf("%q is shown as %q", value, inside)
		}
	})
}

func FuzzParsePlace(f *testing.F) {
	f.Add("1.2")
	f.Add("-1.2")
	f.Add("1")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parsePlace(text); err == nil && p != nil {
			again, err := parsePlace(placeText(*p))
			if err != nil || *again != *p {
				t.Fatalf("%q read as %+v, then as %+v, %v", text, p, again, err)
			}
		}
	})
}
