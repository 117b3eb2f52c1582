package api

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Contract is how a stream's contract stands.
type Contract struct {
	Stream   string `json:"stream"`
	OnDrift  string `json:"on_drift"`
	Rules    uint32 `json:"rules"`    // version of the rules that applied it; 0: none is applied
	Fields   int    `json:"fields"`   // of the applied contract, or else of the proposed one
	Proposed bool   `json:"proposed"` // what the records show differs from what is applied
}

// ContractHistory is the versions of a stream's contract, newest first.
type ContractHistory struct {
	Stream   string            `json:"stream"`
	Versions []ContractVersion `json:"versions"`
}

// ContractVersion is one version, beside the one before it.
type ContractVersion struct {
	Proposed    bool                 `json:"proposed"`       // inferred, and not applied
	Rules       uint32               `json:"rules,omitzero"` // version of the rules that applied it
	Schema      jsontext.Value       `json:"schema"`         // JSON Schema
	Differences []ContractDifference `json:"differences"`    // from the version before; of the first, none
	Offences    []ContractOffence    `json:"offences"`       // what breaks compatibility with it
	Backward    bool                 `json:"backward"`       // it reads what was written under the version before
	Forward     bool                 `json:"forward"`        // the version before reads what is written under it
}

// ContractDifference is what a field says otherwise than before.
type ContractDifference struct {
	Path   string `json:"path"`
	Change string `json:"change"`
	Was    string `json:"was,omitempty"`
	Is     string `json:"is,omitempty"`
}

// ContractOffence is a field that breaks compatibility.
type ContractOffence struct {
	Path string `json:"path"`
	In   string `json:"in"` // backward or forward
	Why  string `json:"why"`
}

// Drift is one way in which a stream's records departed from its applied contract.
type Drift struct {
	Path    string    `json:"path"`
	Code    string    `json:"code"`
	Count   uint64    `json:"count"`
	First   time.Time `json:"first"`             // received time of the first
	Place   Place     `json:"place"`             // of the first, in the log
	Example string    `json:"example,omitempty"` // the first's value, letters as x and digits as 9
}

func (c *call) contracts() (Contracts, error) {
	if c.s.deps.Contracts == nil {
		return nil, notConfigured("contracts")
	}
	return c.s.deps.Contracts, nil
}

func (c *call) listContracts() error {
	backend, err := c.contracts()
	if err != nil {
		return err
	}
	list, err := backend.List(c.r.Context())
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, page[Contract]{Items: list})
}

func (c *call) getContract() error {
	backend, err := c.contracts()
	if err != nil {
		return err
	}
	history, err := backend.History(c.r.Context(), c.r.PathValue("stream"))
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, history)
}

func (c *call) listDrift() error {
	backend, err := c.contracts()
	if err != nil {
		return err
	}
	list, err := backend.Drift(c.r.Context(), c.r.PathValue("stream"))
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, page[Drift]{Items: list})
}
