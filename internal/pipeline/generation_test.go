package pipeline

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"
)

// TestStoredGenerations has the bytes that earlier versions wrote (I8).
func TestStoredGenerations(t *testing.T) {
	whole := generations{current: 3, rules: 2, building: 5, buildingRules: 4, previous: 1, highest: 5, emitting: true, emitted: []byte{9, 8}}
	for text, want := range map[string]generations{
		"01030205040105010209 08": whole, // the first format; without a sealed one, it is written still
		"0203020504010500 00":     {current: 3, rules: 2, building: 5, buildingRules: 4, previous: 1, highest: 5, sealed: true},
	} {
		b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(text), []byte(" "), nil)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeGenerations(bytes.Clone(b))
		if len(got.emitted) == 0 {
			got.emitted = nil
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if again := got.encode(); !bytes.Equal(again, b) {
			t.Errorf("%s: written as %x", text, again)
		}
	}
	if _, err := decodeGenerations([]byte{3, 1, 1, 0, 0, 0, 1, 0, 0}); err == nil {
		t.Error("a later format is read")
	}
}
