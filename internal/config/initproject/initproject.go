// Package initproject writes the first kith.yaml of a project: a commented example,
// or one proposed from the reader's own files, with the reason beside every guess.
//
// It reads files through the file source's own reader, so that columns are named
// here as they will be on the road. What it writes loads without faults.
package initproject

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/file"
)

// Codes of what can keep a project from being made.
const (
	CodeFile   errs.Code = "init_file"
	CodeExists errs.Code = "init_exists"
	CodeWrite  errs.Code = "init_write"
)

// maxFiles is how many files are looked at.
const maxFiles = 1000

// Request says what project to make.
type Request struct {
	Dir  string   // its folder; made when it is not there
	Name string   // of the project; the folder's name when empty
	From []string // files, folders or patterns; none for the example
}

// Result is what was made and why.
type Result struct {
	Path    string   `json:"path"` // of kith.yaml
	Streams []Stream `json:"streams,omitempty"`
	Skipped []string `json:"skipped,omitempty"` // what was named and is no data, each as a sentence
}

// Stream is what was decided of one file, or of several alike.
type Stream struct {
	Name        string            `json:"name"`
	File        string            `json:"file"` // the first, where there are several
	Files       int               `json:"files"`
	Rows        int               `json:"rows"` // looked at
	Columns     int               `json:"columns"`
	Kind        string            `json:"kind"`
	KindReason  string            `json:"kind_reason"`
	Key         string            `json:"key,omitempty"`
	KeyReason   string            `json:"key_reason,omitempty"`
	Identifiers map[string]string `json:"identifiers,omitempty"` // type to field
	Notes       []string          `json:"notes,omitempty"`       // what the reader should look at
}

// Write makes the project. It never overwrites a kith.yaml.
func Write(ctx context.Context, req Request) (*Result, error) {
	dir, err := filepath.Abs(req.Dir)
	if err != nil {
		return nil, errs.Wrap(CodeWrite, "making a project", err).At(req.Dir).Fix("change into a folder that exists")
	}
	path := filepath.Join(dir, config.FileName)
	if _, err := os.Lstat(path); err == nil {
		return nil, errs.New(CodeExists, "there is a project already").At(path).Fix("name another folder, or remove this file first")
	}
	name := req.Name
	if name == "" {
		name = filepath.Base(dir)
	}
	result := &Result{Path: path}
	text := example(name)
	var contracts map[string][]byte
	if len(req.From) > 0 {
		streams, skipped, err := propose(ctx, dir, req.From)
		if err != nil {
			return nil, err
		}
		text, contracts = render(name, streams), contractsOf(streams)
		result.Skipped = skipped
		for _, s := range streams {
			result.Streams = append(result.Streams, s.told())
		}
	}
	for name, schema := range contracts {
		if err := writeContract(filepath.Join(dir, name), schema); err != nil {
			return nil, err
		}
	}
	if err := write(dir, path, text); err != nil {
		return nil, err
	}
	return result, nil
}

// contract is the file of the stream's contract.
func (s *stream) contract() string { return "contracts/" + s.source + ".json" }

// contractsOf are the contracts that say what nothing else can: that a number is a time.
func contractsOf(streams []*stream) map[string][]byte {
	all := map[string][]byte{}
	for _, s := range streams {
		if schema := s.schema(); schema != nil {
			all[s.contract()] = append(schema.JSONSchema(s.name()), '\n')
		}
	}
	return all
}

func (s *stream) schema() *contract.Schema {
	if len(s.unix) == 0 {
		return nil
	}
	schema := &contract.Schema{}
	for _, c := range s.unix {
		schema.Fields = append(schema.Fields, contract.Field{Path: c.name, Type: record.Time, Nullable: true})
	}
	return schema
}

// writeContract never overwrites one.
func writeContract(path string, schema []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		var f *os.File
		if f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644); errors.Is(err, os.ErrExist) {
			return nil
		}
		if err == nil {
			_, err = f.Write(schema)
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil {
		return errs.New(CodeWrite, cause(err)).At(path).Fix("name a folder that can be written to")
	}
	return nil
}

func write(dir, path, text string) error {
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	ignore := filepath.Join(dir, ".gitignore")
	if _, missing := os.Lstat(ignore); err == nil && missing != nil {
		err = os.WriteFile(ignore, []byte("/data/\n"), 0o644)
	}
	if err != nil {
		return errs.New(CodeWrite, cause(err)).At(path).Fix("name a folder that can be written to")
	}
	return nil
}

