package identity

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Defaults of Config and TypeConfig.
const (
	DefaultMaxPerson     = 10_000
	DefaultLargeRegion   = 500
	DefaultMaxNeighbours = 1_000
	DefaultMaxCustomers  = 100
)

// Config is the identity rules of one generation.
type Config struct {
	Types []TypeConfig `json:"types"` // strongest first; types not listed follow, by name, with the defaults
	// MaxPerson is the most nodes one person may have; default 10,000.
	MaxPerson int `json:"max_person,omitempty"`
	// LargeRegion is how many nodes a region may have to be solved within the record's
	// own transaction; larger ones are deferred. Default 500.
	LargeRegion int `json:"large_region,omitempty"`
}

// TypeConfig is the rules of one identifier type.
type TypeConfig struct {
	Type          string   `json:"type"`
	MaxPerProfile int      `json:"max_per_profile,omitempty"` // more distinct values is a veto; 0: no limit
	MaxNeighbours int      `json:"max_neighbours,omitempty"`  // more is generic; default 1,000
	MaxCustomers  int      `json:"max_customers,omitempty"`   // live source customers of one stream; default 100
	Block         []string `json:"block,omitempty"`           // values that never link; * matches any run
}

// Validate reports every fault at once, with code identity_config.
func (c Config) Validate() error {
	var faults []error
	bad := func(where, what, mend string) {
		faults = append(faults, errs.New("identity_config", what).At(where).Fix(mend))
	}
	if c.MaxPerson < 0 {
		bad("identity.max_person", "is negative", "leave it out for 10,000")
	}
	if c.LargeRegion < 0 {
		bad("identity.large_region", "is negative", "leave it out for 500")
	}
	seen := map[string]bool{}
	for i, t := range c.Types {
		where := fmt.Sprintf("identity.identifiers[%d]", i)
		switch {
		case t.Type == "":
			bad(where+".type", "is empty", "name the identifier type, such as email")
		case strings.ContainsRune(t.Type, 0):
			bad(where+".type", "holds a null character", "use letters, digits and _")
		case seen[t.Type]:
			bad(where+".type", "is listed twice", "give each type one entry: the order is the strength")
		}
		seen[t.Type] = true
		if t.MaxPerProfile < 0 || t.MaxNeighbours < 0 || t.MaxCustomers < 0 {
			bad(where, "a limit is negative", "leave the limit out for its default")
		}
		for _, p := range t.Block {
			if p == "" {
				bad(where+".block", "a pattern is empty", "empty values never link anyway; remove it")
			}
		}
	}
	return errors.Join(faults...)
}
