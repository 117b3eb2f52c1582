package config

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// maxSecret is the most bytes that a file named by file: may have.
const maxSecret = 64 << 10

// expand puts the scalar's text, with ${NAME} and ${NAME:-default} replaced, into
// v.str. $${ stands for ${ itself. All variables that are not set are told.
func (r *reader) expand(v *value) bool {
	raw := v.node.Value
	if v.node.ShortTag() == "!!binary" {
		r.add(v.node, CodeValueType, v.path+" is binary", "write "+v.field.wanted())
		return false
	}
	var b strings.Builder
	ok := true
	for {
		i := strings.Index(raw, "${")
		if i < 0 {
			break
		}
		if i > 0 && raw[i-1] == '$' {
			b.WriteString(raw[:i-1] + "${")
			raw = raw[i+2:]
			continue
		}
		end := strings.IndexByte(raw[i:], '}')
		if end < 0 {
			r.add(v.node, CodeSyntax, v.path+" opens ${ and does not close it", "write ${NAME}, or $${ for the characters themselves")
			return false
		}
		name, def, hasDef := strings.Cut(raw[i+2:i+end], ":-")
		b.WriteString(raw[:i])
		raw = raw[i+end+1:]
		if !validVariable(name) {
			r.add(v.node, CodeSyntax, v.path+" names a variable that no environment can hold", "use letters, digits and _ within ${}")
			ok = false
			continue
		}
		set, isSet := r.env(name)
		switch {
		case isSet && (set != "" || !hasDef):
			b.WriteString(set)
		case hasDef:
			b.WriteString(def)
		default:
			r.add(v.node, CodeVariableUnset, fmt.Sprintf("%s needs ${%s}, which is not set", v.path, name),
				fmt.Sprintf("set %s in the environment, or write ${%s:-a default}", name, name))
			ok = false
		}
	}
	v.str = b.String() + raw
	if path, isFile := strings.CutPrefix(v.str, "file:"); ok && isFile && v.field.shape == secret {
		return r.secretFile(v, path)
	}
	return ok
}

func validVariable(name string) bool {
	for i, c := range name {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// secretFile reads file:PATH; one newline at the end is not part of the secret.
func (r *reader) secretFile(v *value, path string) bool {
	path = r.resolve(path)
	info, err := os.Stat(path)
	if err == nil && (info.IsDir() || info.Size() > maxSecret) {
		err = errors.New("not a small file")
	}
	var content []byte
	if err == nil {
		content, err = os.ReadFile(path)
	}
	if err != nil {
		r.add(v.node, CodeSecretFile, fmt.Sprintf("%s names a file that cannot be read: %s", v.path, reason(err)),
			"make "+path+" readable to this process")
		return false
	}
	v.str = strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	return true
}

// reason is an error without the path that PathErrors repeat.
func reason(err error) string {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}

// resolve makes a path absolute, starting from the file's folder.
func (r *reader) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(r.dir, path)
}

// parseBool takes YAML's words for true and false.
func parseBool(s string) (b, ok bool) {
	switch strings.ToLower(s) {
	case "true", "yes", "on":
		return true, true
	case "false", "no", "off":
		return false, true
	}
	return false, false
}

// parseDuration is time.ParseDuration with days, of more than zero.
func parseDuration(s string) (time.Duration, error) {
	var d time.Duration
	var err error
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n float64
		if n, err = strconv.ParseFloat(days, 64); err == nil && (n > 36500 || math.IsNaN(n)) {
			err = strconv.ErrRange
		}
		d = time.Duration(n * 24 * float64(time.Hour))
	} else {
		d, err = time.ParseDuration(s)
	}
	if err == nil && d <= 0 {
		err = strconv.ErrRange
	}
	return d, err
}

// parseSize reads bytes with a unit: B, KB, KiB and so on up to TiB.
func parseSize(s string) (int64, error) {
	s = strings.ReplaceAll(strings.TrimSpace(s), " ", "")
	end := strings.LastIndexAny(s, "0123456789.") + 1
	n, err := strconv.ParseFloat(s[:end], 64)
	if err != nil {
		return 0, err
	}
	units := map[string]float64{"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40,
		"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
	unit, ok := units[strings.ToLower(s[end:])]
	if n *= unit; !ok || n < 1 || n > 1<<60 {
		return 0, strconv.ErrRange
	}
	return int64(n), nil
}

// document gives the root of the one document of a file.
func (r *reader) document(data []byte) *yaml.Node {
	var doc yaml.Node
	if blank(data) {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
	}
	if err := loadYAML(data, &doc); err != nil {
		line, column, what := 1, 1, err.Error()
		var load *yaml.LoadError
		if errors.As(err, &load) {
			line, column, what = max(load.Mark.Line, 1), max(load.Mark.Column, 1), load.Message
		}
		mend := "check the indentation and quotes there"
		if strings.HasPrefix(what, "unknown anchor") { // its name may be a secret without quotes
			what, mend = "an alias (*) names no anchor (&)", "put quotes around a text that begins with *"
		}
		r.addAt(line, column, CodeSyntax, "not YAML: "+what, mend)
		return nil
	}
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return doc.Content[0]
	}
	return &doc
}

// blank reports whether there is nothing but comments and white space.
func blank(data []byte) bool {
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}
