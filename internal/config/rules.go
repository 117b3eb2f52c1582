package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/quality"
)

// Rules is what decides what becomes of records: the part of a configuration that is
// stored in state, versioned and fingerprinted. Where data comes from and goes to,
// and how large things are, is no part of it.
type Rules struct {
	Streams  []contract.StreamConfig `json:"streams"` // sorted by stream, as the next two
	Cleanse  []cleanse.StreamConfig  `json:"cleanse"`
	Quality  []quality.StreamConfig  `json:"quality"`
	Identity identity.Config         `json:"identity"`
	Golden   golden.Config           `json:"golden"`
}

// Marshal gives the canonical JSON of the rules: equal rules give equal bytes.
func (r *Rules) Marshal() ([]byte, error) {
	c := r.canonical()
	data, err := json.Marshal(&c, json.Deterministic(true))
	if err != nil {
		return nil, errs.Wrap(CodeRules, "writing the rules", err).Fix("report this: every rule can be written")
	}
	return data, nil
}

// ParseRules reads what Marshal wrote.
func ParseRules(data []byte) (Rules, error) {
	var r Rules
	if err := json.Unmarshal(data, &r); err != nil {
		return Rules{}, errs.New(CodeRules, "stored rules are not of this version's form").
			Fix("use the version of kith that wrote them, or a newer one")
	}
	r = r.canonical()
	return r, nil
}

// Fingerprint is the SHA-256 of the canonical bytes, in hex.
func (r *Rules) Fingerprint() string {
	data, err := r.Marshal()
	if err != nil {
		return "" // no rule has a form that JSON cannot hold
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// canonical is a copy in which whatever has no order of its own is sorted and every
// empty list is nil.
func (r *Rules) canonical() Rules {
	c := Rules{
		Streams:  slices.Clone(r.Streams),
		Cleanse:  slices.Clone(r.Cleanse),
		Quality:  slices.Clone(r.Quality),
		Identity: r.Identity,
		Golden:   r.Golden,
	}
	c.Golden.Rules = slices.Clone(r.Golden.Rules)
	c.sort()
	return c
}

func (r *Rules) sort() {
	slices.SortStableFunc(r.Streams, func(a, b contract.StreamConfig) int { return cmp.Compare(a.Stream, b.Stream) })
	slices.SortStableFunc(r.Cleanse, func(a, b cleanse.StreamConfig) int { return cmp.Compare(a.Stream, b.Stream) })
	slices.SortStableFunc(r.Quality, func(a, b quality.StreamConfig) int { return cmp.Compare(a.Stream, b.Stream) })
	slices.SortStableFunc(r.Golden.Rules, func(a, b golden.RuleConfig) int { return cmp.Compare(a.Attribute, b.Attribute) })
	for i := range r.Cleanse {
		c := &r.Cleanse[i]
		c.Attributes = slices.Clone(c.Attributes)
		slices.SortStableFunc(c.Attributes, func(a, b cleanse.AttributeConfig) int { return cmp.Compare(a.Name, b.Name) })
		c.Identifiers = slices.Clone(c.Identifiers)
		slices.SortStableFunc(c.Identifiers, func(a, b cleanse.IdentifierConfig) int { return cmp.Compare(a.Type, b.Type) })
	}
}
