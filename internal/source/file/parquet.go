package file

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	pq "github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/kithdata/kith/internal/kit/errs"
)

// CodeParquet is the fault of a Parquet file.
const CodeParquet errs.Code = "file_parquet"

// parquetBatch is how many values of a column are decoded at once.
const parquetBatch = 1024

// maxPage is how many bytes a page of a Parquet file may have, packed or unpacked.
const maxPage = 64 << 20

// parquetTable reads a Parquet file row by row. The library decodes the columns; rows
// are put together here, straight into JSON, and in this goroutine alone: where a file
// makes the library panic, that is caught.
type parquetTable struct {
	src     *source
	reader  *pq.Reader
	columns []*node
	leaves  []*leaf
	group   int   // of row groups, the next to be opened
	left    int64 // rows of the open one
	bound   *bound
	row     int64
	spans   [][2]int // where in the row that next gave the columns' values are
	err     error    // what ends the reading
}

func newParquet(src *source, b *bound) (t *parquetTable, err error) {
	t = &parquetTable{src: src, bound: b}
	defer t.caught(&err)
	if err := checkFooter(src); err != nil {
		return nil, t.damaged(err)
	}
	props := parquet.NewReaderProperties(pages{memory.NewGoAllocator()})
	props.BufferedStreamEnabled = true
	props.BufferSize = 64 << 10
	t.reader, err = pq.NewParquetReader(struct{ parquet.ReaderAtSeeker }{src}, pq.WithReadProps(props))
	if err != nil {
		return nil, t.damaged(err)
	}
	if t.reader.MetaData().IsSetEncryptionAlgorithm() {
		return nil, t.damaged(errors.New("it is encrypted"))
	}
	root := t.reader.MetaData().Schema.Root()
	names := map[string]bool{}
	for i := range root.NumFields() {
		t.columns = append(t.columns, t.node(root.Field(i), names, 0, 0))
	}
	if n := t.reader.MetaData().Schema.NumColumns(); n != len(t.leaves) || n == 0 {
		return nil, t.damaged(errors.New("it has no columns"))
	}
	return t, nil
}

// pages allocates for the library, and refuses it what no honest page needs.
type pages struct{ memory.Allocator }

func (p pages) Allocate(size int) []byte {
	if size > 2*maxPage {
		panic(errBomb)
	}
	return p.Allocator.Allocate(size)
}

func (p pages) Reallocate(size int, b []byte) []byte {
	if size > 2*maxPage {
		panic(errBomb)
	}
	return p.Allocator.Reallocate(size, b)
}

// damaged is a fault of the file, unless it could not be read at all.
func (t *parquetTable) damaged(err error) error {
	switch {
	case t.src.err != nil:
		return t.src.err
	case errors.Is(err, errBomb):
		return errBomb
	}
	return &formatFault{CodeParquet, "reading a Parquet file", "write it again, and deliver it whole; the rows before the damage were taken", err}
}

// caught makes a panic of the library, which is how it finds some damage, a fault of
// the file. What it says may hold data, and is left out.
func (t *parquetTable) caught(err *error) {
	switch p := recover(); {
	case p == nil:
	case p == errBomb: //nolint:errorlint // it is what was panicked with
		*err = t.damaged(errBomb)
	default:
		*err = t.damaged(errors.New("its pages are not what they should be"))
	}
}

func (t *parquetTable) Close() error {
	t.closeGroup()
	return nil
}

func (t *parquetTable) line() int64 { return t.row }

func (t *parquetTable) closeGroup() {
	for _, l := range t.leaves {
		l.close()
	}
}

func (t *parquetTable) skip(rows int64) (err error) {
	for groups := t.reader.NumRowGroups(); t.group < groups; t.group++ {
		n := t.reader.MetaData().RowGroups[t.group].NumRows
		if n > rows || n < 0 {
			break
		}
		rows -= n
		t.row += n
	}
	var (
		b  []byte
		ok bool
	)
	for ; rows > 0; rows-- {
		if b, ok, err = t.next(b[:0]); err != nil {
			return err
		} else if !ok {
			return t.damaged(errors.New("it has fewer rows than were taken of it"))
		}
	}
	return nil
}

func (t *parquetTable) next(b []byte) (out []byte, ok bool, err error) {
	defer t.caught(&err)
	for t.left == 0 {
		if t.ended(); t.err != nil {
			return b, false, t.damaged(t.err)
		}
		t.closeGroup()
		if t.group == t.reader.NumRowGroups() {
			return b, false, nil
		}
		if err := t.open(); err != nil {
			return b, false, t.damaged(err)
		}
	}
	from := len(b)
	b = append(b, '{')
	t.spans = t.spans[:0]
	for i, n := range t.columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, n.key...)
		at := len(b)
		b = t.value(b, n)
		t.spans = append(t.spans, [2]int{at, len(b)})
	}
	b = append(b, '}')
	t.left--
	for _, l := range t.leaves {
		if l.maxRep > 0 && l.rep() != 0 {
			t.fail("a row begins within a list")
		}
	}
	t.row++
	if err := t.bound.take(len(b) - from); err != nil {
		t.err = err
	}
	if t.err != nil {
		return b[:from], false, t.damaged(t.err)
	}
	return b, true, nil
}

func (t *parquetTable) fail(what string) {
	if t.err == nil {
		t.err = errors.New(what)
	}
}

