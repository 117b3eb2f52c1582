package record_test

import (
	"encoding/json"
	"testing"

	"github.com/kithdata/kith/internal/record"
)

func rendered() *record.Profile {
	attr := func(name string, v record.Value) record.GoldenAttr {
		return record.GoldenAttr{Attr: record.Attr{Name: name, Value: v}, Source: "crm", Stream: "crm.contacts", Node: record.NodeKey{7}, Rule: "most_recent", Time: 1_700_000_000_000_000}
	}
	return &record.Profile{
		ID: record.NodeKey{1}, Version: 3, Kind: record.Updated, Cause: record.Cause{Received: 1_700_000_000_500_000, Source: "crm", Stream: "crm.contacts"},
		Attrs: []record.GoldenAttr{attr("na\"me", record.StringValue("Jo \u2028 \xff")), attr("age", record.IntValue(41)),
			attr("score", record.FloatValue(1e21)), attr("tags", record.JSONValue(`["a"]`)), attr("vip", record.BoolValue(true))},
		Identifiers: []record.MemberIdentifier{{Identifier: record.Identifier{Type: "email", Value: "jo@example.com"}, First: 1_600_000_000_000_000}},
		Aliases:     []record.ProfileID{{2}, {3}},
		Consents: []record.ConsentState{
			{Purpose: "marketing", Channel: "sms", Granted: true, Effective: 5, Source: "web"},
			{Purpose: "marketing", Channel: "email", Granted: true, Effective: 5, Source: "web", Proof: "form 7"},
			{Purpose: "marketing", Channel: "sms", Granted: false, Effective: 5, Source: "crm"},
			{Purpose: "research", Channel: "email", Granted: false, Effective: 9, Source: "crm"},
			{Purpose: "research", Channel: "email", Granted: true, Effective: 10, Source: "crm"},
		},
		Customers: 2, Changed: []string{"age"},
	}
}

func TestProfileJSON(t *testing.T) {
	type provenance struct{ Source, Stream, Record, Rule, Time string }
	type consent struct {
		Granted             bool
		Time, Source, Proof string
	}
	var got struct {
		ID          string
		Version     uint64
		Kind, Time  string
		Into        string
		Attributes  map[string]any
		Provenance  map[string]provenance
		Identifiers []struct {
			Type, Value string
			FirstSeen   string `json:"first_seen"`
		}
		Aliases  []string
		Consents map[string]map[string]consent
		Changed  []string
	}
	text := record.AppendProfileJSON(nil, rendered())
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if got.Version != 3 || got.Kind != "updated" || got.Time != "2023-11-14T22:13:20.5Z" || got.ID != rendered().ID.String() {
		t.Errorf("head of %s", text)
	}
	if got.Attributes["na\"me"] != "Jo \u2028 \ufffd" || got.Attributes["age"] != 41.0 || got.Attributes["score"] != 1e21 || got.Attributes["vip"] != true {
		t.Errorf("attributes %v", got.Attributes)
	}
	if p := got.Provenance["age"]; p.Source != "crm" || p.Rule != "most_recent" || p.Time != "2023-11-14T22:13:20Z" || p.Record != (record.NodeKey{7}).String() {
		t.Errorf("provenance %v", p)
	}
	if len(got.Identifiers) != 1 || got.Identifiers[0].FirstSeen != "2020-09-13T12:26:40Z" || len(got.Aliases) != 2 || len(got.Changed) != 1 {
		t.Errorf("rest of %s", text)
	}
	// The latest word wins, and ties deny.
	if c := got.Consents; !c["marketing"]["email"].Granted || c["marketing"]["email"].Proof != "form 7" || c["marketing"]["sms"].Granted || !c["research"]["email"].Granted || len(c) != 2 {
		t.Errorf("consents %v", c)
	}
	for _, kind := range []record.ChangeKind{record.Merged, record.Gone} {
		text := record.AppendProfileJSON(nil, &record.Profile{ID: record.NodeKey{1}, Kind: kind, Into: record.NodeKey{2}})
		if err := json.Unmarshal(text, &got); err != nil {
			t.Errorf("%v in %s", err, text)
		}
	}
	if got.Into != (record.NodeKey{2}).String() {
		t.Errorf("into %s", got.Into)
	}
}

func TestProfileAround(t *testing.T) {
	p := rendered()
	whole := record.AppendProfile(nil, p)
	if again := record.AppendProfileAround(nil, p, record.AppendProfileContent(nil, p)); string(again) != string(whole) {
		t.Errorf("in parts\n%x\nat once\n%x", again, whole)
	}
	other := *p
	other.Version, other.Kind, other.Cause, other.Changed = 9, record.Created, record.Cause{}, nil
	if string(record.AppendProfileContent(nil, p)) != string(record.AppendProfileContent(nil, &other)) {
		t.Error("the content depends on the version")
	}
}

func FuzzRender(f *testing.F) {
	f.Add(record.AppendProfile(nil, rendered()))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := record.DecodeProfile(b)
		if err != nil {
			return
		}
		for i := range p.Attrs { // JSON text is the contract's to check
			if p.Attrs[i].Value.Kind == record.JSON {
				p.Attrs[i].Value = record.JSONValue(`{}`)
			}
		}
		_ = record.AppendProfileJSON(nil, &p)
		if string(record.AppendProfile(nil, &p)) == "" {
			t.Fatal("nothing encoded")
		}
	})
}
