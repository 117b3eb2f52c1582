package quality_test

import (
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/quality"
)

// TestRulesOfAnEarlierVersionAreRead holds rules that a state keeps to their form (I8).
func TestRulesOfAnEarlierVersionAreRead(t *testing.T) {
	const stored = `{"check":"range","column":"total","mostly":0,"min":0,"max":1200.5}`
	var c quality.CheckConfig
	if err := json.Unmarshal([]byte(stored), &c); err != nil {
		t.Fatal(err)
	}
	if c.Min != "0" || c.Max != "1200.5" {
		t.Errorf("%+v", c)
	}
	again, err := json.Marshal(c)
	if err != nil || string(again) != stored {
		t.Errorf("%s %v, want the bytes that they were", again, err)
	}
	sloppy := []quality.StreamConfig{{Stream: "s", Checks: []quality.CheckConfig{{Check: "not_null", Column: "a", Pattern: "(", Min: "1"}}}}
	if err := quality.New().Install(1, sloppy); err != nil {
		t.Errorf("rules with settings that do nothing are refused: %v", err)
	}
	if len(quality.ValidateCheck(sloppy[0].Checks[0])) == 0 {
		t.Error("a file may have settings that do nothing")
	}
	dated := quality.CheckConfig{Check: "range", Column: "born", Min: "1900-01-01"}
	text, err := json.Marshal(dated)
	var back quality.CheckConfig
	if err != nil || json.Unmarshal(text, &back) != nil || back.Min != dated.Min {
		t.Errorf("%s %v", text, err)
	}
}
