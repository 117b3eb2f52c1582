package resolve

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/kit/errs"
)

// people writes made-up people, several records each, as a CSV file with the truth.
func people(t testing.TB, seed uint64, people int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	given := strings.Fields("robert william anna maria peter susan thomas elizabeth james mary david linda karen paul emma lucas nina oscar ruth simon")
	family := strings.Fields("smith jones taylor brown wilson evans walker wright hall green baker carter cooper ward morris bell murphy kelly foster shaw")
	rows := [][]string{{"id", "first_name", "surname", "dob", "city", "email", "truth"}}
	for p := range people {
		row := []string{"", given[r.IntN(20)], family[r.IntN(20)], fmt.Sprintf("19%02d-%02d-%02d", r.IntN(90), 1+r.IntN(12), 1+r.IntN(28)),
			[]string{"leeds", "york", "bath", "derby", "truro"}[r.IntN(5)], fmt.Sprintf("mail%d@example.com", r.IntN(900_000)), fmt.Sprint(p)}
		for range 1 + r.IntN(3) {
			one := append([]string{fmt.Sprint(len(rows))}, row[1:]...)
			for i, v := range one[1:6] {
				switch r.IntN(10) {
				case 0:
					one[i+1] = ""
				case 1:
					at := r.IntN(len(v) - 1)
					one[i+1] = v[:at] + v[at+1:at+2] + v[at:at+1] + v[at+2:]
				}
			}
			if r.IntN(12) == 0 {
				one[1], one[2] = one[2], one[1]
			}
			rows = append(rows, one)
		}
	}
	path := filepath.Join(t.TempDir(), "people.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// written gives the lines that a resolution writes.
func written(t *testing.T, c Config) string {
	t.Helper()
	c.Out = filepath.Join(t.TempDir(), "out.csv")
	if _, err := Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(c.Out)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func textFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What is printed as YAML or JSON, and what is pinned, is the same resolution when it
// is given back, whatever it went by itself.
func TestGivenBackIsTheSame(t *testing.T) {
	path := people(t, 1, 740) // enough that not all pairs are compared
	base := Config{Files: []string{path}, ID: "id", Label: "truth"}
	for name, rules := range map[string]string{
		"nothing said": "",
		"plan":         textFile(t, "p.yaml", "prior: 0.001\nfields: [{column: city, kind: skipped}, {column: dob, levels: [{when: same, m: 0.8}, {when: {edits: 1}}, {when: otherwise}]}]\n"),
		"settings":     textFile(t, "s.json", settings),
	} {
		t.Run(name, func(t *testing.T) {
			c := base
			c.Rules = rules
			want := written(t, c)
			for _, asJSON := range slices.Compact([]bool{false, name == "plan"}) {
				text, err := Plan(t.Context(), c, asJSON)
				if err != nil {
					t.Fatal(err)
				}
				back := Config{Files: base.Files, Rules: textFile(t, "plan", string(text))}
				if got := written(t, back); got != want {
					t.Errorf("given back (JSON: %v) it is another resolution; the plan was\n%s", asJSON, text)
				}
			}
			c.Snapshot = filepath.Join(t.TempDir(), "snapshot.json")
			written(t, c)
			info, err := os.Stat(c.Snapshot)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("the snapshot's mode is %v", info.Mode())
			}
			if got := written(t, Config{Files: base.Files, ID: "id", Rules: c.Snapshot}); got != want {
				t.Error("under its own snapshot it is another resolution")
			}
		})
	}
}

func TestPlanFaults(t *testing.T) {
	path := people(t, 2, 20)
	for text, want := range map[string]string{
		"fields: [":                                    "match_plan_syntax",
		"- a":                                          "match_plan_value at 1:1",
		"feilds: []":                                   "match_plan_key at 1:1",
		"prior: 2":                                     "match_plan_value at 1:8",
		"prior: nan":                                   "match_plan_value at 1:8",
		"accept: 0.5\nreview: 0.9":                     "match_plan_conflict at 2:9",
		"others: some":                                 "match_plan_value at 1:9",
		"link: true":                                   "match_plan_conflict",
		"link: true\nlink: true":                       "match_plan_conflict at 2:1",
		"id: nothing":                                  "resolve_column",
		"blocking: []":                                 "match_plan_conflict at 1:11",
		"blocking: [{}]":                               "match_plan_value at 1:12",
		"blocking: [{nothing: same}]":                  "match_plan_column at 1:12",
		"blocking: [{city: year}]":                     "match_plan_column at 1:12",
		"fields: [{kind: name}]":                       "match_plan_value at 1:10",
		"fields: [{column: city, color: red}]":         "match_plan_key at 1:25",
		"fields: [{column: city, kind: town}]":         "match_plan_value at 1:31",
		"fields:\n  - {column: nothing}":               "match_plan_column at 2:5",
		"fields: [{column: city}, {column: city}]":     "match_plan_conflict at 1:26",
		"fields: [{column: city, name: x}]":            "match_plan_conflict",
		"fields: [{column: city, follows: [nothing]}]": "match_plan_column",
		"fields: [{column: city, kind: skipped, levels: []}]":                                                   "match_plan_conflict at 1:10",
		"fields: [{column: city, levels: [{level: same}]}]":                                                     "match_plan_conflict at 1:34",
		"fields: [{column: city, kind: name, levels: [{level: two parts}]}]":                                    "match_plan_value at 1:46",
		"fields: [{column: city, kind: name, levels: [{level: same}, {level: same}]}]":                          "match_plan_conflict at 1:61",
		"fields: [{column: city, kind: name, levels: [{level: same, m: 1.5}]}]":                                 "match_plan_value at 1:63",
		"fields: [{column: city, kind: name, levels: [{level: same, m: 0.9}, {level: apart, m: 0.9}]}]":         "match_plan_conflict",
		"fields: [{column: city, kind: name, levels: [{level: same, learned: {m: 0.99, u: 0.01, bits: 3.2}}]}]": "match_plan_conflict",
		"fields: [{column: city, levels: [{when: {edits: 2}}, {when: otherwise}]}]":                             "match_plan_conflict at 1:34",
		"fields: [{column: city, levels: [{when: same}, {when: {edits: 0}}, {when: otherwise}]}]":               "match_plan_value",
		"fields: [{column: city, levels: [{when: same}, {when: {swapped_with: nothing}}, {when: otherwise}]}]":  "match_plan_column",
		"fields: [{column: city, levels: [{when: same}, {level: apart}]}]":                                      "match_plan_conflict",
		"fields: [{column: city, levels: [{when: same}, {when: near}, {when: otherwise}]}]":                     "match_plan_value at 1:55",
		"fields: [{column: city, levels: [{when: same}, {when: otherwise}, {when: {edits: 1}}]}]":               "match_plan_conflict",
		"fields: [{column: city, levels: [{when: same}, {when: {within: {weeks: 1}}}, {when: otherwise}]}]":     "match_plan_key",
		"fields: [{column: city, levels: [{when: same, m: 0.5, u: 0.1}, {when: otherwise, m: 0.2}]}]":           "match_plan_conflict",
		strings.Repeat("[", 100): "match_plan_syntax",
	} {
		_, err := Run(t.Context(), Config{Files: []string{path}, Rules: textFile(t, "plan.yaml", text)})
		code, at, placed := strings.Cut(want, " at ")
		if !errs.Is(err, errs.Code(code)) || placed && !strings.Contains(err.Error(), "plan.yaml:"+at+":") {
			t.Errorf("%s: %v, want %s", text, err, want)
			continue
		}
		if e := err.Error(); !strings.Contains(e, "; ") {
			t.Errorf("%s: %v does not say how to mend it", text, err)
		}
	}
	if _, err := Run(t.Context(), Config{Files: []string{path}, Rules: "nowhere.yaml"}); !errs.Is(err, "match_rules_file") {
		t.Error(err)
	}
	if _, err := Run(t.Context(), Config{Files: []string{path}, Rules: textFile(t, "s", `{"kith_snapshot": 1, "records": 2}`)}); !errs.Is(err, "match_snapshot") {
		t.Error(err)
	}
}

// A plan of nothing is no plan.
func TestEmptyPlan(t *testing.T) {
	path := people(t, 3, 60)
	want := written(t, Config{Files: []string{path}, ID: "id", Label: "truth"})
	for _, text := range []string{"", "# nothing\n", "null", "{}", "fields: []\nblocking: auto"} {
		if got := written(t, Config{Files: []string{path}, ID: "id", Label: "truth", Rules: textFile(t, "p", text)}); got != want {
			t.Errorf("%q is something", text)
		}
	}
}

// The plan of records tells of every column, and why one is not compared.
func TestPlanTells(t *testing.T) {
	path := textFile(t, "r.csv", "who,same,empty,\"odd, name: x\"\n"+strings.Repeat("ann,x,,abc\nbob,x,,def\ncarl,x,,ghi\n", 4))
	text, err := Plan(t.Context(), Config{Files: []string{path}}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`column: same, kind: skipped}  # all its values are the same`, `column: who`, `"odd, name: x"`, `kind: name`, `blocking: auto`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if !regexp.MustCompile(`- \{level: same, learned: \{m: [0-9.e-]+, u: [0-9.e-]+, bits: -?[0-9.]+\}\}`).Match(text) {
		t.Errorf("no level tells what it is worth in\n%s", text)
	}
}

func FuzzPlan(f *testing.F) {
	f.Add("prior: 0.1\nfields: [{column: a, kind: name, levels: [{level: same, m: 0.5}]}]")
	f.Add("blocking: [{a: same, b: first 3}]\nfields: [{name: x, columns: [a, b], levels: [{when: same}, {when: {all: [{of: a, edits: 1}]}}, {when: otherwise}]}]")
	f.Add("a: &a [*a]")
	path := textFile(f, "r.csv", "a,b\nann,x\nanna,y\nann,x\nbob,z\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := readPlan("plan.yaml", []byte(text))
		if (r == nil) == (err == nil) {
			t.Fatal("neither a plan nor a fault, or both")
		}
		if err != nil {
			return
		}
		c := Config{Files: []string{path}, Rules: textFile(t, "plan.yaml", text)}
		printed, err := Plan(t.Context(), c, false)
		if err != nil {
			return
		}
		if _, err := readPlan("printed.yaml", printed); err != nil {
			t.Errorf("what is printed cannot be read: %v\n%s", err, printed)
		}
	})
}
