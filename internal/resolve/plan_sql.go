package resolve

import (
	"fmt"
	"strings"
)

// sqlNode is an expression of the SQL that Splink's settings are written in: a column, a
// literal, or a function or operator with its arguments.
type sqlNode struct {
	kind sqlKind
	text string // a column as written, a literal's text, a function's or operator's name in small letters
	args []*sqlNode
}

type sqlKind uint8

const (
	sqlColumn sqlKind = iota
	sqlText
	sqlNumber
	sqlCall // also operators: "and", "or", "not", "=", "<", "is null", "-"
)

const (
	maxSQL      = 16 << 10 // bytes
	maxSQLDepth = 64
)

// parseSQL reads a condition.
func parseSQL(text string) (*sqlNode, error) {
	if len(text) > maxSQL {
		return nil, fmt.Errorf("it is longer than %d bytes", maxSQL)
	}
	p := &sqlParser{}
	if err := p.split(text); err != nil {
		return nil, err
	}
	n, err := p.or()
	if err == nil && p.at < len(p.tokens) {
		err = fmt.Errorf("%q is not expected", p.tokens[p.at].text)
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

type sqlToken struct {
	kind sqlKind // sqlCall: a mark or a word that is not quoted
	text string
}

type sqlParser struct {
	tokens []sqlToken
	at     int
	depth  int
}

// split takes a text apart.
func (p *sqlParser) split(s string) error {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '\'' || c == '"' || c == '`':
			text, n, err := quotedSQL(s[i:])
			if err != nil {
				return err
			}
			kind := sqlColumn
			if c == '\'' {
				kind = sqlText
			}
			p.tokens = append(p.tokens, sqlToken{kind, text})
			i += n
		case isDigit(c) || c == '.' && i+1 < len(s) && isDigit(s[i+1]):
			j := i
			for j < len(s) && (isDigit(s[j]) || s[j] == '.' || s[j] == 'e' || s[j] == 'E' || (s[j] == '-' || s[j] == '+') && (s[j-1] == 'e' || s[j-1] == 'E')) {
				j++
			}
			p.tokens = append(p.tokens, sqlToken{sqlNumber, s[i:j]})
			i = j
		case isWord(c):
			j := i
			for j < len(s) && (isWord(s[j]) || isDigit(s[j])) {
				j++
			}
			p.tokens = append(p.tokens, sqlToken{sqlCall, s[i:j]})
			i = j
		default:
			n := 1
			if i+1 < len(s) && strings.Contains(" <= >= <> != == :: ", " "+s[i:i+2]+" ") {
				n = 2
			}
			p.tokens = append(p.tokens, sqlToken{sqlCall, s[i : i+n]})
			i += n
		}
	}
	return nil
}

// quotedSQL reads what is between quotes, of which two stand for one.
func quotedSQL(s string) (text string, n int, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == s[0] {
			b.WriteByte(s[0])
			i++
			continue
		}
		return b.String(), i + 1, nil
	}
	return "", 0, fmt.Errorf("a quote is not closed")
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// next takes the next token where it is one of these marks or words.
func (p *sqlParser) next(words ...string) (string, bool) {
	if p.at < len(p.tokens) && p.tokens[p.at].kind == sqlCall {
		for _, w := range words {
			if strings.EqualFold(p.tokens[p.at].text, w) {
				p.at++
				return w, true
			}
		}
	}
	return "", false
}

func (p *sqlParser) want(word string) error {
	if _, ok := p.next(word); !ok {
		return fmt.Errorf("%q is missing", word)
	}
	return nil
}

func call(name string, args ...*sqlNode) *sqlNode { return &sqlNode{sqlCall, name, args} }

// chain reads operands between operators of one rank.
func (p *sqlParser) chain(operand func() (*sqlNode, error), words ...string) (*sqlNode, error) {
	n, err := operand()
	for err == nil {
		w, ok := p.next(words...)
		if !ok {
			return n, nil
		}
		var right *sqlNode
		if right, err = operand(); err == nil {
			n = call(w, n, right)
		}
	}
	return nil, err
}

func (p *sqlParser) or() (*sqlNode, error) {
	if p.depth++; p.depth > maxSQLDepth {
		return nil, fmt.Errorf("it is nested too deep")
	}
	defer func() { p.depth-- }()
	return p.chain(p.and, "or")
}

