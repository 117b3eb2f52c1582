package config

import (
	"fmt"
	"strings"
)

const referenceIntro = `# Configuration

<!-- Made by go test ./internal/config -run Reference -update from internal/config/spec.go. -->

One file, ` + "`kith.yaml`" + `, describes a project. ` + "`kith check`" + ` reports all that is wrong in it at once, each
with file, line, column and the way to mend it; ` + "`kith plan`" + ` shows what a changed file would do.
An editor that knows JSON Schema checks it while you type: start the file with

` + "```yaml\n# yaml-language-server: $schema=./kith.schema.json\n```" + `

(the schema is ` + "[`docs/kith.schema.json`](kith.schema.json)" + `).

- ` + "`${NAME}`" + ` stands for a variable of the environment, ` + "`${NAME:-value}`" + ` has a default, and ` + "`$${`" + ` stands for the
  characters themselves. A secret may also be ` + "`file:PATH`" + `: the file's content, without the newline at its end.
- Relative paths start from the folder that the file is in.
- Times are written 500ms, 2s, 10m, 24h or 30d; sizes 512, 64KiB, 256MiB or 1GiB.
- Where a list is wanted, a single item may stand for a list of one.
- Anchors and aliases work; merge keys (` + "`<<`" + `) do not.
`

// ReferenceMarkdown is the reference page of kith.yaml.
func ReferenceMarkdown() []byte {
	var b strings.Builder
	b.WriteString(referenceIntro)
	root := spec()
	b.WriteString("\n## Top level\n\n")
	writeTable(&b, root.fields)
	for _, f := range root.fields {
		switch f.shape {
		case object, table, either:
			fmt.Fprintf(&b, "\n## %s\n\n", f.key)
			writeSection(&b, f, f.key)
		}
	}
	b.WriteString("\n## Cleansing steps\n\n")
	b.WriteString(stepsMarkdown())
	b.WriteString("\n## Row checks\n\n")
	b.WriteString(checksMarkdown())
	return []byte(b.String())
}

// writeSection tells of one setting that holds others, then of each of those.
func writeSection(b *strings.Builder, f field, path string) {
	fmt.Fprintf(b, "%s\n", f.doc)
	if f.example != "" {
		fmt.Fprintf(b, "\n```yaml\n%s: %s\n```\n", f.key, f.example)
	}
	writeInner(b, f, path)
}

func writeInner(b *strings.Builder, f field, path string) {
	switch f.shape {
	case table, list:
		inner := path + ".NAME"
		if f.shape == list {
			inner = path + "[]"
		}
		writeInner(b, *f.item, inner)
	case either:
		for _, o := range f.options {
			writeInner(b, o, path)
		}
	case object:
		fmt.Fprintf(b, "\n### %s\n\n", path)
		writeTable(b, f.fields)
		for _, v := range f.variants {
			fmt.Fprintf(b, "\n### %s of type %s\n\n%s\n\n", path, v.name, v.doc)
			writeTable(b, v.fields)
		}
		for _, c := range f.fields {
			writeInner(b, c, path+"."+c.key)
		}
	}
}

func writeTable(b *strings.Builder, fields []field) {
	b.WriteString("| setting | what | takes | default | example |\n|---|---|---|---|---|\n")
	for _, f := range fields {
		def := code(f.def)
		if f.required {
			def = "**required**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", code(f.key), cell(f.doc), cell(f.takes()), def, code(f.example))
	}
}

// takes names the form of a setting's value.
func (f field) takes() string {
	switch f.shape {
	case text:
		return "text"
	case secret:
		return "text or file:PATH"
	case integer, number:
		return strings.TrimSpace(map[shape]string{integer: "whole number", number: "number"}[f.shape] + " " + f.limits())
	case boolean:
		return "true or false"
	case duration:
		return strings.TrimSpace("time " + f.limits())
	case size:
		return "size"
	case choice:
		return listing(f.choices)
	case object, table:
		return "map"
	case list:
		return "list"
	case either:
		var all []string
		for _, o := range f.options {
			all = append(all, o.takes())
		}
		return strings.Join(all, ", or ")
	}
	return "text or map"
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
