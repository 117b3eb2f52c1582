package cli_test

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// encode writes a script's text file in another encoding; in that of nul each % is a
// byte of NUL.
func encode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: encode ENCODING FROM TO")
	}
	text := ts.ReadFile(args[1])
	if args[0] == "nul" {
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(text, "%", "\x00")), 0o600))
		return
	}
	known := map[string]encoding.Encoding{"latin-1": charmap.ISO8859_1, "utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-8-bom": unicode.UTF8BOM}
	if known[args[0]] == nil {
		ts.Fatalf("there is no encoding %q", args[0])
	}
	out, err := known[args[0]].NewEncoder().String(text)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(out), 0o600))
}

// truncate takes the last third of a file away.
func truncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: truncate FILE")
	}
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()*2/3))
}
