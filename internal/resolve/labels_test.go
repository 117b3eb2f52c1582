package resolve_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/resolve"
)

func TestLabelsAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		want  []resolve.Answer
		whole int // -1: all
		fault string
	}{
		"empty":               {text: ""},
		"the head alone":      {text: "id_a,id_b,answer\n", whole: -1},
		"as written":          {"id_a,id_b,answer\n1,2,same\n2,3,different\n", []resolve.Answer{{"1", "2", resolve.Same}, {"2", "3", resolve.Different}}, -1, ""},
		"the later counts":    {"id_a,id_b,answer\n1,2,same\n2,1,different\n", []resolve.Answer{{"1", "2", resolve.Different}}, -1, ""},
		"cut off":             {"id_a,id_b,answer\n1,2,same\n1,3,diff", []resolve.Answer{{"1", "2", resolve.Same}}, len("id_a,id_b,answer\n1,2,same\n"), ""},
		"another program's":   {"\ufeffid_l,id_r,clerical_match_score\n1,2,1.0\n3,4,0\n", []resolve.Answer{{"1", "2", resolve.Same}, {"3", "4", resolve.Different}}, -1, ""},
		"ids with a comma":    {"id_a,id_b,answer\n\"a,b\",c,u\n", []resolve.Answer{{"a,b", "c", resolve.Uncertain}}, -1, ""},
		"no list":             {text: "id,name\n1,x\n", fault: "labels.csv:1"},
		"an answer of no use": {text: "id_a,id_b,answer\n1,2,same\n1,3,perhaps\n", fault: "labels.csv:3"},
		"too few columns":     {text: "id_a,id_b,answer\n1,2\n", fault: "labels.csv:2"},
	} {
		t.Run(name, func(t *testing.T) {
			got, whole, err := resolve.ParseLabels([]byte(c.text), "labels.csv")
			if c.fault != "" {
				if !errs.Is(err, "labels_file") || !bytes.Contains([]byte(err.Error()), []byte(c.fault)) {
					t.Errorf("the fault is %v, want one at %s", err, c.fault)
				}
				return
			}
			if c.whole < 0 {
				c.whole = len(c.text)
			}
			if err != nil || whole != c.whole || !cmp.Equal(got, c.want) {
				t.Errorf("%v, %d bytes, %v", got, whole, err)
			}
		})
	}
}

// A file that is no list of labels by its size alone is not taken into memory.
func TestLabelsAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labels.csv")
	if err := os.WriteFile(path, []byte("id_a,id_b,answer\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 256<<20+1); err != nil {
		t.Fatal(err)
	}
	_, err := resolve.Run(t.Context(), resolve.Config{Files: []string{write(t, "people.csv", "id,name\n1,Ann\n2,Bob\n")}, ID: "id", Labels: path})
	if !errs.Is(err, "labels_file") || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}

func FuzzParseLabels(f *testing.F) {
	for _, s := range []string{"", "id_a,id_b,answer\n1,2,same\n", "id_l,id_r,label\n\"x\ny\",z,u\n", "id_a,id_b,answer\n1,2,same\n1,3,diff", "\"\n", "answer,id_b,id_a\ny\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		answers, whole, err := resolve.ParseLabels(text, "labels.csv")
		if whole < 0 || whole > len(text) {
			t.Errorf("%d of %d bytes are whole", whole, len(text))
		}
		if err != nil {
			return
		}
		again, _, err := resolve.ParseLabels(text[:whole], "labels.csv")
		if err != nil || !cmp.Equal(again, answers) {
			t.Errorf("what is whole reads as %v (%v), not as %v", again, err, answers)
		}
	})
}
