package contract

import (
	"context"
	"strconv"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Bounds of what a .proto file imports.
const (
	maxImports  = 100
	wellKnown   = "google/protobuf/"
	maxBrackets = 500 // in one file: what nests deeper could exhaust the stack
)

// parseProto reads a contract from a message of a .proto file, the first where none
// is named. Its paths are the JSON names of the fields.
func parseProto(file, message string, data []byte, read Reader) (*Schema, error) {
	in := &imports{file: file, data: data, read: read}
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(protocompile.ResolverFunc(in.find)), MaxParallelism: 1}
	files, err := c.Compile(context.Background(), file)
	if in.fault != nil {
		return nil, in.fault
	}
	if err != nil {
		return nil, errs.Wrap(CodeSchemaInvalid, "reading a Protobuf file", err)
	}
	m, err := messageOf(files[0], message)
	if err != nil {
		return nil, err
	}
	l := &flattener{}
	l.enter(string(m.FullName()), 0)
	protoMessage(l, "", m, 1, true)
	return l.done()
}

// imports gives the compiler the contract's file and those beside it.
type imports struct {
	file  string
	data  []byte
	read  Reader
	count int
	fault error
}

func (in *imports) find(name string) (result protocompile.SearchResult, err error) {
	data := in.data
	if name != in.file {
		if data, err = in.beside(name); err != nil {
			return result, err
		}
	}
	if len(data) > maxSchemaBytes || brackets(data) > maxBrackets {
		in.fault = errs.New(CodeSchemaInvalid, "the file is larger, or nests deeper, than a contract's may").At(name)
		return result, in.fault
	}
	result.Source = strings.NewReader(string(data))
	return result, nil
}

func (in *imports) beside(name string) ([]byte, error) {
	if strings.HasPrefix(name, wellKnown) { // the compiler has those that there are
		return nil, errs.New(CodeSchemaInvalid, "there is no such well-known file").At(name)
	}
	if in.count++; strings.ContainsAny(name, `/\`) || in.read == nil || in.count > maxImports {
		in.fault = errs.New(CodeSchemaRemote, "the import is neither a well-known file nor one in the folder of the contract").At(name).
			Fix("put the file beside the contract and import it by its name alone")
		return nil, in.fault
	}
	data, err := in.read(name)
	if err != nil {
		in.fault = errs.New(CodeSchemaInvalid, "the imported file cannot be read").At(name).Fix("put it beside the contract")
		return nil, in.fault
	}
	return data, nil
}

// brackets bounds how deep a file nests, from above: what opens within text counts.
func brackets(b []byte) int {
	deepest, open := 0, 0
	for _, c := range b {
		switch c {
		case '{', '[', '<', '(':
			open++
			deepest = max(deepest, open)
		case '}', ']', '>', ')':
			open = max(open-1, 0)
		}
	}
	return deepest
}

// messageOf finds a message by its full name or its name within the package.
func messageOf(f protoreflect.FileDescriptor, name string) (protoreflect.MessageDescriptor, error) {
	messages := f.Messages()
	if messages.Len() == 0 {
		return nil, errs.New(CodeMessage, "the contract's file has no message")
	}
	if name == "" {
		return messages.Get(0), nil
	}
	short := strings.TrimPrefix(name, string(f.Package())+".")
	var at protoreflect.MessageDescriptor
	for part := range strings.SplitSeq(short, ".") {
		if at = messages.ByName(protoreflect.Name(part)); at == nil {
			return nil, errs.New(CodeMessage, "the contract's file has no message of this name").At(name).Fix("write the name of one of its messages after #, or nothing to take the first")
		}
		messages = at.Messages()
	}
	return at, nil
}

func protoMessage(l *flattener, path string, m protoreflect.MessageDescriptor, level int, must bool) {
	fields := m.Fields()
	for i := range fields.Len() {
		if l.full() {
			return
		}
		protoField(l, below(path, fields.Get(i).JSONName()), fields.Get(i), level, must)
	}
}

func protoField(l *flattener, path string, fd protoreflect.FieldDescriptor, level int, must bool) {
	required := must && fd.Cardinality() == protoreflect.Required
	if fd.IsList() || fd.IsMap() {
		f := whole(path, false, required)
		if fd.IsList() {
			f.Items = l.elements(func(in *flattener) { protoValue(in, "", fd, 1, false, true) })
		}
		l.fields = append(l.fields, f)
		return
	}
	protoValue(l, path, fd, level, fd.HasPresence() && !required, required)
}

// protoValue adds a field's value, or an element of a repeated one.
func protoValue(l *flattener, path string, fd protoreflect.FieldDescriptor, level int, nullable, required bool) {
	m := fd.Message()
	if m == nil {
		kind, rules := protoKind(fd)
		l.fields = append(l.fields, Field{Path: path, Type: kind, Nullable: nullable, Required: required, Rules: rules})
		return
	}
	if kind, known := wellKnownKind(m); known {
		l.fields = append(l.fields, Field{Path: path, Type: kind, Nullable: nullable, Required: required})
		return
	}
	if !l.enter(string(m.FullName()), level) {
		l.fields = append(l.fields, whole(path, nullable, required))
		return
	}
	defer l.leave()
	if nullable { // it may be null itself, and is else only its fields
		l.fields = append(l.fields, Field{Path: path, Nullable: true})
	}
	protoMessage(l, path, m, level+1, required)
}

func protoKind(fd protoreflect.FieldDescriptor) (record.ValueKind, *Rules) {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return record.Bool, nil
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return record.Float, nil
	case protoreflect.StringKind, protoreflect.BytesKind:
		return record.String, nil
	case protoreflect.EnumKind:
		return record.String, protoEnum(fd.Enum())
	}
	return record.Int, nil
}

// protoEnum lists the names of a closed enum, and its numbers, which JSON may hold
// instead. An open one, such as proto3's, may hold any number.
func protoEnum(e protoreflect.EnumDescriptor) *Rules {
	if !e.IsClosed() {
		return nil
	}
	var texts []string
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		texts = append(texts, string(v.Name()), strconv.Itoa(int(v.Number())))
	}
	return enumRule(texts)
}

// wellKnownKind is the type of a message that has a JSON form of its own.
func wellKnownKind(m protoreflect.MessageDescriptor) (record.ValueKind, bool) {
	name, known := strings.CutPrefix(string(m.FullName()), "google.protobuf.")
	if !known {
		return record.Null, false
	}
	switch name {
	case "Timestamp":
		return record.Time, true
	case "Duration", "FieldMask", "StringValue", "BytesValue":
		return record.String, true
	case "BoolValue":
		return record.Bool, true
	case "FloatValue", "DoubleValue":
		return record.Float, true
	case "Int32Value", "Int64Value", "UInt32Value", "UInt64Value":
		return record.Int, true
	case "Struct", "Value", "ListValue", "Any", "Empty":
		return record.JSON, true
	}
	return record.Null, false
}