// open opens the next row group, once each of its pages was seen to be what it says.
func (t *parquetTable) open() error {
	rows := t.reader.RowGroup(t.group)
	if rows.NumRows() < 0 || rows.NumColumns() != len(t.leaves) {
		return errors.New("a row group has other columns than the file")
	}
	for i, l := range t.leaves {
		chunk, err := rows.MetaData().ColumnChunk(i)
		if err != nil {
			return err
		}
		if err := checkChunk(t.src, chunk); err != nil {
			return fmt.Errorf("row group %d, column %d: %w", t.group, i, err)
		}
		if l.reader, err = rows.Column(i); err != nil {
			return err
		}
		if err := l.bind(chunk.NumValues()); err != nil {
			return err
		}
	}
	t.group++
	t.left = rows.NumRows()
	return nil
}

// ended checks that no column of a row group has more rows than the others: nothing of
// a file is passed over in silence.
func (t *parquetTable) ended() {
	for _, l := range t.leaves {
		if l.reader != nil && l.more() {
			t.fail("a column has more rows than its row group")
		}
		if l.err != nil && t.err == nil {
			t.err = l.err
		}
	}
}

// node is a column, or what is within one.
type node struct {
	key      []byte // its name and a colon
	kind     nodeKind
	repeated bool
	def, rep int16 // the levels from which on it is there, and goes on
	children []*node
	leaves   []*leaf // within it
}

type nodeKind uint8

const (
	nodeLeaf  nodeKind = iota
	nodeGroup          // an object
	nodeList           // an array: its one child is repeated
	nodeMap            // an array of objects of key and value
	nodeBare           // what its one child is
)

// node makes one of the schema's; names are those that its group has already.
func (t *parquetTable) node(s schema.Node, names map[string]bool, def, rep int16) *node {
	n := &node{kind: nodeLeaf, repeated: s.RepetitionType() == parquet.Repetitions.Repeated}
	n.key = append(appendText(nil, []byte(uniqueName(s.Name(), names))), ':')
	if s.RepetitionType() != parquet.Repetitions.Required {
		def++
	}
	if n.repeated {
		rep++
	}
	n.def, n.rep = def, rep
	group, ok := s.(*schema.GroupNode)
	if !ok {
		l := newLeaf(t.reader.MetaData().Schema.Column(len(t.leaves)))
		t.leaves, n.leaves = append(t.leaves, l), []*leaf{l}
		return n
	}
	n.kind = kindOf(group)
	within := map[string]bool{}
	for i := range group.NumFields() {
		child := t.node(group.Field(i), within, def, rep)
		n.children = append(n.children, child)
		n.leaves = append(n.leaves, child.leaves...)
	}
	if len(n.leaves) == 0 {
		panic("a group without columns") // caught
	}
	if n.kind == nodeList {
		n.children[0].bare(group)
	}
	return n
}

// kindOf tells what a group is, by what it is said to be and by its form.
func kindOf(g *schema.GroupNode) nodeKind {
	if g.NumFields() != 1 || g.Field(0).RepetitionType() != parquet.Repetitions.Repeated {
		return nodeGroup
	}
	switch g.LogicalType().(type) {
	case schema.ListLogicalType:
		return nodeList
	case schema.MapLogicalType:
		return nodeMap
	}
	return nodeGroup
}

// bare makes the repeated child of a list what its items are, where it only holds them:
// by the rules of the format, one of a single field, unless its name says otherwise.
func (n *node) bare(list *schema.GroupNode) {
	if n.kind != nodeGroup || len(n.children) != 1 {
		return
	}
	if name := list.Field(0).Name(); name != "array" && name != list.Name()+"_tuple" {
		n.kind = nodeBare
	}
}

// uniqueName names a column as those of CSV files are.
func uniqueName(name string, names map[string]bool) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	unique := name
	for i := 2; names[unique]; i++ {
		unique = name + "_" + strconv.Itoa(i)
	}
	names[unique] = true
	return unique
}

// value appends what comes next of a column.
func (t *parquetTable) value(b []byte, n *node) []byte {
	first := n.leaves[0]
	if !first.more() {
		if t.fail("a column has fewer rows than its row group"); first.err != nil {
			t.err = first.err
		}
		return b
	}
	switch {
	case n.repeated:
		return t.items(b, n)
	case first.def() < n.def:
		t.pass(n)
		return append(b, "null"...)
	}
	return t.body(b, n)
}

// items appends the items of a repeated node.
func (t *parquetTable) items(b []byte, n *node) []byte {
	first := n.leaves[0]
	if first.def() < n.def {
		t.pass(n)
		return append(b, "[]"...)
	}
	b = append(b, '[')
	for {
		b = t.body(b, n)
		if t.err != nil || first.rep() != n.rep {
			return append(b, ']')
		}
		if len(b) > 2*maxPage {
			t.err = errBomb
			return b
		}
		b = append(b, ',')
	}
}

// body appends a node that is there.
func (t *parquetTable) body(b []byte, n *node) []byte {
	if t.err != nil {
		return b
	}
	switch n.kind {
	case nodeLeaf:
		return t.leaf(b, n.leaves[0])
	case nodeList, nodeMap, nodeBare:
		return t.value(b, n.children[0])
	}
	b = append(b, '{')
	for i, child := range n.children {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, child.key...)
		b = t.value(b, child)
	}
	return append(b, '}')
}

func (t *parquetTable) leaf(b []byte, l *leaf) []byte {
	switch {
	case !l.more():
		t.fail("a column ends within a row")
		return b
	case l.def() < l.maxDef:
		l.at++
		return append(b, "null"...)
	case l.value >= l.values:
		t.fail("a page has fewer values than it says")
		return b
	}
	b = l.write(b, l.value)
	l.at++
	l.value++
	return b
}

// pass goes over a node that is not there.
func (t *parquetTable) pass(n *node) {
	for _, l := range n.leaves {
		if !l.more() || l.def() == l.maxDef && l.maxDef > 0 {
			t.fail("columns of one group do not agree")
			return
		}
		l.at++
	}
}
