package file

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// readAll gives every row of content, and checks that nothing of it is passed over
// and that every row's Props are one JSON object.
func readAll(t *testing.T, content []byte, set *Dialect, r io.Reader) []string {
	t.Helper()
	const limit = 64
	rs := &rows{w: newWindow(r, limit)}
	if set != nil {
		rs.csv = &csvFormat{set: *set}
	}
	var out []string
	for {
		props, reject, st := rs.next(nil)
		if st == gotLong {
			props, reject, st = rs.skipLong(nil)
		}
		if st == gotBlank {
			continue
		}
		if st != gotRow {
			if st != gotEnd {
				t.Fatal("stopped with", st)
			}
			break
		}
		if v := jsontext.Value(props); !v.IsValid() || v.Kind() != '{' {
			t.Fatalf("row %d is no JSON object: %q", rs.row, props)
		}
		out = append(out, fmt.Sprintf("%d %s %s", rs.row, reject, props))
	}
	if rs.w.at != int64(len(content)) || rs.w.sum() != xxhash.Sum64(content) {
		t.Fatalf("took %d of %d bytes", rs.w.at, len(content))
	}
	if lines := int64(bytes.Count(content, []byte{'\n'})); rs.line < lines || rs.line > lines+1 {
		t.Fatalf("counted %d lines, the content has %d", rs.line, lines)
	}
	return out
}

// sameRows checks that rows do not depend on how a content comes in.
func sameRows(t *testing.T, content []byte, set *Dialect) {
	t.Helper()
	whole := readAll(t, content, set, bytes.NewReader(content))
	bit := readAll(t, content, set, iotest.OneByteReader(bytes.NewReader(content)))
	if strings.Join(whole, "\n") != strings.Join(bit, "\n") {
		t.Fatalf("rows depend on how they are read:\n%q\n%q", whole, bit)
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "a,b\n1,2\n", "a;b\r\n\"x\"\"y\";\"z\nz\"\r\n", "a\n\"", "a\n\"\"\"\n\"\n", "a,b\n1\n\x00,\xff\n", "\"a,b\n1,2\n",
		"a\n" + strings.Repeat("x", 100) + "\ny", "a\n\"" + strings.Repeat("x\n", 100) + "\"\n", ",,\n,,\n", "a,a,a_2\n1,2,3",
		"a|b\n'x|y'|\\N\n", "#a\nsep=;\n1;2\n3;4\n", "a,b\n\"x\\\"y\",z\\,w\\"} {
		for set := range byte(8) {
			f.Add([]byte(s), set)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte, choice byte) {
		set := Dialect{}
		if choice&1 != 0 {
			set.Escape, set.Quote = EscapeBackslash, "'"
		}
		if choice&2 != 0 {
			set.SkipLines, set.Comment, set.ShortRows = 1, "#", ShortFill
		}
		if choice&4 != 0 {
			set.Header = "false"
		}
		if choice&8 != 0 {
			set.Names, set.Header = []string{"a", "b"}, ""
		}
		sameRows(t, content, &set)
	})
}

func FuzzNDJSON(f *testing.F) {
	for _, s := range []string{"", "{}\n", "{\"a\":1}\r\n\r\n[1]", "{\"a\":", "\xff\x00\n{\"a\":\"\xff\"}\n", "{\"a\":1,\"a\":2}", strings.Repeat("[", 200)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) { sameRows(t, content, nil) })
}

func FuzzJSONArray(f *testing.F) {
	for _, s := range []string{"", "[]", "[{\"a\":1},\n{\"a\":\"]\"}]", "{\"x\":[],\"a\":{\"b\":[{\"c\":1},2]},\"d\":1}", "[{\"a\":", "[" + strings.Repeat("x", 100) + "]", "[{}{}]", "{\"a\\u0062\":1", strings.Repeat("[", 200)} {
		f.Add([]byte(s), "")
		f.Add([]byte(s), "a.b")
	}
	f.Fuzz(func(t *testing.T, content []byte, path string) {
		read := func(r io.Reader) (out []string) {
			rs := &rows{w: newWindow(r, 64), json: &jsonFormat{}}
			if path != "" {
				rs.json.path = strings.Split(path, ".")
			}
			for {
				props, reject, st := rs.next(nil)
				if st == gotLong {
					props, reject, st = rs.skipLong(nil)
				}
				if st != gotRow {
					if st == gotEnd && len(content) > 0 && rs.w.at != int64(len(content)) || st == gotPart && rs.w.err == nil {
						t.Fatalf("%d: took %d of %d bytes", st, rs.w.at, len(content))
					}
					return append(out, fmt.Sprint(st, rs.w.at, rs.w.err))
				}
				if v := jsontext.Value(props); !v.IsValid() || v.Kind() != '{' {
					t.Fatalf("row %d is no JSON object: %q", rs.row, props)
				}
				out = append(out, fmt.Sprintf("%d %d %s %s", rs.row, rs.line, reject, props))
			}
		}
		whole, bit := read(bytes.NewReader(content)), read(iotest.OneByteReader(bytes.NewReader(content)))
		if strings.Join(whole, "\n") != strings.Join(bit, "\n") {
			t.Fatalf("rows depend on how they are read:\n%q\n%q", whole, bit)
		}
	})
}

func FuzzProgress(f *testing.F) {
	f.Add((&progress{Ordinal: 1, Path: "a.csv", HeadLen: 4, Head: 5, Pos: 6, Digest: 7, Row: 8, Line: 9, Done: true, Dialect: ",\"\x00h"}).encode())
	f.Add(sight{size: 1, modified: 2}.encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := decodeProgress(b); err == nil {
			if q, err := decodeProgress(p.encode()); err != nil || q != p {
				t.Fatal(q, err)
			}
		}
		if s, err := decodeSight(b); err == nil {
			if q, err := decodeSight(s.encode()); err != nil || q != s {
				t.Fatal(q, err)
			}
		}
	})
}
