package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
)

// planOf is a plan of track rules, one for each name, and of a page rule without one.
func planOf(names ...string) string {
	rules := []string{`{"type":"PAGE","jsonSchema":{"properties":{"properties":{"properties":{"url":{"type":"string"}}}}}}`}
	for _, name := range names {
		rules = append(rules, `{"type":"TRACK","key":`+name+`,"jsonSchema":{"properties":{"properties":{"properties":{"a":{"type":"string","unevaluatedItems":false}}}}}}`)
	}
	return `{"data":{"trackingPlan":{"rules":[` + strings.Join(rules, ",") + `]}}}`
}

func importPlan(t *testing.T, project, plan string, force bool) (*config.PlanImport, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(path, []byte(plan), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.ImportPlan(config.PlanRequest{Project: project, Plan: path, Source: "web", Dir: "contracts", Force: force})
}

func TestAnImportedPlanIsAProject(t *testing.T) {
	dir := t.TempDir()
	odd := []string{`"Order Completed"`, `"order-completed"`, `"../../etc/passwd"`, `"${HOME}: {x}\n# \u0007"`, `"Pages"`, `"bestellt ✓"`, `"CON"`, `"ab"`, `"✓"`, `"` + strings.Repeat("long ", 100) + `"`}
	got, err := importPlan(t, dir, planOf(odd...), false)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got.Files {
		names = append(names, f.Path)
		if f.State != "made" || f.Event != "*" && len(f.Left) != 1 {
			t.Errorf("%+v", f)
		}
	}
	want := []string{"pages", "home_x", "etc_passwd", "event_con", "order_completed", "pages_2", "ab", "bestellt"}
	for i := range want {
		want[i] = "contracts/web/" + want[i] + ".json"
	}
	if d := cmp.Diff(want, names[:len(want)]); d != "" {
		t.Error(d)
	}
	made, err := filepath.Glob(filepath.Join(dir, "contracts", "web", "*.json"))
	if err != nil || len(made) != len(odd)+1 {
		t.Fatalf("%v %v", made, err)
	}
	tree, err := config.Parse(filepath.Join(dir, "kith.yaml"), []byte("name: shop\nsources: {web: {type: tracking, write_keys: [k]}}\n"+got.Streams), nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, got.Streams)
	}
	for _, s := range tree.Rules.Streams {
		switch s.Stream {
		case "web.events":
			if len(s.Events) != len(odd) || s.Events["${HOME}: {x}\n# \a"] == nil {
				t.Errorf("%v", s.Events)
			}
		case "web.pages":
			if s.Events["*"] == nil || s.Schema != nil {
				t.Errorf("%v", s)
			}
		}
	}
}

func TestAnImportOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	first, err := importPlan(t, dir, planOf(`"A"`, `"B"`), false)
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, first.Files[1].Path)
	if err := os.WriteFile(own, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := planOf(`"A"`, `"B"`, `"C"`)
	if _, err := importPlan(t, dir, again, false); !errs.Is(err, config.CodeContractExists) {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "contracts", "web", "c.json")); err == nil {
		t.Error("an import that fails has written a file")
	}
	if text, err := os.ReadFile(own); err != nil || string(text) != "mine" {
		t.Errorf("%s %v", text, err)
	}
	got, err := importPlan(t, dir, again, true)
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, f := range got.Files {
		states = append(states, f.State)
	}
	if d := cmp.Diff([]string{"unchanged", "overwritten", "unchanged", "made"}, states); d != "" {
		t.Error(d)
	}
}

func TestPlansThatCannotBeImported(t *testing.T) {
	if _, err := importPlan(t, t.TempDir(), `{}`, false); !errs.Is(err, config.CodePlanFile) {
		t.Error(err)
	}
	if _, err := config.ImportPlan(config.PlanRequest{Plan: filepath.Join(t.TempDir(), "absent.json"), Source: "web"}); !errs.Is(err, config.CodePlanFile) {
		t.Error(err)
	}
	if _, err := config.ImportPlan(config.PlanRequest{Source: "../web"}); !errs.Is(err, config.CodeName) {
		t.Error(err)
	}
}

func TestAChangedContractOfAnEventIsPlanned(t *testing.T) {
	dir := t.TempDir()
	rules := func(plan, policy string) config.Rules {
		t.Helper()
		made, err := importPlan(t, dir, plan, true)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(made.Streams, " web.events:\n", " web.events:\n    unplanned_events: "+policy+"\n", 1)
		tree, err := config.Parse(filepath.Join(dir, "kith.yaml"), []byte("name: shop\nsources: {web: {type: tracking, write_keys: [k]}}\n"+text), nil)
		if err != nil {
			t.Fatal(err)
		}
		// as they are stored, and read again
		stored, err := tree.Rules.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		back, err := config.ParseRules(stored)
		if err != nil {
			t.Fatal(err)
		}
		return back
	}
	before := rules(planOf(`"A"`, `"B"`, `"C"`), "evolve")
	after := rules(strings.Replace(planOf(`"A"`, `"B"`, `"D"`), `"type":"string","unevaluated`, `"type":"integer","unevaluated`, 1), "freeze")
	got := config.NewPlan(before, after)
	text := got.String()
	if want := `web.events changes its contracts ("A", "C" is dropped, "D" is new) and unplanned_events:`; !strings.Contains(text, want) {
		t.Errorf("%s, not %s", text, want)
	}
	if same := config.NewPlan(after, after); len(same.Changes) > 0 {
		t.Error(same)
	}
}
