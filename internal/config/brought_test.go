package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/contract"
)

// TestWhatAVersionBringsAsksNobody: streams that a tracking source has by itself are no
// change of the reader's file; anything else is.
func TestWhatAVersionBringsAsksNobody(t *testing.T) {
	tree := mustParse(t, "name: a\nsources:\n  web: {type: tracking, write_keys: [k]}\n")
	without := func(names ...string) config.Rules {
		r := tree.Rules
		gone := func(stream string) bool { return slices.Contains(names, strings.TrimPrefix(stream, "web.")) }
		r.Streams = slices.DeleteFunc(slices.Clone(r.Streams), func(s contract.StreamConfig) bool { return gone(s.Stream) })
		r.Cleanse = slices.DeleteFunc(slices.Clone(r.Cleanse), func(s cleanse.StreamConfig) bool { return gone(s.Stream) })
		return r
	}
	if !tree.OnlyBrought(without("identifies", "memberships")) {
		t.Error("streams that a newer version brings are not told apart")
	}
	if tree.OnlyBrought(tree.Rules) {
		t.Error("nothing changed, yet something was brought")
	}
	if tree.OnlyBrought(without("users", "events", "pages", "screens", "groups", "aliases", "identifies", "memberships")) {
		t.Error("a source that is added is the reader's change")
	}
	changed := without("identifies")
	changed.Streams = slices.Clone(changed.Streams)
	changed.Streams[0].OnDrift = contract.Freeze
	if tree.OnlyBrought(changed) {
		t.Error("a changed policy was taken for what a version brings")
	}
}
