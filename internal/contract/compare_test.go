package contract_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

func schemaOf(fields ...contract.Field) *contract.Schema { return &contract.Schema{Fields: fields} }

func TestCompatibility(t *testing.T) {
	base := contract.Field{Path: "v", Type: record.Int, Required: true}
	with := func(change func(*contract.Field)) contract.Field {
		f := base
		change(&f)
		return f
	}
	for name, c := range map[string]struct {
		after             *contract.Schema
		backward, forward bool
		differences       int
	}{
		"the same":              {schemaOf(base), true, true, 0},
		"a wider type":          {schemaOf(with(func(f *contract.Field) { f.Type = record.Float })), true, false, 1},
		"a type aside":          {schemaOf(with(func(f *contract.Field) { f.Type = record.Bool })), false, false, 1},
		"null is allowed":       {schemaOf(with(func(f *contract.Field) { f.Nullable = true })), true, false, 1},
		"no longer required":    {schemaOf(with(func(f *contract.Field) { f.Required = false })), true, false, 1},
		"a new field, optional": {schemaOf(base, contract.Field{Path: "w", Type: record.String}), true, true, 1},
		"a new field, required": {schemaOf(base, contract.Field{Path: "w", Type: record.String, Required: true}), false, true, 1},
		"a required field goes": {schemaOf(), true, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := contract.Compare(schemaOf(base), c.after)
			if got.Backward != c.backward || got.Forward != c.forward || len(got.Differences) != c.differences || got.Keeps(contract.Full) != (c.backward && c.forward) {
				t.Errorf("%+v", got)
			}
			if back := contract.Compare(c.after, schemaOf(base)); back.Backward != c.forward || back.Forward != c.backward {
				t.Errorf("the other way round: %+v", back)
			}
		})
	}
}

// TestWideningIsBackward: whatever inference proposes reads what came before.
func TestWideningIsBackward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.SampledFrom(drawn), 2, 8).Draw(t, "values")
		cut := rapid.IntRange(1, len(values)-1).Draw(t, "cut")
		if c := contract.Compare(learn(t, values[:cut]...), learn(t, values...)); !c.Backward {
			t.Fatalf("%+v", c)
		}
	})
}

func TestCompatibilityNames(t *testing.T) {
	if _, err := contract.CompatibilityOf("sideways"); err == nil {
		t.Error("an unknown compatibility is taken")
	}
}
