package file_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/kit/errs"
)

func TestJSONArrays(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101)
	deepest := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	for name, c := range map[string]struct {
		file, records, content string
		want                   []string
	}{
		"on one line": {"a.json", "", `[{"id":1},{"id":2}]`, []string{`1:1 {"id":1}`, `1:2 {"id":2}`}},
		"pretty":      {"a.json", "", "\xEF\xBB\xBF [\r\n  {\n    \"id\": 1,\n    \"s\": \"a, ]} \\\" b\"\n  },\n  {\"id\": [2]}\n]\n\n", []string{`1:1 {"id":1,"s":"a, ]} \" b"}`, `1:2 {"id": [2]}`}},
		"empty":       {"a.json", "", "[ ]", nil},
		"a path":      {"a.json", "data.items", `{"n":"]","x":{"items":[{"id":0}]},"data":{"a":[1,{}],"items":[{"id":1} , {"id":2}],"b":[{"id":3}]},"data":2}`, []string{`1:1 {"id":1}`, `1:2 {"id":2}`}},
		"bad items": {"a.json", "", "[{\"id\":1},\n2,\"x\",[3],null,\n{\"a\":1,\"a\":2},{\"id\":NaN},{\"id\":4}]", []string{
			`1:1 {"id":1}`, `1:2 json_not_object {"_line":2,"_bytes":1,"_raw":"2"}`, `1:3 json_not_object {"_line":2,"_bytes":3,"_raw":"\"x\""}`,
			`1:4 json_not_object {"_line":2,"_bytes":3,"_raw":"[3]"}`, `1:5 json_not_object {"_line":2,"_bytes":4,"_raw":"null"}`,
			`1:6 json_malformed {"_line":3,"_bytes":13,"_raw":"{\"a\":1,\"a\":2}"}`, `1:7 json_malformed {"_line":3,"_bytes":10,"_raw":"{\"id\":NaN}"}`, `1:8 {"id":4}`}},
		"deep": {"a.json", "", `[` + deep + `,{"id":1}]`, []string{
			fmt.Sprintf(`1:1 json_too_deep {"_line":1,"_bytes":%d,"_raw":%q}`, len(deep), deep), `1:2 {"id":1}`}},
		"deep line": {"a.ndjson", "", deepest + "\n{\"id\":1}\n", []string{
			fmt.Sprintf(`1:1 json_too_deep {"_line":1,"_bytes":20000,"_raw":"%s"}`, deepest[:1024]), `1:2 {"id":1}`}},
		"very deep":    {"a.json", "", `[{"a":` + deepest + `},{"id":1}]`, []string{fmt.Sprintf(`1:1 json_too_deep {"_line":1,"_bytes":20006,"_raw":"{\"a\":%s"}`, deepest[:1019]), `1:2 {"id":1}`}},
		"name unknown": {"a.dat", "", "[\n{\"id\":1}]", []string{`1:1 {"id":1}`}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, packed := range []bool{false, true} {
				r := newRig(t, "*")
				r.cfg.Records = c.records
				if packed {
					r.write(c.file+".gz", zip(t, c.content))
				} else {
					r.write(c.file, c.content)
				}
				r.run()
				r.run() // a second look has no effect
				var want []string
				for _, w := range c.want {
					want = append(want, strings.Join(strings.Fields(w), " "))
				}
				got := r.log.lines()
				if !slices.Equal(got, want) {
					t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		})
	}
}

// TestJSONFaults has files whose items cannot be told apart behind some place: the place
// is told, what came before is taken, and a mended file is read on from there.
func TestJSONFaults(t *testing.T) {
	for name, c := range map[string]struct{ content, records, line string }{
		"cut off":        {"[{\"id\":1},\n{\"id\":2},\n{\"id", "", "line 3"},
		"cut behind":     {"[{\"id\":1},\n{\"id\":2}", "", "line 2"},
		"no comma":       {"[{\"id\":1},{\"id\":2}\n{\"id\":3}]", "", "line 2"},
		"another":        {"[{\"id\":1},{\"id\":2}]\n[]", "", "line 2"},
		"no such member": {"{\"x\":1,\n\"y\":{}}", "data", "line 2"},
		"no object":      {"{\"data\":1}", "data.items", "line 1"},
		"no array":       {"{\"data\":\n{}}", "data", "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*.json")
			r.cfg.Records = c.records
			r.write("a.json", c.content)
			if err := r.source().Run(t.Context()); !errs.Is(err, "file_json") || !strings.Contains(err.Error(), c.line) || strings.Contains(err.Error(), `"id"`) {
				t.Fatal(err)
			}
			if c.records != "" {
				r.want()
				return
			}
			r.write("a.json", "[{\"id\":1},\n{\"id\":2},\n{\"id\":3}]")
			if strings.Contains(c.content, "\n{\"id\":2}") { // it begins as it did
				r.run()
				r.want(`1:1 {"id":1}`, `1:2 {"id":2}`, `1:3 {"id":3}`)
			}
		})
	}
}

// TestLongItem reads an item far over the limit in far less memory than it has.
func TestLongItem(t *testing.T) {
	const huge = 50 << 20
	r := newRig(t, "*")
	r.write("a.json.gz", zip(t, `[{"id":1},{"x":"`+strings.Repeat("x", huge)+`"},`+"\n"+`{"id":2}]`))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r.run()
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("allocated %d bytes", grown)
	}
	r.want(`1:1 {"id":1}`, fmt.Sprintf(`1:2 line_too_long {"_line":1,"_bytes":%d,"_raw":"{\"x\":\"%s"}`, huge+8, strings.Repeat("x", 1018)), `1:3 {"id":2}`)
}

// TestJSONKilled breaks off after every other Put: the array is read on where it was left.
func TestJSONKilled(t *testing.T) {
	var content strings.Builder
	content.WriteString("{\"data\":[")
	const n = 3_500
	for i := range n {
		if i > 0 {
			content.WriteString(",\n")
		}
		fmt.Fprintf(&content, `{"id":%d}`, i)
	}
	content.WriteString("],\"more\":[{}]}")
	r := newRig(t, "*")
	r.cfg.Records = "data"
	r.write("a.json", content.String())
	killed := errs.New("engine_failed", "killed")
	r.log.after = func(put int) error {
		if put%2 == 0 {
			return killed
		}
		return nil
	}
	for steps := 0; ; steps++ {
		err := r.source().Run(t.Context())
		if err == nil {
			break
		}
		if !errs.Is(err, "engine_failed") || steps > 20 {
			t.Fatal(err)
		}
	}
	if len(r.log.byID) != n || r.log.conflicts != 0 || r.log.again == 0 || string(r.log.byID["1:3500"].Props) != `{"id":3499}` {
		t.Fatal(len(r.log.byID), r.log.conflicts, r.log.again)
	}
}
