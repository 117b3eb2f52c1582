package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Commands are the words of every command, such as ["profile", "get"].
func Commands() ([][]string, error) {
	var c commands
	parser, err := newParser(&c)
	if err != nil {
		return nil, err
	}
	var all [][]string
	for _, leaf := range parser.Model.Leaves(true) {
		all = append(all, words(leaf))
	}
	return all, nil
}

func words(n *kong.Node) []string {
	var path []string
	for ; n != nil && n.Type == kong.CommandNode; n = n.Parent {
		path = append([]string{n.Name}, path...)
	}
	return path
}

const referenceIntro = "# Commands\n\n" +
	"<!-- Made by go test ./internal/cli -run Reference -update from the commands' own help. -->\n\n" +
	"Every command speaks to a project, the folder named by `--project`: through the HTTP API of its running server, or, where\n" +
	"none runs, through the same handlers over its data folder. What is decided offline takes effect at once all the same.\n\n" +
	"`--json` prints what the API answers; faults then are JSON objects, one a line, on standard error. Colours appear on a\n" +
	"terminal alone, and not where `NO_COLOR` is set.\n\n" +
	"| exit code | meaning |\n|---|---|\n"

// exitCodes are told on the reference page.
func exitCodes() []struct {
	code    int
	meaning string
} {
	return []struct {
		code    int
		meaning string
	}{
		{ExitOK, "done"},
		{ExitFault, "it failed, for the reason told"},
		{ExitUsage, "the command line is not understood"},
		{ExitConfig, "the project's file has faults"},
		{ExitUnknown, "what was asked for does not exist"},
		{ExitUnsound, "the ledger does not balance, or the audit chain is not sound"},
		{ExitDiffers, "`kith plan --exit-code`: the file differs from what is in force"},
		{ExitStopped, "a signal ended it before it was done"},
		{ExitRestart, "`kith run --unattended`: a write to the disk failed for good; start it again"},
	}
}

// ReferenceMarkdown is the page of all commands.
func ReferenceMarkdown() ([]byte, error) {
	var c commands
	parser, err := newParser(&c)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(referenceIntro)
	for _, e := range exitCodes() {
		fmt.Fprintf(&b, "| %d | %s |\n", e.code, e.meaning)
	}
	b.WriteString("\n## Flags of every command\n\n")
	writeFlags(&b, parser.Model.Flags)
	for _, leaf := range parser.Model.Leaves(true) {
		fmt.Fprintf(&b, "\n## kith %s\n\n%s\n", strings.Join(words(leaf), " "), leaf.Help)
		writeUsage(&b, leaf)
		example, rest, _ := strings.Cut(leaf.Detail, "\n")
		if rest = strings.TrimSpace(rest); rest != "" {
			b.WriteString("\n" + rest + "\n")
		}
		fmt.Fprintf(&b, "\n```sh\n%s\n```\n", strings.TrimPrefix(example, "Example: "))
	}
	return []byte(b.String()), nil
}

func writeUsage(b *strings.Builder, leaf *kong.Node) {
	if len(leaf.Positional)+len(leaf.Flags) == 0 {
		return
	}
	b.WriteString("\n")
	for _, arg := range leaf.Positional {
		name := "<" + arg.Name + ">"
		if arg.IsCumulative() {
			name += "..."
		}
		if !arg.Required {
			name = "[" + name + "]"
		}
		fmt.Fprintf(b, "- `%s`: %s\n", name, arg.Help)
	}
	writeFlags(b, leaf.Flags)
}

func writeFlags(b *strings.Builder, flags []*kong.Flag) {
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		name := "--" + f.Name
		if f.Short != 0 {
			name = "-" + string(f.Short) + ", " + name
		}
		if !f.IsBool() {
			name += "=" + f.FormatPlaceHolder()
		}
		required := ""
		if f.Required {
			required = " Required."
		}
		fmt.Fprintf(b, "- `%s`: %s%s\n", name, f.Help, required)
	}
}
