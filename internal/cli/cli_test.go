package cli_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kithdata/kith/internal/cli"
)

var (
	update  = flag.Bool("update", false, "rewrite docs/cli.md")
	scripts = flag.Bool("update-scripts", false, "rewrite what scripts compare with")
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kith": func() {
			os.Exit(cli.Main(os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Version: "test", Env: os.LookupEnv}))
		},
	})
}

// TestScripts types what people type, in testdata/script. Besides testscript's own
// commands there are:
//
//	exits CODE COMMAND...     runs a command that must end with a code
//	until PATTERN COMMAND...  runs a command again and again, until its output fits
//	append FILE FROM          adds a file's content to another
//	edit FILE OLD NEW         replaces a text that must be there
//	capture NAME PATTERN      keeps what a group of the last output matched
//	pack FROM TO [COLUMN...]  writes a text file as a packed one, or as Parquet
//	cut DIR                   takes the first line away from the folder's largest file
//	zip ARCHIVE FILE...       packs files, each as FILE=NAME says
//	workbook BOOK CSV         makes a workbook of a CSV file
//	encode ENCODING FROM TO   writes a text file in latin-1, utf-16 or utf-8-bom, or with bytes of NUL
//	truncate FILE             takes the last third of a file away
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", UpdateScripts: *scripts, RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "until": until, "append": appendFile, "edit": edit, "capture": capture, "cut": cut, "pack": pack, "zip": packZip, "workbook": workbook, "encode": encode, "truncate": truncate}})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("ended with code %d, not %d", got, want)
	}
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN COMMAND...")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for deadline := time.Now().Add(time.Minute); ; {
		err := ts.Exec(args[1], args[2:]...)
		if out := ts.ReadFile("stdout"); err == nil && pattern.MatchString(out) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s never fitted %q", strings.Join(args[1:], " "), args[0])
		}
	}
}

func appendFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: append FILE FROM")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0])+ts.ReadFile(args[1])), 0o644))
}

func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o644))
}

func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("the last output has nothing like %q", args[1])
	}
	ts.Setenv(args[0], found[1])
}

func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cut DIR")
	}
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*"))
	ts.Check(err)
	largest, size := "", int64(0)
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() && info.Size() > size {
			largest, size = f, info.Size()
		}
	}
	text, err := os.ReadFile(largest)
	ts.Check(err)
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	ts.Check(os.WriteFile(largest, rest, 0o600))
}

// TestReference holds docs/cli.md against the commands' own help.
func TestReference(t *testing.T) {
	want, err := cli.ReferenceMarkdown()
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../docs/cli.md"
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != string(want) {
		t.Errorf("docs/cli.md is not what the commands' help makes (%v): run go test ./internal/cli -run Reference -update", err)
	}
}

// TestHelp asks every command for help: it ends well and shows an example that
// begins with the command's own words.
func TestHelp(t *testing.T) {
	pages, err := cli.Commands()
	if err != nil || len(pages) < 25 {
		t.Fatalf("only %d commands were found: %v", len(pages), err)
	}
	for _, words := range pages {
		var out, errOut strings.Builder
		if code := cli.Main(append(slices.Clone(words), "--help"), cli.IO{Out: &out, Err: &errOut}); code != cli.ExitOK {
			t.Errorf("kith %s --help ended with %d: %s", strings.Join(words, " "), code, errOut.String())
		}
		if example := "Example: kith " + strings.Join(words, " "); !strings.Contains(strings.Join(strings.Fields(out.String()), " "), example) {
			t.Errorf("kith %s --help has no example", strings.Join(words, " "))
		}
	}
}