func cause(err error) string {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

func (s *stream) told() Stream {
	t := Stream{Name: s.name(), File: s.path, Files: s.files, Rows: s.rows, Columns: len(s.columns), Kind: s.kind.String(), KindReason: s.kindWhy, Notes: s.notes}
	t.Key, t.KeyReason = s.keyName(), s.keyWhy
	for _, id := range s.ids {
		if t.Identifiers == nil {
			t.Identifiers = map[string]string{}
		}
		if t.Identifiers[id.typ] != "" {
			t.Identifiers[id.typ] += ", "
		}
		t.Identifiers[id.typ] += id.col.name
	}
	return t
}

// propose reads the files and decides of each.
func propose(ctx context.Context, dir string, from []string) ([]*stream, []string, error) {
	paths, skipped, err := expand(from)
	if err != nil {
		return nil, nil, err
	}
	paths = unpacked(ctx, paths)
	var streams []*stream
	patterns := newPatterns()
	for _, p := range paths {
		s, err := read(ctx, p)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil {
			skipped = append(skipped, err.Error())
			continue
		}
		if twin := alike(streams, s); twin != nil {
			twin.files++
			twin.archives = twin.archives || twin.archive != s.archive
			twin.members = twin.members || path.Base(twin.member) != path.Base(s.member)
			continue
		}
		for _, c := range s.columns {
			c.kept = c.kept[:min(len(c.kept), max(100, maxKept*50/len(s.columns)))] // of wide files fewer
			c.judge(patterns)
		}
		streams = append(streams, &stream{sample: s, files: 1})
	}
	if len(streams) == 0 {
		what := "none of the files named holds rows that can be read"
		if len(skipped) > 0 {
			what += ": " + skipped[0]
		}
		return nil, nil, errs.New(CodeFile, what).Fix("name CSV, NDJSON, JSON, Parquet or Excel files that hold rows, or zip archives of them")
	}
	taken := map[string]bool{}
	for _, s := range streams {
		name := s.path
		if s.archive != "" {
			name = s.member
		}
		s.source = unused(sourceName(name, s.files > 1), taken)
		taken[s.source] = true
		s.words = wordsOf(strings.ReplaceAll(s.source, "_", " "))
		if s.archive == "" {
			s.glob = globOf(dir, s.path, s.files > 1)
		} else {
			s.glob, s.pattern = globOf(dir, s.archive, s.archives), globOf("", path.Base(s.member), s.members)
		}
		s.decide()
	}
	share(streams, taken)
	relate(streams)
	neighbours(streams)
	parts := slices.ContainsFunc(streams, func(s *stream) bool { return s.person() && (s.has(firstName) || s.has(lastName)) })
	for _, s := range streams {
		s.parted = parts
		s.mapped = s.attributes()
		s.prove(ctx)
	}
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	return streams, skipped, nil
}

// unpacked gives the members of archives in their place. What cannot be looked into is
// left as it is: reading it says why.
func unpacked(ctx context.Context, paths []string) (all []string) {
	for _, path := range paths {
		members, archive, err := file.Members(ctx, file.Config{}, path)
		if err == nil && archive && len(members) > 0 {
			all = append(all, members[:min(len(members), maxFiles)]...)
		} else {
			all = append(all, path)
		}
	}
	return all
}

// share has the members of one archive, or of those alike, come from one source.
func share(streams []*stream, taken map[string]bool) {
	names := map[string]string{}
	for _, s := range streams {
		if s.archive == "" {
			continue
		}
		if names[s.glob] == "" {
			names[s.glob] = unused(sourceName(s.archive, s.archives), taken)
			taken[names[s.glob]] = true
		}
		s.parent = names[s.glob]
	}
}

// expand gives the files that names, folders and patterns stand for, each once.
func expand(from []string) (paths, skipped []string, err error) {
	for _, name := range from {
		var found []string
		info, statErr := os.Stat(name)
		switch {
		case file.Elsewhere(name):
			return nil, nil, fileFault(name, "lies elsewhere, and init looks at files of this machine alone", "copy some of its files here, name those, and write the address as the source's path afterwards")
		case statErr == nil && info.IsDir():
			entries, err := os.ReadDir(name)
			if err != nil {
				return nil, nil, fileFault(name, "cannot be listed: "+cause(err), "check the folder's rights")
			}
			for _, e := range entries {
				if isData(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
					found = append(found, filepath.Join(name, e.Name()))
				}
			}
		case statErr == nil:
			found = []string{name}
		default:
			if found, err = filepath.Glob(name); err != nil {
				found = nil
			}
		}
		if len(found) == 0 {
			return nil, nil, fileFault(name, "names no file", "name files that are there, a folder of them, or a pattern in quotes")
		}
		for _, path := range found {
			abs, err := filepath.Abs(path)
			if err != nil {
				return nil, nil, fileFault(path, "has no absolute path", "change into a folder that exists")
			}
			if !slices.Contains(paths, abs) {
				paths = append(paths, abs)
			}
		}
	}
	if len(paths) > maxFiles {
		skipped = append(skipped, fmt.Sprintf("only the first %d of %d files were looked at", maxFiles, len(paths)))
		paths = paths[:maxFiles]
	}
	return paths, skipped, nil
}

// alike finds the stream whose files differ from this one by digits in their names
// alone, and which has the same columns.
func alike(streams []*stream, s *sample) *stream {
	for _, other := range streams {
		if other.likeness() != s.likeness() || other.delimiter != s.delimiter || other.headless != s.headless || other.format != s.format || other.titles != s.titles || other.records != s.records || other.encoding != s.encoding || other.path == s.path {
			continue
		}
		same := len(other.columns) == len(s.columns)
		for _, c := range s.columns {
			same = same && other.byName[c.name] != nil
		}
		if same {
			return other
		}
	}
	return nil
}

// likeness is what the paths of files alike have in common.
func (s *sample) likeness() string {
	if s.archive != "" {
		return numberless(s.archive) + "\x00" + numberless(s.member)
	}
	return numberless(s.path)
}

// numberless is a path with every run of digits in its base name made one star.
func numberless(path string) string {
	dir, base := filepath.Split(path)
	return dir + regexp.MustCompile(`[0-9][0-9_\-.]*`).ReplaceAllString(base, "*")
}

// globOf is how the configuration names a file, or the files like it: relative to
// the project where that stays near, or else absolute.
func globOf(dir, path string, several bool) string {
	shown := path
	if rel, err := filepath.Rel(dir, path); err == nil && strings.Count(rel, "..") <= 2 {
		shown = rel
	}
	shown = regexp.MustCompile(`[*?\[\\]`).ReplaceAllString(shown, `\$0`)
	if several {
		folder, base := filepath.Split(shown)
		base = regexp.MustCompile(`[0-9][0-9_\-]*`).ReplaceAllString(base, "*")
		shown = folder + base
	}
	return shown
}

// sourceName makes a source's name of a file's.
func sourceName(path string, several bool) string {
	base := filepath.Base(path)
	for {
		ext := filepath.Ext(base)
		if ext == "" || ext == base || !isData(base) && !strings.EqualFold(ext, ".gz") {
			break
		}
		base = strings.TrimSuffix(base, ext)
	}
	if several {
		base = regexp.MustCompile(`[0-9]+`).ReplaceAllString(base, " ")
	}
	name := strings.TrimPrefix(slug(base), "field_")
	if name == "" || name == "field" {
		name = "file"
	}
	return name[:min(len(name), 48)]
}

// quote writes a scalar as YAML: plain where that is safe, else in double quotes,
// with ${ kept from being taken for a variable.
func quote(s string) string {
	if regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./@-]*( [A-Za-z0-9_./@-]+)*$`).MatchString(s) && !reserved(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(strings.ReplaceAll(s, "${", "$${"), "\ufffd") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r >= 0x7f && r <= 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0x85:
			fmt.Fprintf(&b, `\u%04x`, r)
		case !strconv.IsPrint(r):
			if r > 0xffff {
				fmt.Fprintf(&b, `\U%08x`, r)
			} else {
				fmt.Fprintf(&b, `\u%04x`, r)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

// reserved reports whether YAML reads a plain word as something else than text.
func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		return true
	}
	return false
}

// typesOf gives the identifier types in use, the strongest first.
func typesOf(streams []*stream) []string {
	rank := func(t string) int {
		switch t {
		case "user_id":
			return 0
		case "email":
			return 2
		case "phone":
			return 3
		case "anonymous_id":
			return 4
		}
		return 1
	}
	var types []string
	for _, s := range streams {
		for _, id := range s.ids {
			if !slices.Contains(types, id.typ) {
				types = append(types, id.typ)
			}
		}
	}
	slices.SortFunc(types, func(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) })
	return types
}

// people are the streams that say who people are.
func people(streams []*stream) []*stream {
	var all []*stream
	for _, s := range streams {
		if s.kind == record.Customer {
			all = append(all, s)
		}
	}
	return all
}
