package errs

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestAnErrorSaysWhereWhatAndHowToMendIt(t *testing.T) {
	err := Wrap("file_read", "reading exports/crm.csv", io.ErrUnexpectedEOF).At("kith.yaml:7").Fix("send the file again")
	for _, part := range []string{"kith.yaml:7", "reading exports/crm.csv", "unexpected EOF", "[file_read]", "send the file again"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing from %q", part, err)
		}
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}

func TestCodesAreFoundAnywhereInTheTree(t *testing.T) {
	inner := New("inner", "x")
	tree := errors.Join(errors.New("plain"), fmt.Errorf("around: %w", Wrap("outer", "doing", inner)))
	if !Is(tree, "inner") || !Is(tree, "outer") || Is(tree, "other") || Is(nil, "inner") {
		t.Error("Is does not find what is there, or finds what is not")
	}
	if CodeOf(tree) != "outer" || CodeOf(errors.New("plain")) != "" {
		t.Error("CodeOf gives another code than the first")
	}
}