func (p *sqlParser) and() (*sqlNode, error) { return p.chain(p.not, "and") }

func (p *sqlParser) not() (*sqlNode, error) {
	nots := 0
	for {
		if _, ok := p.next("not"); !ok {
			break
		}
		nots++
	}
	n, err := p.comparison()
	if err == nil && nots%2 == 1 {
		n = call("not", n)
	}
	return n, err
}

func (p *sqlParser) comparison() (*sqlNode, error) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	if _, ok := p.next("is"); ok {
		name := "is null"
		if _, ok := p.next("not"); ok {
			name = "is not null"
		}
		return call(name, left), p.want("null")
	}
	mark, ok := p.next("=", "==", "<=", ">=", "<>", "!=", "<", ">")
	if !ok {
		return left, nil
	}
	right, err := p.sum()
	if mark == "==" {
		mark = "="
	}
	return call(mark, left, right), err
}

func (p *sqlParser) sum() (*sqlNode, error) { return p.chain(p.product, "-", "+") }

func (p *sqlParser) product() (*sqlNode, error) { return p.chain(p.value, "*", "/") }

// value reads a literal, a column, a call or what is in brackets, and casts behind it.
func (p *sqlParser) value() (*sqlNode, error) {
	n, err := p.bare()
	for err == nil {
		if _, ok := p.next("::"); !ok {
			return n, nil
		}
		err = p.typeName()
	}
	return nil, err
}

func (p *sqlParser) bare() (*sqlNode, error) {
	if _, ok := p.next("("); ok {
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		return n, p.want(")")
	}
	if _, ok := p.next("-"); ok {
		if p.at < len(p.tokens) && p.tokens[p.at].kind == sqlNumber {
			p.at++
			return &sqlNode{kind: sqlNumber, text: "-" + p.tokens[p.at-1].text}, nil
		}
		return nil, fmt.Errorf("a number is missing behind -")
	}
	if p.at >= len(p.tokens) {
		return nil, fmt.Errorf("it ends too soon")
	}
	t := p.tokens[p.at]
	p.at++
	switch {
	case t.kind == sqlText, t.kind == sqlNumber:
		return &sqlNode{kind: t.kind, text: t.text}, nil
	case t.kind == sqlCall && !isWord(t.text[0]):
		return nil, fmt.Errorf("%q is not expected", t.text)
	}
	if _, ok := p.next("("); ok && t.kind == sqlCall {
		return p.call(strings.ToLower(t.text))
	}
	return p.column(t.text)
}

// column reads a name and, behind a dot, the column of a table: l.name is name_l.
func (p *sqlParser) column(name string) (*sqlNode, error) {
	if _, ok := p.next("."); !ok {
		return &sqlNode{kind: sqlColumn, text: name}, nil
	}
	if p.at >= len(p.tokens) || p.tokens[p.at].kind != sqlColumn && !isWord(p.tokens[p.at].text[0]) || p.tokens[p.at].kind == sqlText {
		return nil, fmt.Errorf("a column is missing behind %q", name+".")
	}
	p.at++
	return &sqlNode{kind: sqlColumn, text: p.tokens[p.at-1].text + "_" + strings.ToLower(name)}, nil
}

// call reads a function's arguments; a cast is what it casts.
func (p *sqlParser) call(name string) (*sqlNode, error) {
	n := call(name)
	if _, ok := p.next(")"); ok {
		return n, nil
	}
	for {
		arg, err := p.or()
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, arg)
		if name == "cast" || name == "try_cast" {
			if err := p.want("as"); err != nil {
				return nil, err
			}
			if err := p.typeName(); err != nil {
				return nil, err
			}
			return arg, p.want(")")
		}
		if _, ok := p.next(","); ok {
			continue
		}
		return n, p.want(")")
	}
}

// typeName reads over a type, such as varchar(20).
func (p *sqlParser) typeName() error {
	if p.at >= len(p.tokens) || p.tokens[p.at].kind != sqlCall || !isWord(p.tokens[p.at].text[0]) {
		return fmt.Errorf("a type is missing")
	}
	p.at++
	if _, ok := p.next("("); !ok {
		return nil
	}
	for p.at < len(p.tokens) {
		if _, ok := p.next(")"); ok {
			return nil
		}
		p.at++
	}
	return fmt.Errorf("a bracket is not closed")
}
