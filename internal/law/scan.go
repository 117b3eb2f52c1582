package law

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
)

// Scan gathers the codes that the source gives to faults and verdicts: constants of
// type errs.Code, what is passed to errs.New and errs.Wrap and to functions with a
// parameter of type errs.Code, and what records are quarantined, discarded or settled
// under.
type Scan struct {
	consts map[string]string          // package name and constant: its text
	takers map[string]map[int]bool    // package path and function: parameters that are codes
	found  map[string]map[string]bool // code: files
	calls  []call
}

type call struct {
	pkg, path, file string
	args            []ast.Expr
	name            string // of the function
	local           bool   // it is one of the package's own
}

// NewScan starts without anything seen.
func NewScan() *Scan {
	return &Scan{consts: map[string]string{}, takers: map[string]map[int]bool{}, found: map[string]map[string]bool{}}
}

// Add looks at one file of the package at path.
func (s *Scan) Add(path, name string, file *ast.File) {
	pkg := file.Name.Name
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.CONST {
				s.constants(pkg, name, d)
			}
		case *ast.FuncDecl:
			s.takes(path, d.Name.Name, d.Type)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt: // a closure that is given a code
			for i, r := range n.Rhs {
				if f, ok := r.(*ast.FuncLit); ok && i < len(n.Lhs) {
					if id, ok := n.Lhs[i].(*ast.Ident); ok {
						s.takes(path, id.Name, f.Type)
					}
				}
			}
		case *ast.CallExpr:
			c := call{pkg: pkg, path: path, file: name, args: n.Args}
			switch f := n.Fun.(type) {
			case *ast.Ident:
				c.name, c.local = f.Name, true
			case *ast.SelectorExpr:
				c.name, c.local = f.Sel.Name, true
				if x, ok := f.X.(*ast.Ident); ok && x.Name == "errs" && (c.name == "New" || c.name == "Wrap") {
					c.name, c.local = "errs."+c.name, false
				}
			}
			s.calls = append(s.calls, c)
		}
		return true
	})
}

func (s *Scan) constants(pkg, name string, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		typed := isCode(v.Type)
		for i, id := range v.Names {
			if i >= len(v.Values) {
				continue
			}
			value := v.Values[i]
			if c, ok := value.(*ast.CallExpr); ok && len(c.Args) == 1 && isCode(c.Fun) {
				value, typed = c.Args[0], true
			}
			if text, ok := literal(value); ok {
				s.consts[pkg+"."+id.Name] = text
				if typed || regexp.MustCompile(`^[cC]ode[A-Z]`).MatchString(id.Name) {
					s.note(text, name)
				}
			}
		}
	}
}

// takes remembers which parameters of a function are codes.
func (s *Scan) takes(path, name string, f *ast.FuncType) {
	at := 0
	for _, p := range f.Params.List {
		for range max(1, len(p.Names)) {
			if isCode(p.Type) {
				key := path + "." + name
				if s.takers[key] == nil {
					s.takers[key] = map[int]bool{}
				}
				s.takers[key][at] = true
			}
			at++
		}
	}
}

func isCode(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == "errs" && sel.Sel.Name == "Code"
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

func (s *Scan) note(code, file string) {
	if !regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`).MatchString(code) {
		return
	}
	if s.found[code] == nil {
		s.found[code] = map[string]bool{}
	}
	s.found[code][file] = true
}

// Codes gives every code that was seen, sorted, with the files that give it.
func (s *Scan) Codes() map[string][]string {
	verdicts := map[string]int{"Quarantine": 0, "Discard": 0, "Settle": 1}
	for _, c := range s.calls {
		for i, arg := range c.args {
			at, verdict := verdicts[c.name]
			switch {
			case !c.local && i == 0:
			case c.local && verdict && i == at:
			case c.local && s.takers[c.path+"."+c.name][i]:
			default:
				continue
			}
			if text, ok := s.resolve(c.pkg, arg); ok {
				s.note(text, c.file)
			}
		}
	}
	all := map[string][]string{}
	for code, files := range s.found {
		for f := range files {
			all[code] = append(all[code], f)
		}
		slices.Sort(all[code])
	}
	return all
}

// resolve gives the text of a literal, of a constant, or of a conversion of either.
func (s *Scan) resolve(pkg string, e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return literal(e)
	case *ast.Ident:
		text, ok := s.consts[pkg+"."+e.Name]
		return text, ok
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			text, ok := s.consts[x.Name+"."+e.Sel.Name]
			return text, ok
		}
	case *ast.CallExpr:
		if len(e.Args) == 1 {
			return s.resolve(pkg, e.Args[0])
		}
	}
	return "", false
}
