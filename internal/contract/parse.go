package contract

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// CodeMessage says that a contract's file has no such message.
const CodeMessage errs.Code = "contract_message"

// A Reader gives another file of the folder that a contract's file lies in, by name.
type Reader func(name string) ([]byte, error)

// Extensions of the files that can hold a contract.
const (
	ExtJSON  = ".json"
	ExtAvro  = ".avsc"
	ExtProto = ".proto"
)

// SplitName parts a contract's name into its file and, of a .proto file, the message
// that follows #.
func SplitName(name string) (file, message string) {
	if at := strings.LastIndex(name, "#"); at >= 0 && Extension(name[:at]) == ExtProto {
		return name[:at], name[at+1:]
	}
	return name, ""
}

// Extension is the extension of a file that can hold a contract, "" of any other.
func Extension(file string) string {
	switch ext := strings.ToLower(path.Ext(file)); ext {
	case ExtJSON, ExtAvro, ExtProto:
		return ext
	}
	return ""
}

// Parse reads a contract from the bytes of a file: by the extension of its name, JSON
// Schema, an Avro schema or Protobuf. read gives what a .proto file imports from its
// own folder; nil where there is none.
func Parse(name string, data []byte, read Reader) (*Schema, error) {
	file, message := SplitName(name)
	if len(data) > maxSchemaBytes {
		return nil, tooLarge()
	}
	switch Extension(file) {
	case ExtAvro:
		return parseAvro(data)
	case ExtProto:
		return parseProto(path.Base(file), message, data, read)
	}
	return ParseJSONSchema(data)
}

func tooLarge() error {
	return errs.New(CodeSchemaInvalid, "the contract's file is larger than "+strconv.Itoa(maxSchemaBytes>>20)+" MiB")
}

// flattener gathers the fields of records within records. What lies deeper than a
// record's paths do, or within itself, stays JSON.
type flattener struct {
	fields []Field
	open   []string // names of the records around
	visits int
}

// enter reports whether a record's own fields are to be read, below a path of level
// parts; leave undoes it.
func (l *flattener) enter(name string, level int) bool {
	if level >= maxFlat || slices.Contains(l.open, name) {
		return false
	}
	l.open = append(l.open, name)
	return true
}

func (l *flattener) leave() { l.open = l.open[:len(l.open)-1] }

// full reports whether there are more fields than a contract can have.
func (l *flattener) full() bool {
	l.visits++
	return l.visits > maxVisits || len(l.fields) > MaxFields
}

func (l *flattener) done() (*Schema, error) {
	if l.visits > maxVisits || len(l.fields) > MaxFields {
		return nil, errs.New(CodeSchemaUnsupported, "the contract has more than "+strconv.Itoa(MaxFields)+" fields")
	}
	slices.SortFunc(l.fields, func(a, b Field) int { return cmp.Compare(a.Path, b.Path) })
	for i, f := range l.fields {
		switch {
		case len(f.Path) > maxPath:
			return nil, errs.New(CodeSchemaUnsupported, "the path of a field is longer than "+strconv.Itoa(maxPath)+" bytes")
		case i > 0 && f.Path == l.fields[i-1].Path:
			return nil, errs.New(CodeSchemaInvalid, "two fields have one path").At(f.Path).Fix("rename one")
		}
	}
	return &Schema{Fields: l.fields}, nil
}

// elements gathers what an array's elements are. Rules of single elements are not kept.
func (l *flattener) elements(read func(in *flattener)) *Elements {
	in := &flattener{open: l.open, visits: l.visits}
	read(in)
	l.visits = in.visits
	of, err := in.done()
	if err != nil { // it has more fields than there is place for: the elements stay JSON
		return &Elements{Of: &Schema{Fields: []Field{{Type: record.JSON, Nullable: true, Required: true}}}}
	}
	for i := range of.Fields {
		of.Fields[i].Rules = nil
		if of.Fields[i].Path == "" {
			of.Fields[i].Required = len(of.Fields) == 1
		}
	}
	return &Elements{Of: of}
}

func below(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// whole is a field of which nothing is known but that it may be any JSON.
func whole(path string, nullable, required bool) Field {
	return Field{Path: path, Type: record.JSON, Nullable: nullable, Required: required}
}

// enumRule lists the names of an enum.
func enumRule(names []string) *Rules {
	names = slices.Clone(names)
	slices.Sort(names)
	return &Rules{Enum: slices.Compact(names)}
}
