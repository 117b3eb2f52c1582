package pipeline_test

import (
	"bytes"
	"testing"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

func TestAnotherHashKeyIsRefused(t *testing.T) {
	h := newHall(t)
	for _, c := range []struct {
		key  byte
		want errs.Code
	}{{7, ""}, {7, ""}, {8, pipeline.CodeHashKey}, {7, ""}} {
		hasher, err := record.NewHasher(bytes.Repeat([]byte{c.key}, 32))
		if err != nil {
			t.Fatal(err)
		}
		if err := pipeline.CheckHasher(t.Context(), h.engine.State, hasher); errs.CodeOf(err) != c.want {
			t.Errorf("key %d: %v", c.key, err)
		}
	}
}

func TestAFullDiskKeepsNobodyFromReading(t *testing.T) {
	h := newHall(t)
	h.full.Store(true)
	if err := pipeline.CheckHasher(t.Context(), h.engine.State, h.deps.Hasher); err != nil {
		t.Error(err)
	}
}
