package record

import (
	"github.com/go-json-experiment/json/jsontext"
)

// AppendJSONString appends s as a JSON string; invalid UTF-8 becomes U+FFFD.
func AppendJSONString(b []byte, s string) []byte {
	b, err := jsontext.AppendQuote(b, s)
	_ = err // only reports that invalid UTF-8 was replaced
	return b
}
