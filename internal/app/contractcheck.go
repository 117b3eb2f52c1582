package app

import (
	"cmp"
	"context"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
)

// proposedVersion names what records show among the versions of a contract.
const proposedVersion = "proposed"

func (v *applied) name() string {
	if v.rules == 0 {
		return proposedVersion
	}
	return strconv.FormatUint(uint64(v.rules), 10)
}

// versionNamed finds a version by its name. A number also names the contract that these
// rules took over from earlier ones.
func versionNamed(versions []applied, name string) (int, error) {
	number, err := strconv.ParseUint(name, 10, 32)
	at := -1
	for i := range versions {
		v := &versions[i]
		if v.rules == 0 && name == proposedVersion || err == nil && v.rules != 0 && uint64(v.rules) <= number {
			at = i
		}
	}
	if at < 0 {
		return 0, errs.New("contract_unknown", "the stream's contract has no such version").Fix("name the rules that applied it, or proposed, as kith contract history shows them")
	}
	return at, nil
}

func (c contracts) Diff(ctx context.Context, stream, event, from, to string) (*api.ContractDiff, error) {
	versions, err := c.known(ctx, contractOf{stream, event})
	if err != nil {
		return nil, err
	}
	now := len(versions) - 1
	if to != "" {
		if now, err = versionNamed(versions, to); err != nil {
			return nil, err
		}
	}
	old := now - 1
	if from != "" {
		if old, err = versionNamed(versions, from); err != nil {
			return nil, err
		}
	}
	if old < 0 {
		return nil, errs.New("contract_unknown", "the stream's contract has no earlier version to compare with").Fix("see its versions with kith contract history")
	}
	return &api.ContractDiff{Stream: stream, Event: event, From: versions[old].name(), To: versions[now].name(),
		ContractComparison: comparison(compareVersions(&versions[old], &versions[now]))}, nil
}

// Check reads the candidate as a project's file would be read, but that a .proto file
// has no folder to import from.
func (c contracts) Check(ctx context.Context, stream string, candidate *api.ContractCandidate) (*api.ContractCheck, error) {
	promise, err := contract.CompatibilityOf(cmp.Or(candidate.Compatibility, string(contract.Backward)))
	if err != nil {
		return nil, err
	}
	versions, err := c.known(ctx, contractOf{stream, candidate.Event})
	if err != nil {
		return nil, err
	}
	at := len(versions) - 1
	switch {
	case candidate.Against != "":
		at, err = versionNamed(versions, candidate.Against)
	case at > 0 && versions[at].rules == 0:
		at--
	case at < 0:
		err = errs.New("contract_unknown", "nothing is known of the stream's records yet").Fix("check again once records have come")
	}
	if err != nil {
		return nil, err
	}
	schema, err := candidateSchema(candidate)
	if err != nil {
		return nil, err
	}
	found := compareVersions(&versions[at], &applied{rules: versions[at].rules, schema: schema})
	return &api.ContractCheck{Against: versions[at].name(), Compatibility: string(promise), Compatible: found.Keeps(promise), ContractComparison: comparison(found)}, nil
}

func candidateSchema(candidate *api.ContractCandidate) (*contract.Schema, error) {
	name := "contract" + map[string]string{"json": contract.ExtJSON, "avro": contract.ExtAvro, "protobuf": contract.ExtProto}[candidate.Type]
	if candidate.Message != "" {
		name += "#" + candidate.Message
	}
	text := []byte(candidate.Schema)
	if candidate.Schema.Kind() == '"' {
		var file string
		if err := json.Unmarshal(text, &file); err != nil {
			return nil, errs.New(api.CodeBadBody, "the contract is no text").At("/schema")
		}
		text = []byte(file)
	}
	schema, err := contract.Parse(name, text, nil)
	if err != nil {
		return nil, firstFault(err)
	}
	return schema, nil
}

// firstFault gives the first fault of several, with which a caller is answered, and says
// how many there are. The text of its cause is the caller's own contract's, not data.
func firstFault(err error) error {
	first, ok := errors.AsType[*errs.Error](err)
	if !ok {
		return err
	}
	told := *first
	if told.What == "" && told.Cause != nil {
		told.What = told.Doing + ": " + told.Cause.Error()
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // as contract.Parse joins them
		if n := len(several.Unwrap()); n > 1 {
			told.What += " (the first of " + strconv.Itoa(n) + " faults)"
		}
	}
	return &told
}
