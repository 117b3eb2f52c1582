package api

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Contract is how a stream's contract stands.
type Contract struct {
	Stream   string    `json:"stream"`
	Event    string    `json:"event,omitempty"` // whose contract it is, where it is one of a single event
	OnDrift  string    `json:"on_drift"`
	Rules    uint32    `json:"rules"`            // version of the rules that applied it; 0: none is applied
	Applied  time.Time `json:"applied,omitzero"` // when they were received
	By       string    `json:"by,omitempty"`     // id of the key that applied them, or start
	Fields   int       `json:"fields"`           // of the applied contract, or else of the proposed one
	Proposed bool      `json:"proposed"`         // what the records show differs from what is applied
}

// ContractHistory is the versions of a stream's contract, newest first.
type ContractHistory struct {
	Stream   string            `json:"stream"`
	Event    string            `json:"event,omitempty"`
	Versions []ContractVersion `json:"versions"`
}

// ContractVersion is one version, beside the one before it.
type ContractVersion struct {
	Proposed bool           `json:"proposed"`         // inferred, and not applied
	Rules    uint32         `json:"rules,omitzero"`   // version of the rules that applied it
	Applied  time.Time      `json:"applied,omitzero"` // when they were received; absent where it is not known
	By       string         `json:"by,omitempty"`     // id of the key that applied them, or start
	Schema   jsontext.Value `json:"schema"`           // JSON Schema
	ContractComparison
}

// ContractComparison is how a contract stands to another, here the version before.
type ContractComparison struct {
	Differences []ContractDifference `json:"differences"` // of a first version, none
	Offences    []ContractOffence    `json:"offences"`    // what breaks compatibility
	Backward    bool                 `json:"backward"`    // the new one reads what was written under the old one
	Forward     bool                 `json:"forward"`     // the old one reads what is written under the new one
}

// ContractDiff is how two versions of a contract stand to one another.
type ContractDiff struct {
	Stream string `json:"stream"`
	Event  string `json:"event,omitempty"`
	From   string `json:"from"` // version of the rules, or proposed
	To     string `json:"to"`
	ContractComparison
}

// ContractCandidate is a contract to be checked against one of a stream.
type ContractCandidate struct {
	Type          string         `json:"type"`   // json, avro or protobuf; empty: json
	Schema        jsontext.Value `json:"schema"` // the JSON Schema or Avro schema itself, or the file's text as a string
	Message       string         `json:"message"`
	Event         string         `json:"event"`
	Against       string         `json:"against"` // version of the rules, or proposed; empty: the newest applied one
	Compatibility string         `json:"compatibility"`
}

// ContractCheck is whether a candidate keeps its promise.
type ContractCheck struct {
	Against       string `json:"against"`
	Compatibility string `json:"compatibility"`
	Compatible    bool   `json:"compatible"`
	ContractComparison
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
	history, err := backend.History(c.r.Context(), c.r.PathValue("stream"), c.query.Get("event"))
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, history)
}

func (c *call) diffContract() error {
	backend, err := c.contracts()
	if err != nil {
		return err
	}
	diff, err := backend.Diff(c.r.Context(), c.r.PathValue("stream"), c.query.Get("event"), c.query.Get("from"), c.query.Get("to"))
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, diff)
}

// checkContract judges a contract that is not in force; it changes nothing.
func (c *call) checkContract() error {
	backend, err := c.contracts()
	if err != nil {
		return err
	}
	var candidate ContractCandidate
	if err := c.decode(&candidate, false); err != nil {
		return err
	}
	switch candidate.Type {
	case "":
		candidate.Type = "json"
	case "json", "avro", "protobuf":
	default:
		return errs.New(CodeBadBody, "the type is json, avro or protobuf").At("/type")
	}
	if len(candidate.Schema) == 0 {
		return errs.New(CodeBadBody, "there is no contract to check").At("/schema").Fix("give the JSON Schema or Avro schema itself, or a .proto file's text as a string")
	}
	check, err := backend.Check(c.r.Context(), c.r.PathValue("stream"), &candidate)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, check)
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
