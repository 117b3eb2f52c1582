package contract

import (
	"bytes"
)

// proposedName is the member of which proposedMark is one.
const proposedName = "x-kith-status"

// proposedMark is the member that tells a proposed contract from an applied one. A
// person who agrees deletes its line, and applies the plan.
const proposedMark = `"` + proposedName + `": "proposed: delete this line and run kith plan --apply to put the contract into force"`

// Proposal is the JSON Schema of an inferred contract, marked as not yet applied.
func (s *Schema) Proposal(title string) []byte {
	text := s.JSONSchema(title)
	return append(append([]byte("{\n  "+proposedMark+","), bytes.TrimPrefix(text, []byte("{"))...), '\n')
}

// Proposed reports whether the text of a contract file is only a proposal.
func Proposed(text []byte) bool { return bytes.Contains(text, []byte(`"`+proposedName+`": "proposed`)) }
