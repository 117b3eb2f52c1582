package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// folder writes files and gives where they lie.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	contractAvro  = `{"type": "record", "name": "R", "fields": [{"name": "id", "type": "long"}]}`
	contractProto = `syntax = "proto2"; import "part.proto"; message A {} message B { required int64 id = 1; optional Part part = 2; }`
	partProto     = `syntax = "proto2"; message Part { optional string name = 1; }`
)

// Contracts of every form are read, and those that are not JSON Schema never are
// among the files to which proposals are written.
func TestContractForms(t *testing.T) {
	for name, fields := range map[string]int{"c.avsc": 1, "c.proto#B": 3, "c.proto": 0} {
		dir := folder(t, map[string]string{"c.avsc": contractAvro, "c.proto": contractProto, "part.proto": partProto,
			"kith.yaml": stream("    contract: " + name + "\n")})
		tree, err := config.Load(dir, environment)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := tree.Rules.Streams[0].Schema
		if s == nil || len(s.Fields) != fields || fields > 0 && (s.Fields[0].Path != "id" || s.Fields[0].Type != record.Int || !s.Fields[0].Required) {
			t.Errorf("%s: %+v", name, s)
		}
		if len(tree.Contracts) != 0 {
			t.Errorf("%s would be written to: %v", name, tree.Contracts)
		}
	}
}

func TestContractFormsThatFail(t *testing.T) {
	for name, says := range map[string]string{
		"gone.avsc": "cannot be read", "gone.proto#A": "cannot be read", "c.proto#None": "contract_message", "up.proto": "contract_schema_remote",
		"c.avsc#R": ".avsc", "bad.avsc": "contract_schema_invalid",
	} {
		dir := folder(t, map[string]string{"c.avsc": contractAvro, "c.proto": contractProto, "part.proto": partProto, "bad.avsc": "{}",
			"up.proto": `syntax = "proto3"; import "../part.proto"; message A {}`, "kith.yaml": stream("    contract: \"" + name + "\"\n")})
		if _, err := config.Load(dir, environment); !errs.Is(err, config.CodeContractFile) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCompareContractsOfOtherForms(t *testing.T) {
	dir := folder(t, map[string]string{"c.avsc": contractAvro, "c.proto": contractProto, "part.proto": partProto,
		"c.json": `{"properties": {"id": {"type": "integer"}}, "required": ["id"]}`})
	at := func(name string) string { return filepath.Join(dir, name) }
	if c, keeps, err := config.CompareContracts(at("c.avsc"), at("c.json"), "full"); err != nil || !keeps || len(c.Differences) != 0 {
		t.Errorf("avro against JSON Schema: %+v, %v", c, err)
	}
	if c, keeps, err := config.CompareContracts(at("c.avsc"), at("c.proto#B"), "full"); err != nil || !keeps || len(c.Differences) != 2 {
		t.Errorf("avro against protobuf: %+v, %v", c, err)
	}
	if _, _, err := config.CompareContracts(at("c.avsc"), at("c.proto#None"), "full"); !errs.Is(err, config.CodeContractFile) {
		t.Error(err)
	}
}
